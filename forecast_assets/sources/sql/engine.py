"""Engines that run a mart for one market and a range of months: their interface, and DuckDB on the landing folder.

Belongs here: loading sources, binding parameters, results as frames. Not here: the meaning of tables (dbt_like_sql) and
the checks of deliveries (sources/contract).
"""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.sql.project import SqlProject

if TYPE_CHECKING:
    import duckdb

ROWS_SHOWN = 10
MISSING_MONTH_RULES = ("zero", "unknown")


@dataclass(frozen=True)
class SqlTestResult:
    """A test that ran: ``row_count`` offending rows, of which ``rows`` holds the first ten."""

    name: str
    description: str
    row_count: int
    rows: pd.DataFrame

    @property
    def passed(self) -> bool:
        """True if no row offends."""
        return self.row_count == 0


class Engine(Protocol):
    """An engine for SQL. ``today`` is the last day that facts may have; no clock is read."""

    dialect: str

    def run(
        self,
        name: str,
        market: str,
        first_month: pd.Timestamp,
        last_month: pd.Timestamp,
        *,
        today: pd.Timestamp,
        missing_month: str = "zero",
    ) -> pd.DataFrame:
        """Return the mart's rows with their partition month in ``month``, sorted by month and key."""
        ...

    def run_tests(
        self,
        name: str,
        market: str,
        first_month: pd.Timestamp,
        last_month: pd.Timestamp,
        *,
        today: pd.Timestamp,
        missing_month: str = "zero",
    ) -> list[SqlTestResult]:
        """Return the results of a mart's tests, each with the rows that must not exist."""
        ...


class DuckDbEngine:
    """DuckDB on a landing folder, in memory; each call sees the present deliveries."""

    dialect = "duckdb"

    def __init__(self, landing: LandingFolder, project: SqlProject | None = None) -> None:
        self.landing = landing
        self.project = project or SqlProject()

    def source_relation(self, source: str) -> str:
        """Return the table of a source."""
        return f"landing_{source}"

    def has_known_from(self, source: str) -> bool:
        """Return True if a file of the source has the column."""
        return any("known_from" in file.column_names for file in self.landing.files(source))

    def run(
        self,
        name: str,
        market: str,
        first_month: pd.Timestamp,
        last_month: pd.Timestamp,
        *,
        today: pd.Timestamp,
        missing_month: str = "zero",
    ) -> pd.DataFrame:
        """Return the mart's rows for one market and the months first to last (both first-of-month, both included).

        Columns are those of the SQL file, dates as ``datetime64[ns]``, JSON ``attributes`` as ``attribute_<name>``
        columns. Months not delivered have no rows; a source that was never delivered is an empty one.

        Raises:
            LandingError: If a source of the mart has problems that concern the market and these months.
            ValueError: If the range is reversed or the rule for missing months unknown.
        """
        parameters = checked_parameters(market, first_month, last_month, missing_month)
        connection = self._loaded(name, market, first_month, last_month, today)
        return as_table(self._query(connection, name, parameters))

    def run_tests(
        self,
        name: str,
        market: str,
        first_month: pd.Timestamp,
        last_month: pd.Timestamp,
        *,
        today: pd.Timestamp,
        missing_month: str = "zero",
    ) -> list[SqlTestResult]:
        """Return the results of a mart's tests on the rows of ``run``. Raises as ``run`` does."""
        parameters = checked_parameters(market, first_month, last_month, missing_month)
        results = []
        connection = self._loaded(name, market, first_month, last_month, today)
        for test in self.project.tests_of(name):
            rows = self._query(connection, test, parameters)
            description = self.project.file(test).description
            results.append(SqlTestResult(test, description, len(rows), rows.head(ROWS_SHOWN)))
        return results

    def _loaded(
        self, name: str, market: str, first_month: pd.Timestamp, last_month: pd.Timestamp, today: pd.Timestamp
    ) -> "duckdb.DuckDBPyConnection":
        """Return a connection with the checked sources of the mart and its tests.

        The connection has one thread: with several, sums of decimals differ in the last digit from run to run. Equal
        deliveries must give equal tables.
        """
        sources = {source for file in [name, *self.project.tests_of(name)] for source in self.project.sources_of(file)}
        for source in sorted(sources):
            self.landing.relation(source, market, today, first_month, last_month)
        connection = self.landing.of_market(market)
        connection.execute("SET threads = 1")
        return connection

    def _query(self, connection: "duckdb.DuckDBPyConnection", name: str, parameters: dict[str, Any]) -> pd.DataFrame:
        bound = {parameter: parameters[parameter] for parameter in self.project.parameters_of(name)}
        return connection.execute(self.project.render(name, self), bound).df()


def as_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return an engine's result in the form of all tables: ns dates, attribute columns, sorted by month and key.

    An attribute without a value in any row has no column: rows that are not visible yet bring none.
    """
    dates = [column for column in frame.columns if column.endswith("month")]
    table = frame.assign(**{column: pd.to_datetime(frame[column]).astype("datetime64[ns]") for column in dates})
    if "attributes" in table:
        table = _with_attributes(table)
    key = [name for name in ("month", "sku", "restated_month", "target_month", "promotion_month") if name in table]
    return table.sort_values(key, ignore_index=True)


def _with_attributes(table: pd.DataFrame) -> pd.DataFrame:
    """Replace the JSON column by one text column per attribute; equal texts are parsed once."""
    codes, texts = pd.factorize(table["attributes"])
    parsed = pd.DataFrame([json.loads(text, strict=False) for text in texts], dtype=object).dropna(axis=1, how="all")
    parsed = parsed.reindex(columns=sorted(parsed.columns))
    columns = [attribute_column(name) for name in parsed.columns]
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        same = [name for name in parsed.columns if attribute_column(name) in twice]
        raise ValueError(f"product columns {', '.join(same)} would all be named {', '.join(twice)}: rename all but one")
    expanded = parsed.set_axis(columns, axis=1).astype(object).reindex(codes).set_axis(table.index)
    return table.drop(columns="attributes").join(expanded.replace({np.nan: None}))


def attribute_column(name: str) -> str:
    """Return the column of an attribute: ``Pack size (ml)`` becomes ``attribute_pack_size_ml``."""
    return "attribute_" + re.sub(r"\W+", "_", name.lower()).strip("_")


def checked_parameters(
    market: str, first_month: pd.Timestamp, last_month: pd.Timestamp, missing_month: str
) -> dict[str, Any]:
    """Return the values that SQL files bind. Raises ``ValueError`` if the months or the rule cannot be used."""
    if missing_month not in MISSING_MONTH_RULES:
        raise ValueError(f"missing_month is {missing_month!r}; known: {', '.join(MISSING_MONTH_RULES)}")
    for month in (first_month, last_month):
        if month != month.normalize().replace(day=1):
            raise ValueError(f"months are first-of-month dates, got {month}")
    if first_month > last_month:
        raise ValueError(f"first_month {first_month:%Y-%m} is after last_month {last_month:%Y-%m}")
    days = {"first_month": first_month.date(), "last_month": last_month.date()}
    return {"market": market, **days, "missing_month": missing_month}
