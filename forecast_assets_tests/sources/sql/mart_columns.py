"""The columns that a SQL file's result has, by its text."""

import sqlglot

from forecast_assets.sources.sql import SqlProject


class _Names:
    """An engine as far as rendering needs it: a source is read by its name."""

    dialect = "duckdb"

    def source_relation(self, source: str) -> str:
        return source

    def has_known_from(self, source: str) -> bool:
        return True


def columns_of(project: SqlProject, name: str) -> list[str]:
    """Return the columns of a file's result, in order: those of its query among the rendered ones."""
    statement = sqlglot.parse_one(project.render(name, _Names()), read=_Names.dialect)
    (query,) = [each.this for each in statement.ctes if each.alias == name]
    return query.named_selects
