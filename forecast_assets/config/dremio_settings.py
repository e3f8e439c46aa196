"""Connection to Dremio: the ``DREMIO_*`` variables, validated once with the other settings.

Password and token are no settings: they are fetched when a connection is opened.
"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from forecast_assets.config.affects import Affects
from forecast_assets.config.group import SettingsGroup

SECRETS = ("DREMIO_PASSWORD", "DREMIO_TOKEN")
SOFTWARE_PORT, CLOUD_PORT, CLOUD_DOMAIN = 32010, 443, ".dremio.cloud"
_PART_OF_A_PATH = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')


class DremioSettings(SettingsGroup):
    """Connection to Dremio."""

    host: Annotated[str, Affects()] = Field(
        validation_alias="DREMIO_HOST",
        description="Host name of the Dremio coordinator, or `data.dremio.cloud`, without scheme and port",
    )
    port: Annotated[int, Affects()] = Field(
        default=0, ge=0, le=65_535, validate_default=True, validation_alias="DREMIO_PORT",
        description="Port of Dremio's Arrow Flight service; 0: 443 on Dremio Cloud, else 32010",
    )  # fmt: skip
    tls: Annotated[bool, Affects()] = Field(
        default=True, validation_alias="DREMIO_TLS", description="True to encrypt the connection to Dremio"
    )
    ca_file: Annotated[str, Affects()] = Field(
        default="", validation_alias="DREMIO_CA_FILE",
        description="PEM file of the authority that signed the certificate of the Dremio server",
    )  # fmt: skip
    user: Annotated[str, Affects()] = Field(
        default="", validation_alias="DREMIO_USER",
        description="User that the Dremio password or token belongs to; a token needs no user",
    )  # fmt: skip
    # The folder or space is called schema, a name that pydantic keeps for itself.
    path: Annotated[str, Affects()] = Field(
        validation_alias="DREMIO_SCHEMA",
        description="Path in Dremio to the tables or views named like the landing sources, such as `lake.sales`",
    )
    connect_seconds: Annotated[float, Affects()] = Field(
        default=20, gt=0, le=600, validation_alias="DREMIO_CONNECT_SECONDS",
        description="Seconds that the handshake with Dremio may take",
    )  # fmt: skip
    query_seconds: Annotated[float, Affects()] = Field(
        default=600, gt=0, le=7_200, validation_alias="DREMIO_QUERY_SECONDS",
        description="Seconds that a query in Dremio and the transfer of its result may take",
    )  # fmt: skip

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
        """The host and port as people write them."""
        return f"{self.host}:{self.port}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the path, without quotes."""
        return path_parts(self.path)


def path_parts(path: str) -> tuple[str, ...]:
    """Return the names in a dotted path; names in double quotes may contain dots. Empty if it is no path."""
    text, parts = path.strip(), list[str]()
    while text:
        match = _PART_OF_A_PATH.match(text)
        if not match:
            return ()
        parts.append(match[1].replace('""', '"') if match[1] else match[2].strip())
        text = text[match.end() :]
        if not text:
            return tuple(parts) if all(parts) else ()
        if not text.startswith("."):
            return ()
        text = text[1:]
    return ()
