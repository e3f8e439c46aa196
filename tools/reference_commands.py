"""The page of all commands of the command line, from the Typer application."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from forecast_assets.cli import app

PROGRAM = "forecast-assets"
HEAD = """\
<!-- Generated from the command line by `make reference`. -->
# Commands

Every command of `forecast-assets` with its arguments and options, as `--help` prints them.
"""


def render() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *(line for path, command in _commands() for line in _section(path, command))])


def _commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name, groups before their members."""
    pending = [(PROGRAM, get_command(app))]
    while pending:
        path, command = pending.pop(0)
        context = typer.Context(command)
        names = command.list_commands(context) if hasattr(command, "list_commands") else []
        if path != PROGRAM:
            yield path, command
        pending = [(f"{path} {name}", command.get_command(context, name)) for name in names] + pending


def _section(path: str, command: Any) -> list[str]:
    depth = "##" if path.count(" ") == 1 else "###"
    help_text = " ".join((command.help or "").replace("``", "`").split())
    title = path.removeprefix(f"{PROGRAM} ")
    lines = [f"{depth} {title}", "", help_text, "", "```sh", _usage(path, command), "```", ""]
    rows = [_row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if rows:
        lines += ["| argument or option | meaning | default |", "|---|---|---|", *rows, ""]
    return lines


def _usage(path: str, command: Any) -> str:
    arguments = [f"{p.name.upper()}" if p.required else f"[{p.name.upper()}]" for p in _arguments(command)]
    required = [f"{p.opts[0]} {p.name.upper()}" for p in command.params if p.param_type_name == "option" and p.required]
    subcommand = ["COMMAND"] if hasattr(command, "list_commands") else []
    return " ".join([path, *subcommand, *arguments, *required])


def _arguments(command: Any) -> list[Any]:
    return [parameter for parameter in command.params if parameter.param_type_name == "argument"]


def _row(parameter: Any) -> str:
    is_argument = parameter.param_type_name == "argument"
    name = parameter.name.upper() if is_argument else ", ".join([*parameter.opts, *parameter.secondary_opts])
    meaning = (parameter.help or "").replace("|", "\\|").replace("<", "&lt;").replace("``", "`")
    return f"| `{name}` | {meaning} | {_default(parameter)} |"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    if default is None or callable(default) or default in (False, "", (), []):
        return ""
    return f"`{default}`"
