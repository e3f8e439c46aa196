"""The delivered sources as tables or views in Dremio: which exist, their columns and rows, and their problems.

The counterpart for files is ``sources/landing/folder.py``. Not here: the marts that are run on the tables (engine.py).
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from forecast_assets.sources.contract.column_types import class_of
from forecast_assets.sources.contract.columns import KINDS, Source, source_named
from forecast_assets.sources.contract.delivered_rows import NO_MONTH, CheckedMonths, Row, Values
from forecast_assets.sources.contract.expressions import (
    is_known_in_its_month,
    literal,
    month_of_period,
    period_of,
    quoted,
)
from forecast_assets.sources.contract.problems import LandingError, LandingProblem, known_later_problem
from forecast_assets.sources.contract.row_checks import row_problems
from forecast_assets.sources.contract.typed_rows import RawRows, no_rows, typed_rows
from forecast_assets.sources.dremio.client import DremioClient
from forecast_assets.sources.dremio.errors import DremioTableMissing
from forecast_assets.sources.landing.column_checks import column_problem, contract_name
from forecast_assets.sources.landing.delivered_file import TABLE, LandingFile
from forecast_assets.sources.landing.rows import attribute_columns
from forecast_assets.sources.sql.translation import translated

DIALECT = "dremio"
# Without it there is nothing to forecast. The other sources are optional: a missing table is an empty one.
REQUIRED = "sell_in"


class DremioTables:
    """The tables named like the sources below one path. Each call reads their present state."""

    def __init__(self, client: DremioClient) -> None:
        self.client = client

    def table(self, source: str) -> LandingFile | None:
        """Return a source's table with its columns; None without one, or without one that the user may see.

        Raises:
            DremioError: If Dremio rejects the query.
        """
        names = [*self.client.settings.parts, source]
        table = LandingFile(quoted(names), ".".join(names), TABLE)
        try:
            with self.client.stream(translated(f"SELECT * FROM {table.path} LIMIT 0", DIALECT)) as stream:
                columns = tuple(
                    (contract_name(field.name), field.name, class_of(field.type)) for field in stream.schema
                )
                types = tuple(str(field.type) for field in stream.schema)
        except DremioTableMissing:
            return None
        table = dataclasses.replace(table, columns=columns, types=types)
        return dataclasses.replace(table, problem=column_problem(table, source_named(source)))

    def has_source(self, source: str) -> bool:
        """Return True if there is a table of the source, usable or not."""
        return self.table(source) is not None

    def rows_of(self, source: str, market: str) -> str:
        """Return a query in DuckDB's dialect for the unchecked rows of ``$market``; it has no row without a table.

        Raises:
            LandingError: If the table cannot be used as such: a column is missing, or ``sell_in`` itself.
        """
        table = self._usable(source, market)
        return table_rows(source_named(source), table) if table else no_rows(source_named(source))

    def checked_rows(
        self,
        source: str,
        market: str,
        today: pd.Timestamp,
        first_month: pd.Timestamp,
        last_month: pd.Timestamp,
    ) -> str:
        """Return the query of ``rows_of`` after the checks that the landing folder makes.

        Raises:
            LandingError: With every problem that concerns this market, naming table, column and rows.
        """
        contract, table = source_named(source), self._usable(source, market)
        if table is None:
            return no_rows(contract)
        months = CheckedMonths(today.date(), first_month.date(), last_month.date())
        if problems := row_problems(TableRows(self.client, contract, table, market), months):
            raise LandingError(source, market, problems)
        return table_rows(contract, table)

    def unknown_countries(self, source: str, known_codes: Iterable[str]) -> dict[str, int]:
        """Return rows per country code not in ``known_codes``, without empty codes."""
        table, known = self.table(source), set(known_codes)
        if table is None or table.problem or "country" not in table.column_names:
            return {}
        code = f"TRIM(CAST({_column(table, 'country')} AS VARCHAR))"
        rows = self._query(
            f"SELECT {code} AS code, COUNT(*) AS row_count FROM {table.path} WHERE {code} <> '' GROUP BY {code}",
            {},
        )
        counts = {row["code"]: int(row["row_count"]) for row in rows}
        return {code: counts[code] for code in sorted(counts) if code not in known}

    def delivered_months(self, source: str, market: str) -> list[pd.Timestamp]:
        """Return the months of which a fact source holds a row of the market, ascending."""
        table = self.table(source)
        if table is None or table.problem:
            return []
        rows = self._query(
            f"SELECT DISTINCT {month_of_period(table.column_names)} AS month "
            f"FROM ({table_rows(source_named(source), table)}) AS delivered "
            f"WHERE country = $market AND NOT {period_of(table.column_names)} IS NULL "
            f"AND {is_known_in_its_month(table.column_names)}",
            {"market": market},
        )
        return sorted(pd.Timestamp(row["month"]) for row in rows)

    def require_delivered(self, source: str, market: str, months: Sequence[pd.Timestamp]) -> None:
        """Raise ``LandingError`` for each of ``months`` in which the source holds no row of the market."""
        table = self._usable(source, market)
        have = set(self.delivered_months(source, market)) if table else set()
        absent = [month for month in months if month not in have]
        if not absent:
            return
        held = f"{min(have):%Y-%m} to {max(have):%Y-%m}" if have else "no month"
        name = table.relative if table else source
        step = f"load {source} of {market} for the month, then run the partition again"
        later = self._known_later(source, table, market) if table else {}
        problems = [
            known_later_problem(name, market, month, later[month])
            if month in later
            else LandingProblem(name, f"rows of {market} in month {month:%Y-%m}", f"no rows (it holds {held})", step)
            for month in absent
        ]
        if table:
            rows = TableRows(self.client, source_named(source), table, market)
            problems = row_problems(rows, NO_MONTH) + problems
        raise LandingError(source, market, problems)

    def _known_later(self, source: str, table: LandingFile, market: str) -> dict[pd.Timestamp, pd.Timestamp]:
        """Return the months of rows that became known after their end, each with the first day that one was known."""
        columns = table.column_names
        rows = self._query(
            f"SELECT {month_of_period(columns)} AS month, MIN(known_from) AS known_from "
            f"FROM ({table_rows(source_named(source), table)}) AS delivered "
            f"WHERE country = $market AND NOT {period_of(columns)} IS NULL AND NOT {is_known_in_its_month(columns)} "
            f"GROUP BY {month_of_period(columns)}",
            {"market": market},
        )
        return {pd.Timestamp(row["month"]): pd.Timestamp(row["known_from"]) for row in rows}

    def _usable(self, source: str, market: str) -> LandingFile | None:
        table = self.table(source)
        if table is None and source == REQUIRED:
            raise LandingError(source, market, [self._missing(source)])
        if table is not None and table.problem:
            raise LandingError(source, market, [table.problem])
        return table

    def _missing(self, source: str) -> LandingProblem:
        where = self.client.settings
        return LandingProblem(
            ".".join([*where.parts, source]),
            "a table or view with the contract's columns",
            f"none of that name at {where.address}",
            "check DREMIO_SCHEMA, and that the user of DREMIO_USER or DREMIO_TOKEN may select from it",
        )

    def _query(self, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        return self.client.rows(translated(sql, DIALECT, parameters))


@dataclasses.dataclass(frozen=True)
class TableRows:
    """The rows of one market in a table, as checks read them."""

    client: DremioClient
    source: Source
    table: LandingFile
    market: str
    are_numbered = False
    advice = "in the table, or in what fills it"

    @property
    def relation(self) -> str:
        """A query for all rows."""
        return table_rows(self.source, self.table)

    @property
    def columns(self) -> list[str]:
        """The columns of the table, in the contract's spelling."""
        return self.table.column_names

    @property
    def number_format(self) -> str:
        """How numbers are written."""
        return KINDS["number"]

    def stated_as(self, entry: str) -> str:
        """Return where the notation is stated: by the type of the column."""
        return f"a column of numbers in a view ({entry})"

    def query(self, sql: str, values: Values) -> list[Row]:
        """Return the rows of a query."""
        return self.client.rows(translated(sql, DIALECT, {**values, "market": self.market}))


def table_rows(source: Source, table: LandingFile) -> str:
    """Return a query in DuckDB's dialect for the typed rows of ``$market``, and of no country. All are one delivery."""
    cells = {name: quoted([written]) for name, written, _ in table.columns}
    classes = {name: kind for name, _, kind in table.columns}
    attributes: dict[str, str | None] = {name: cells[name] for name in attribute_columns(source, [table])}
    of_contract = {name: cells[name] for name in source.column_names if name in cells}
    return typed_rows(source, RawRows(table.path, of_contract, classes, literal(table.relative), attributes=attributes))


def _column(table: LandingFile, name: str) -> str:
    return quoted([next(written for each, written, _ in table.columns if each == name)])
