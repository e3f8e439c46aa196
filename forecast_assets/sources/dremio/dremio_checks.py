"""Judging the rows of one source and market in Dremio: the contract's conditions, asked where the rows are.

The counterpart of ``sources/landing/row_checks.py``. One statement counts all conditions; rows are fetched only for
those that are met. A table has no row numbers and no files: rows are named by their keys, and a repeated key is always
a problem.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forecast_assets.sources.dremio.dremio_client import DremioClient
from forecast_assets.sources.dremio.dremio_rows import month_of_period, period_of, typed_rows
from forecast_assets.sources.landing.cell_checks import CELLS_SHOWN, CellCheck, cell_checks, empty
from forecast_assets.sources.landing.contract import Source
from forecast_assets.sources.landing.errors import ROWS_SHOWN, LandingProblem
from forecast_assets.sources.landing.files import LandingFile
from forecast_assets.sources.landing.row_checks import Scope
from forecast_assets.sources.sql.project import month_start, translated

AGAIN = "in the table, or in what fills it"


def table_problems(
    client: DremioClient, source: Source, table: LandingFile, market: str, scope: Scope
) -> list[LandingProblem]:
    """All problems of a market's rows in the scope."""
    checker = _Checker(client, source, table, market, scope)
    problems = [*checker.cells(), *checker.duplicates(), *checker.disagreements()]
    return sorted(problems, key=lambda problem: (problem.column or "", problem.rows))


