"""The SQL files of dbt_like_sql: their descriptions, their order, and the statement they become.

Belongs here: Jinja and dependencies. Not here: connections (engines have them) and other dialects (translation.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from forecast_assets.sources.contract.columns import SOURCES
from forecast_assets.sources.contract.expressions import (
    known_month,
    month_number,
    month_of_number,
    month_start,
    version_of,
)
from forecast_assets.sources.sql.translation import DIALECT, SqlProjectError, translated

if TYPE_CHECKING:
    from jinja2 import Environment, Template

FOLDERS = ("staging", "marts", "tests", "profiles")
PARAMETERS = ("market", "first_month", "last_month", "missing_month")
DEFAULT_FOLDER = Path(__file__).resolve().parents[3] / "dbt_like_sql"


class SqlDialect(Protocol):
    """An engine, as far as rendering needs it."""

    dialect: str

    def source_relation(self, source: str) -> str:
        """Return the relation that holds a source: a table name or a query in parentheses, in DuckDB's dialect."""
        ...

    def has_known_from(self, source: str) -> bool:
        """Return False if no row of a source has a ``known_from``: statements without restatements are far shorter."""
        ...


@dataclass(frozen=True)
class SqlFile:
    """One file: ``folder`` is staging, marts, tests or profiles (which checks read).

    Grain, units and description come from its first comment.
    ``body`` is the Jinja template below that comment, ``parameters`` the names it binds as ``$name``.
    """

    name: str
    folder: str
    path: Path
    body: str
    grain: str
    units: str
    description: str
    refs: tuple[str, ...]
    sources: tuple[str, ...]
    parameters: frozenset[str]


class SqlProject:
    """All SQL files below ``folder`` (default: the packaged dbt_like_sql).

    Raises:
        SqlProjectError: On loading, for an unknown file or source, a cycle, or two files of one name. Also for a file
            without grain, units and description.
    """

    def __init__(self, folder: Path | str = DEFAULT_FOLDER) -> None:
        self.folder = Path(folder)
        self.files: dict[str, SqlFile] = {}
        for path in sorted(path for kind in FOLDERS for path in (self.folder / kind).glob("*.sql")):
            if path.stem in self.files:
                raise SqlProjectError(f"two SQL files are named {path.stem}: {self.files[path.stem].path} and {path}")
            self.files[path.stem] = _load(path)
        if not self.files:
            raise SqlProjectError(f"no .sql files in {', '.join(FOLDERS)} below {self.folder}")
        for file in self.files.values():
            self._check_names(file)
        self.order  # noqa: B018 - a cycle must show on loading, not at the first run

    def file(self, name: str) -> SqlFile:
        """Return the file of a name. Raises ``SqlProjectError`` listing the known ones."""
        if name not in self.files:
            raise SqlProjectError(f"no SQL file named {name!r}; known: {', '.join(sorted(self.files))}")
        return self.files[name]

    @property
    def marts(self) -> list[str]:
        """Names of the marts."""
        return [name for name, file in self.files.items() if file.folder == "marts"]

    def tests_of(self, mart: str) -> list[str]:
        """Return the names of the tests that read a mart directly, sorted."""
        self.file(mart)
        return sorted(name for name, file in self.files.items() if file.folder == "tests" and mart in file.refs)

    @cached_property
    def order(self) -> list[str]:
        """All files, each after the files it reads."""
        done: list[str] = []
        for name in self.files:
            self._visit(name, (), done)
        return done

    def lineage(self) -> dict[str, set[str]]:
        """Return, by file, its direct inputs: other files by name, sources as ``source.<name>``."""
        return {
            name: {*file.refs, *(f"source.{source}" for source in file.sources)} for name, file in self.files.items()
        }

    def upstream(self, name: str) -> list[str]:
        """Return the files that ``name`` needs, directly or not, in order and without itself."""
        needed: list[str] = []
        self._visit(self.file(name).name, (), needed)
        return needed[:-1]

    def sources_of(self, name: str) -> list[str]:
        """Return the sources that ``name`` needs, directly or not, sorted."""
        return sorted({source for file in [*self.upstream(name), name] for source in self.files[file].sources})

    def render(self, name: str, engine: SqlDialect, parameters: Mapping[str, date | str] | None = None) -> str:
        """Return one statement for ``name``, with its inputs as common table expressions, in the engine's dialect.

        ``$market``, ``$first_month``, ``$last_month`` and ``$missing_month`` stay parameters, unless ``parameters``
        gives values: then the SQL writer makes literals of them, for engines without bound parameters. Other dialects
        than DuckDB's get every name in quotes, for ``month`` and ``date`` are reserved words in some (Dremio).
        """
        steps = [*self.upstream(name), name]
        bodies = [f"{step} AS (\n{self._body(step, engine)}\n)" for step in steps]
        statement = f"WITH {', '.join(bodies)}\nSELECT * FROM {name}"
        if engine.dialect == DIALECT and parameters is None:
            return statement
        return translated(statement, engine.dialect, parameters)

    def parameters_of(self, name: str) -> set[str]:
        """Return the parameters that a rendered statement binds."""
        return {parameter for file in [*self.upstream(name), name] for parameter in self.files[file].parameters}

    def _body(self, name: str, engine: SqlDialect) -> str:
        template = _template(self.file(name).body)
        return template.render(ref=str, source=engine.source_relation, has_known_from=engine.has_known_from)

    def _visit(self, name: str, path: tuple[str, ...], done: list[str]) -> None:
        if name in path:
            raise SqlProjectError(
                f"SQL files read each other in a circle: {' -> '.join([*path[path.index(name) :], name])}"
            )
        if name in done:
            return
        for ref in self.files[name].refs:
            self._visit(ref, (*path, name), done)
        done.append(name)

    def _check_names(self, file: SqlFile) -> None:
        readable = sorted(name for name, other in self.files.items() if other.folder != "tests")
        for ref in file.refs:
            if ref not in readable:
                raise SqlProjectError(
                    f"{file.path.name} reads ref({ref!r}), which is no file; known: {', '.join(readable)}"
                )
        for source in file.sources:
            if source not in SOURCES:
                known = ", ".join(sorted(SOURCES))
                raise SqlProjectError(f"{file.path.name} reads source({source!r}), which is no source; known: {known}")
        for parameter in sorted(file.parameters - set(PARAMETERS)):
            raise SqlProjectError(
                f"{file.path.name} binds ${parameter}, which is no parameter; known: {', '.join(PARAMETERS)}"
            )


