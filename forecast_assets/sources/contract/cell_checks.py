"""Conditions on single rows, as data: empty or unreadable cells; periods missing, in conflict or in the future.

Belongs here: the conditions and their wording. Not here: the queries, and comparisons between rows (row_checks.py).
"""

from dataclasses import dataclass
from datetime import date

from forecast_assets.sources.contract.columns import CASTABLE_KINDS, KINDS, Column, Source


@dataclass(frozen=True)
class CellCheck:
    """A condition that no row may meet.

    The message quotes ``found``, or, where that is empty, cells by the SQL expression ``shown``.
    """

    column: str
    condition: str
    expected: str
    next_step: str
    found: str = ""
    shown: str = "NULL"


def cell_checks(source: Source, today: date, advice: str) -> list[CellCheck]:
    """Return the checks of rows that name a country.

    Args:
        source: The contract of the source.
        today: The last day that facts may have, ``$today`` in the conditions.
        advice: Ends the next step, such as ``and deliver the file again under the same name``.
    """
    checks = [_castable(column, advice) for column in source.columns if column.kind in CASTABLE_KINDS]
    checks += [empty_cells(column, advice) for column in source.columns if column.filled and column.name != "country"]
    return checks + (_period_checks(today, advice) if source.is_fact else [])


def empty_cells(column: Column, advice: str) -> CellCheck:
    """Return the check of a column that must be filled. Cells that could not be cast are reported by another one."""
    uncast = f" AND _bad_{column.name} IS NULL" if column.kind in CASTABLE_KINDS else ""
    condition = f"({column.name} IS NULL OR TRIM(CAST({column.name} AS VARCHAR)) = ''){uncast}"
    step = f"fill the cells {advice}"
    if column.name == "units":
        step = f"write 0 where nothing was sold, or leave the row out, {advice}"
    return CellCheck(column.name, condition, "a filled cell", step, found="an empty cell")


def _castable(column: Column, advice: str) -> CellCheck:
    bad = f"_bad_{column.name}"
    step = f"correct the cells {advice}"
    return CellCheck(column.name, f"{bad} IS NOT NULL", KINDS[column.kind], step, shown=f"'\"' || {bad} || '\"'")


def _period_checks(today: date, advice: str) -> list[CellCheck]:
    neither = "month IS NULL AND date IS NULL AND _bad_month IS NULL AND _bad_date IS NULL"
    return [
        CellCheck("month", neither, "a month or a date", f"fill month or date {advice}", found="neither"),
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
            f"correct the cells {advice}",
            shown="CAST(date AS VARCHAR) || ' in month ' || SUBSTRING(CAST(month AS VARCHAR), 1, 7)",
        ),
    ]
