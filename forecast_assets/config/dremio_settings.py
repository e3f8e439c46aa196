"""Where Dremio is and how it is asked: the ``DREMIO_*`` variables, validated once with the other settings.

Password and token are no settings: they are fetched when a connection is made.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

PREFIX = "DREMIO_"
SECRETS = ("DREMIO_PASSWORD", "DREMIO_TOKEN")
SOFTWARE_PORT, CLOUD_PORT, CLOUD_DOMAIN = 32010, 443, ".dremio.cloud"
_PART_OF_A_PATH = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')


class DremioSettings(BaseModel):
    """How Dremio is reached. Times are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(description="Name of the coordinator, or data.dremio.cloud, without scheme and port")
    port: int = Field(
        default=0, ge=0, le=65_535, validate_default=True,
        description="Of Arrow Flight; 0: 443 on Dremio Cloud, else 32010",
    )  # fmt: skip
    tls: bool = Field(default=True, description="Whether the connection is encrypted")
    ca_file: str = Field(default="", description="PEM file of the authority that signed the server's certificate")
    user: str = Field(default="", description="Whose password or token it is; a token needs none")
    path: str = Field(description="Where the tables or views named like the landing sources are, such as lake.sales")
    connect_seconds: float = Field(default=20, gt=0, le=600, description="How long the handshake may take")
    query_seconds: float = Field(default=600, gt=0, le=7_200, description="How long a query and its result may take")

    @field_validator("host")
    @classmethod
    def _name_alone(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", value):
            raise ValueError("expected a host name alone, like dremio.example.com; the port goes into DREMIO_PORT")
        return value

    @field_validator("port")
    @classmethod
    def _port_of_the_edition(cls, value: int, info: ValidationInfo) -> int:
        is_cloud = str(info.data.get("host", "")).endswith(CLOUD_DOMAIN)
        return value or (CLOUD_PORT if is_cloud else SOFTWARE_PORT)

    @field_validator("ca_file")
    @classmethod
    def _file_is_there(cls, value: str) -> str:
        if value and not Path(value).is_file():
            raise ValueError("expected a PEM file that exists and can be read")
        return value

    @field_validator("path")
    @classmethod
    def _parts_of_names(cls, value: str) -> str:
        if not path_parts(value):
            raise ValueError('expected a path like lake.sales, or "my lake".sales with quotes around odd names')
        return value

    @property
    def address(self) -> str:
        """Host and port as people write them."""
        return f"{self.host}:{self.port}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the path, without quotes."""
        return path_parts(self.path)


VARIABLES = {"DREMIO_SCHEMA" if name == "path" else PREFIX + name.upper(): name for name in DremioSettings.model_fields}
"""Variable -> field: the folder or space is called schema, a name that pydantic keeps for itself."""


def path_parts(path: str) -> tuple[str, ...]:
    """The names in a dotted path; names in double quotes may hold dots. Empty where the path is none."""
    text, parts = path.strip(), list[str]()
    while text:
        found = _PART_OF_A_PATH.match(text)
        if not found:
            return ()
        parts.append(found[1].replace('""', '"') if found[1] else found[2].strip())
        text = text[found.end() :]
        if not text:
            return tuple(parts) if all(parts) else ()
        if not text.startswith("."):
            return ()
        text = text[1:]
    return ()


def dremio_values(environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The fields that ``DREMIO_*`` variables give, and the variables that look misspelt, each with the one meant.

    Others that begin alike are left alone: Dremio's own tools have some.
    """
    values = {VARIABLES[name]: value for name, value in environment.items() if name in VARIABLES and value != ""}
    known = [*VARIABLES, *SECRETS]
    problems = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            problems += [f"{name}: unknown. Did you mean {close[0]}? Known: {', '.join(known)}"] if close else []
    return values, problems