@dataclass(frozen=True)
class _Checker:
    client: DremioClient
    source: Source
    table: LandingFile
    market: str
    scope: Scope

    def cells(self) -> list[LandingProblem]:
        """Rows that a condition on single rows holds for."""
        checks = cell_checks(self.source, self.scope.today, AGAIN)
        conditions = [f"{self._has_country()} AND ({check.condition})" for check in checks]
        if not self.source.country_is_optional:
            checks.append(empty(self.source.column("country"), AGAIN))
            conditions.append(f"NOT {self._has_country()}")
        sums = [f"SUM(CASE WHEN {each} THEN 1 ELSE 0 END) AS n{place}" for place, each in enumerate(conditions)]
        (counts,) = self._query(f"SELECT {', '.join(sums)} FROM ({self._judged()}) AS judged")
        return [
            self._cell_problem(check, conditions[place], int(counts[f"n{place}"]))
            for place, check in enumerate(checks)
            if counts[f"n{place}"]
        ]

    def duplicates(self) -> list[LandingProblem]:
        """Keys with more than one row; rows of single days may repeat and are summed."""
        if self.source.is_fact and not self._has("month"):
            return []
        keys = ", ".join("COALESCE(country, '')" if name == "country" else name for name in self.source.key)
        names = ", ".join("COALESCE(country, '') AS country" if name == "country" else name for name in self.source.key)
        where = " AND date IS NULL AND month IS NOT NULL" if self.source.is_fact else ""
        grouped = (
            f"SELECT {names}, COUNT(*) AS n FROM ({self._judged()}) AS judged WHERE {self._has_country()}{where} "
            f"GROUP BY {keys} HAVING COUNT(*) > 1"
        )
        (found,) = self._query(f"SELECT COUNT(*) AS n, SUM(n) AS row_count FROM ({grouped}) AS repeated")
        if not found["n"]:
            return []
        order = ", ".join(self.source.key)
        shown = self._query(f"SELECT * FROM ({grouped}) AS repeated ORDER BY {order} LIMIT {ROWS_SHOWN}")
        names = tuple(_named(row, self.source.key) for row in shown)
        step = "keep one row per key"
        if self.source.is_fact:
            step += "; if the rows are daily or transactions, name the column date and they are summed"
        what = f"{found['n']} key{'s' if found['n'] != 1 else ''} more than once"
        return [self._problem(f"one row per {order}", what, step, None, names, int(found["n"]))]

    def disagreements(self) -> list[LandingProblem]:
        """Months whose sum over days is another than their row for the month."""
        if not (self.source.is_fact and self._has("month") and self._has("date")):
            return []
        rows = f"FROM ({self._judged()}) AS judged WHERE {self._has_country()}"
        of_day = month_start("date")
        differing = (
            "SELECT monthly.sku, monthly.month, monthly.total AS monthly_units, daily.total AS daily_units FROM ("
            f"SELECT sku, month, SUM(units) AS total {rows} AND date IS NULL GROUP BY sku, month) AS monthly "
            f"INNER JOIN (SELECT sku, {of_day} AS month, SUM(units) AS total {rows} AND NOT date IS NULL "
            f"GROUP BY sku, {of_day}) AS daily ON monthly.sku = daily.sku AND monthly.month = daily.month "
            "WHERE ABS(monthly.total - daily.total) > 0.000000001 * (1 + ABS(monthly.total))"
        )
        shown = self._query(f"SELECT * FROM ({differing}) AS differing ORDER BY sku, month LIMIT {ROWS_SHOWN}")
        if not shown:
            return []
        (count,) = self._query(f"SELECT COUNT(*) AS n FROM ({differing}) AS differing")
        first = shown[0]
        found = f"{first['monthly_units']:.15g} for the month and {first['daily_units']:.15g} over its days"
        names = tuple(_named(row, ("sku", "month")) for row in shown)
        step = f"keep the right rows and remove the others {AGAIN}"
        return [self._problem("the same units in both", found, step, "units", names, int(count["n"]))]

    def _cell_problem(self, check: CellCheck, condition: str, count: int) -> LandingProblem:
        keys = [name for name in self.source.key if name != "month" or not self.source.is_fact]
        keys += ["period"] if self.source.is_fact else []
        columns = ", ".join(f"{period_of(self.table)} AS period" if name == "period" else name for name in keys)
        shown = self._query(
            f"SELECT {columns}, CAST({check.shown} AS VARCHAR) AS shown FROM ({self._judged()}) AS judged "
            f"WHERE {condition} ORDER BY {', '.join(keys)} LIMIT {ROWS_SHOWN}"
        )
        cells = sorted({row["shown"] for row in shown if row["shown"] is not None})[:CELLS_SHOWN]
        rows = tuple(_named(row, keys) for row in shown)
        return self._problem(
            check.expected, check.found or ", ".join(cells), check.next_step, check.column, rows, count
        )

    def _problem(
        self, expected: str, found: str, step: str, column: str | None, rows: tuple[str, ...], count: int
    ) -> LandingProblem:
        return LandingProblem(self.table.relative, expected, found, step, column, rows, count)

    def _judged(self) -> str:
        """The rows that are judged: facts of the months asked for, and what cannot be assigned to a month."""
        if self.source.is_fact:
            period, month = period_of(self.table), month_of_period(self.table)
            scope = f"{period} IS NULL OR {month} BETWEEN $first_month AND $last_month OR {period} > $today"
        else:
            scope = f"known_from IS NULL OR {month_start('known_from')} <= $last_month"
        return f"SELECT * FROM ({typed_rows(self.source, self.table)}) AS delivered WHERE {scope}"

    def _has_country(self) -> str:
        return "TRUE" if self.source.country_is_optional else "COALESCE(TRIM(country), '') <> ''"

    def _has(self, column: str) -> bool:
        return column in self.table.column_names

    def _query(self, sql: str) -> list[dict[str, Any]]:
        values = {
            "market": self.market,
            "today": self.scope.today,
            "first_month": self.scope.first_month,
            "last_month": self.scope.last_month,
        }
        return self.client.rows(translated(sql, "dremio", values))


def _named(row: Mapping[str, Any], keys: tuple[str, ...] | list[str]) -> str:
    """A row by its key, such as ``(FR, sku A-1001, 2024-06)``."""
    parts = []
    for key in keys:
        value = row[key]
        if key == "known_from" and value is None:
            continue
        text = "empty" if value is None or value == "" else str(value)
        parts.append(text if key in ("country", "period") and text != "empty" else f"{key} {text}")
    return f"({', '.join(parts)})"
