"""What a single row must satisfy, as data: empty and uncastable cells, periods missing, disagreeing or in the future.

Belongs here: conditions on one row and their wording, run as one query. Not here: comparing rows (row_checks.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from forecast_assets.sources.landing.contract import KINDS, Column, Source
from forecast_assets.sources.landing.errors import ROWS_SHOWN, LandingProblem
from forecast_assets.sources.landing.rows import CASTABLE_KINDS

CELLS_SHOWN = 3
AGAIN = "and deliver the file again under the same name"


@dataclass(frozen=True)
class CellCheck:
    """A condition that no row may meet. ``shown`` is the SQL of what to quote from the rows, or ``found`` is said."""

    column: str
    condition: str
    expected: str
    next_step: str
    found: str = ""
    shown: str = "NULL"


def cell_checks(source: Source, today: date, again: str = AGAIN) -> list[CellCheck]:
    """All checks of a source's rows but the one for rows without a country, which has readers of its own.

    Their SQL means the same in DuckDB and Dremio. ``again`` ends what to do about a cell.
    """
    checks = [_castable(column, again) for column in source.columns if column.kind in CASTABLE_KINDS]
    checks += [empty(column, again) for column in source.columns if column.filled and column.name != "country"]
    return checks + (_period_checks(today, again) if source.is_fact else [])


def empty(column: Column, again: str = AGAIN) -> CellCheck:
    """No empty cell in a column that must be filled; what could not be cast is told elsewhere."""
    uncast = f" AND _bad_{column.name} IS NULL" if column.kind in CASTABLE_KINDS else ""
    condition = f"({column.name} IS NULL OR trim(CAST({column.name} AS VARCHAR)) = ''){uncast}"
    step = f"fill the cells {again}"
    if column.name == "units":
        step = f"write 0 where nothing was sold, or leave the row out, {again}"
    return CellCheck(column.name, condition, "a filled cell", step, found="an empty cell")


def problems_of(
    checks: list[CellCheck], rows: str, query: Callable[[str], list[tuple[Any, ...]]]
) -> list[LandingProblem]:
    """The problems that ``checks`` find in the relation ``rows``, one per check and file."""
    numbers = f"list_sort(list(_row))[:{ROWS_SHOWN}]"
    selects = [
        f"SELECT {position} AS position, _file, {numbers}, count(*), "
        f"list_sort(list_distinct(list(CAST({check.shown} AS VARCHAR))))[:{CELLS_SHOWN}] "
        f"FROM judged WHERE {check.condition} GROUP BY _file"
        for position, check in enumerate(checks)
    ]
    statement = f"WITH judged AS MATERIALIZED ({rows}) {' UNION ALL '.join(selects)} ORDER BY ALL"
    return [
        _problem(checks[position], file, lines, count, cells)
        for position, file, lines, count, cells in query(statement)
    ]


def _problem(check: CellCheck, file: str, rows: list[int], count: int, cells: list[str]) -> LandingProblem:
    found = check.found or ", ".join(cells)
    return LandingProblem(file, check.expected, found, check.next_step, check.column, tuple(rows), count)


def _castable(column: Column, again: str) -> CellCheck:
    bad = f"_bad_{column.name}"
    step = f"correct the cells {again}"
    return CellCheck(column.name, f"{bad} IS NOT NULL", KINDS[column.kind], step, shown=f"'\"' || {bad} || '\"'")


def _period_checks(today: date, again: str) -> list[CellCheck]:
    neither = "month IS NULL AND date IS NULL AND _bad_month IS NULL AND _bad_date IS NULL"
    return [
        CellCheck("month", neither, "a month or a date", f"fill month or date {again}", found="neither"),
        CellCheck(
            "month or date",
            "COALESCE(date, month) > $today",
            f"no month or date after {today:%Y-%m-%d}",
            "correct the period; plans belong in promotions or overrides, not among facts",
            shown="COALESCE(date, month)",
        ),
        CellCheck(
            "month",
            "SUBSTRING(CAST(month AS VARCHAR), 1, 7) <> SUBSTRING(CAST(date AS VARCHAR), 1, 7)",
            "date and month of a row to agree",
            f"correct the cells {again}",
            shown="CAST(date AS VARCHAR) || ' in month ' || SUBSTRING(CAST(month AS VARCHAR), 1, 7)",
        ),
    ]
