"""Reader of ``deploy/compose.yaml``: its services with variables filled in, as Compose itself would have them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "deploy" / "compose.yaml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<operator>:?[-?])(?P<default>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service.

    Attributes:
        command: Its command; empty: that of the image.
        environment: Its variables.
        volumes: ``source:inside`` or ``source:inside:ro``; a source without a slash is a named volume.
        health: Command of its health check; empty: it has none.
        depends_on: Names of services, each with the condition to wait for.
        runs_platform: True if it runs the platform's image.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    volumes: list[str]
    health: list[str]
    depends_on: dict[str, str]
    runs_platform: bool
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_services(variables: Mapping[str, str], file: Path = FILE) -> dict[str, Service]:
    """Return the services by name.

    Raises:
        ValueError: If a variable is required and not set.
    """
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: _service(name, _filled(each, variables)) for name, each in content["services"].items()}


def fill_in(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with each ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?}`` replaced."""

    def value(found: re.Match[str]) -> str:
        name, operator, default = found["name"], found["operator"] or "-", found["default"] or ""
        is_missing = not variables.get(name) if operator.startswith(":") else name not in variables
        if is_missing and operator.endswith("?"):
            raise ValueError(f"{name} is not set, and {FILE.name} requires it")
        return default if is_missing else variables[name]

    return VARIABLE.sub(value, text)


def _filled(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, str):
        return fill_in(node, variables)
    if isinstance(node, list):
        return [_filled(each, variables) for each in node]
    if isinstance(node, dict):
        return {name: _filled(each, variables) for name, each in node.items()}
    return node


def _service(name: str, content: dict[str, Any]) -> Service:
    return Service(
        name=name,
        command=[str(each) for each in content.get("command", [])],
        environment={key: str(value) for key, value in content.get("environment", {}).items()},
        volumes=content.get("volumes", []),
        health=[str(each) for each in content.get("healthcheck", {}).get("test", [])[1:]],
        depends_on={each: how["condition"] for each, how in content.get("depends_on", {}).items()},
        runs_platform="read_only" in content,
        extra=content,
    )