_PARAMETER = re.compile(r"\$([a-z_]+)")
_READ = re.compile(r"""\b(ref|source)\(\s*['"]([^'"]+)['"]\s*\)""")
_COMMENT = re.compile(r"(grain|units|description):\s*(.*)")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, autoescape=False)  # nosec B701: renders SQL, not HTML
    for expression in (known_month, month_number, month_of_number, month_start, version_of):
        environment.globals[expression.__name__] = expression
    return environment


@cache
def _template(body: str) -> "Template":
    """Compile a file once a process: a run renders each some five times, at 13 ms."""
    return _environment().from_string(body)


def _load(path: Path) -> SqlFile:
    text = path.read_text(encoding="utf-8")
    comment = _first_comment(text)
    missing = [part for part in ("grain", "units", "description") if part not in comment]
    if missing:
        parts = "'-- grain:', '-- units:', '-- description:'"
        raise SqlProjectError(f"{path} must open with comments {parts}; missing: {', '.join(missing)}")
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    named: dict[str, dict[str, None]] = {"ref": {}, "source": {}}
    for kind, name in _READ.findall(body):
        named[kind][name] = None
    parameters = frozenset(_PARAMETER.findall(body))
    return SqlFile(
        path.stem,
        path.parent.name,
        path,
        body,
        **comment,
        refs=tuple(named["ref"]),
        sources=tuple(named["source"]),
        parameters=parameters,
    )


def _first_comment(template: str) -> dict[str, str]:
    """Return the parts of a file's first comment; a part continues over further comment lines."""
    parts: dict[str, str] = {}
    part = ""
    for line in template.splitlines():
        if not line.startswith("--"):
            break
        text = line[2:].strip()
        if match := _COMMENT.match(text):
            part, text = match[1], match[2]
        if part:
            parts[part] = f"{parts.get(part, '')} {text}".strip()
    return parts
