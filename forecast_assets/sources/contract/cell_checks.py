"""Conditions on single rows, as data: empty or unreadable cells; periods missing, in conflict or in the future.

Belongs here: the conditions and their wording. Not here: the queries, and comparisons between rows (row_checks.py).
"""

from dataclasses import dataclass
from datetime import date

from forecast_assets.sources.contract.columns import CASTABLE_KINDS, KINDS, Column
from forecast_assets.sources.contract.delivered_rows import NEVER, DeliveredRows
from forecast_assets.sources.contract.stated_notation import PERCENT

# Every character but invisible ones: controls, soft hyphens, zero-width and bidirectional marks. Joiners stay, as
# emoji and some scripts need them. Without escapes: engines write those of regular expressions differently.
_SEEN = " -~\u00a0-\u00ac\u00ae-\u200a\u200c\u200d\u2010-\u2027\u202f-\u205f\u2070-\ufefe\uff00-\U0010ffff"


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


def cell_checks(rows: DeliveredRows, today: date) -> list[CellCheck]:
    """Return the checks of rows that name a country.

    Args:
        rows: The delivered rows, with what ends a next step.
        today: The last day that facts may have, ``$today`` in the conditions.
    """
    source, advice = rows.source, rows.advice
    checks = [_castable(column, rows) for column in source.columns if column.kind in CASTABLE_KINDS]
    checks += [empty_cells(column, advice) for column in source.columns if column.filled and column.name != "country"]
    checks += [_broken_key(column, advice) for column in source.columns if column.kind == "key"]
    checks += [_unseen_in_key(column, advice) for column in source.columns if column.kind == "key"]
    shares = [column for column in source.columns if column.share]
    checks += [check for column in shares for check in (_mixed_share(column, rows), _whole_share(column, advice))]
    checks += [_far_date(each, advice) for each in source.columns if each.filled and each.kind == "month"]
    checks += [_far_date(each, advice) for each in source.columns if each.name == "known_from"]
    return checks + (_period_checks(today, advice) if source.is_fact else [])


def empty_cells(column: Column, advice: str) -> CellCheck:
    """Return the check of a column that must be filled. Cells that could not be cast are reported by another one."""
    uncast = f" AND _bad_{column.name} IS NULL" if column.kind in CASTABLE_KINDS else ""
    condition = f"({column.name} IS NULL OR TRIM(CAST({column.name} AS VARCHAR)) = ''){uncast}"
    step = f"fill the cells {advice}"
    if column.name == "units":
        step = f"write 0 where nothing was sold, or leave the row out, {advice}"
    return CellCheck(column.name, condition, "a filled cell", step, found="an empty cell")


def _castable(column: Column, rows: DeliveredRows) -> CellCheck:
    bad = f"_bad_{column.name}"
    step = f"correct the cells {rows.advice}"
    expected = rows.number_format if column.kind == "number" else KINDS[column.kind]
    expected += f"; at most 1, or 100 as a stated {PERCENT}" if column.share else ""
    return CellCheck(column.name, f"{bad} IS NOT NULL", expected, step, shown=f"'\"' || {bad} || '\"'")


def _broken_key(column: Column, advice: str) -> CellCheck:
    """Return the check of a key with a line break: quotes that do not match have made one cell of several lines."""
    name = column.name
    return CellCheck(
        name,
        f"{name} LIKE '%\n%' OR {name} LIKE '%\r%'",
        "a code on one line",
        f"look for a double quote that is not closed, correct the cells {advice}",
        found="a line break in a cell",
    )


def _unseen_in_key(column: Column, advice: str) -> CellCheck:
    """Return the check of a key with a character that nobody sees: it would be another key than the same text."""
    name = column.name
    return CellCheck(
        name,
        f"REGEXP_MATCHES({name}, '[^{_SEEN}]') AND {name} NOT LIKE '%\n%' AND {name} NOT LIKE '%\r%'",
        "a code of visible characters",
        f"remove tabs, zero-width and control characters from the code {advice}",
        found="an invisible character in a cell",
    )


def _mixed_share(column: Column, rows: DeliveredRows) -> CellCheck:
    """Return the check of values that could be percentages, such as 0.5 % beside 25 %, or fractions."""
    name = column.name
    return CellCheck(
        name,
        f"{name} > 0 AND {name} <= 1 AND _largest_{name} > 1",
        "fractions alone (0.25 for 25 %), or percentages above 1 alone",
        f"write {name} as fractions in every row {rows.advice}; or state that all are percentages: "
        f"{rows.stated_as(f'{name}: {PERCENT}')}",
        shown=f"CAST({name} AS VARCHAR) || ' beside ' || CAST(_largest_{name} AS VARCHAR)",
    )


def _whole_share(column: Column, advice: str) -> CellCheck:
    """Return the check of values of exactly 1 where no value is above: 100 % as a fraction, or 1 %."""
    name = column.name
    return CellCheck(
        name,
        f"{name} = 1 AND _largest_{name} <= 1",
        "fractions below 1, or percentages of which one is above 1",
        f"write 0.01 for 1 %, or all values as percentages {advice}",
        found="1, which is 1 % or 100 %",
    )


def _far_date(column: Column, advice: str) -> CellCheck:
    name, length = column.name, 7 if column.kind == "month" else 10
    return CellCheck(
        name,
        f"EXTRACT(YEAR FROM {name}) >= {NEVER}",
        f"a {'month' if column.kind == 'month' else 'date'} before {NEVER}",
        f"correct the cells {advice}",
        shown=f"SUBSTRING(CAST({name} AS VARCHAR), 1, {length})",
    )


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
