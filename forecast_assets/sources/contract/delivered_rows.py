"""Rows of one source and market that can be queried: in DuckDB as read from files, or in Dremio.

Belongs here: the interface for checks. Not here: the checks themselves (row_checks.py, contradictions.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from forecast_assets.sources.contract.columns import Source
from forecast_assets.sources.contract.expressions import known_month, month_of_period, month_start, period_of

# Systems write "no end" as a month of this year or later, such as 9999-12.
NEVER = 2200
Values = Mapping[str, date]
Row = dict[str, Any]


class DeliveredRows(Protocol):
    """The typed rows of one source and market."""

    @property
    def source(self) -> Source:
        """The contract of the source."""
        ...

    @property
    def relation(self) -> str:
        """The query that ``typed_rows`` gives, or one for a table of its result."""
        ...

    @property
    def columns(self) -> Collection[str]:
        """Delivered columns, in the contract's spelling."""
        ...

    @property
    def are_numbered(self) -> bool:
        """True for files. A table has no order: its rows are named by their keys, and it is one delivery."""
        ...

    @property
    def advice(self) -> str:
        """The end of a problem's next step."""
        ...

    @property
    def number_format(self) -> str:
        """How numbers are written, as in ``a number with a decimal point``."""
        ...

    def stated_as(self, entry: str) -> str:
        """Return where an entry of the market's notation is stated, as in ``FR: {decimal: ","} in <file>``."""
        ...

    def query(self, sql: str, values: Values) -> list[Row]:
        """Return the result of a query in DuckDB's dialect that binds ``values`` by name."""
        ...


@dataclass(frozen=True)
class CheckedMonths:
    """Months whose rows are checked: a bad month must not fail the good ones. No fact may lie after ``today``."""

    today: date
    first_month: date
    last_month: date

    @property
    def values(self) -> Values:
        """The parameters that queries bind."""
        return {"today": self.today, "first_month": self.first_month, "last_month": self.last_month}


NO_MONTH = CheckedMonths(date.max, date.max, date.min)
"""No month: of facts, only the rows that belong to no month are checked."""


def rows_of_months(rows: DeliveredRows) -> str:
    """Return a query for the rows that the checked months are the first to know, and the rows that belong to none."""
    if rows.source.is_fact:
        period, month = period_of(rows.columns), month_of_period(rows.columns)
        known = known_month("known_from", month)
        condition = f"{period} IS NULL OR {known} BETWEEN $first_month AND $last_month OR {period} > $today"
    else:
        condition = f"known_from IS NULL OR {month_start('known_from')} <= $last_month"
    # A row that is known from no usable date would never be checked.
    condition += f" OR _bad_known_from IS NOT NULL OR EXTRACT(YEAR FROM known_from) >= {NEVER}"
    return f"SELECT * FROM ({rows.relation}) AS delivered WHERE {condition}"


def names_country(source: Source) -> str:
    """Return the condition that a row names its country, where the source demands one."""
    return "TRUE" if source.country_is_optional else "COALESCE(TRIM(country), '') <> ''"


def key_text(source: Source) -> str:
    """Return the expression that names a row by its key, such as ``sku A-1001, month 2024-06``."""
    parts = [
        f"'{name} ' || COALESCE({_shown(name)}, 'empty')"
        for name in source.key
        if name not in ("country", "known_from")
    ]
    known_from = "CASE WHEN known_from IS NULL THEN '' ELSE ', known_from ' || CAST(known_from AS VARCHAR) END"
    return " || ', ' || ".join(parts) + f" || {known_from}"


def row_name(row: Row, keys: Collection[str]) -> str:
    """Return the name of a table's row, such as ``(FR, sku A-1001, 2024-06)``."""
    parts = []
    for key in keys:
        value = row[key]
        if key == "known_from" and value is None:
            continue
        text = "empty" if value is None or value == "" else str(value)
        parts.append(text if key in ("country", "period") and text != "empty" else f"{key} {text}")
    return f"({', '.join(parts)})"


def _shown(name: str) -> str:
    text = f"CAST({name} AS VARCHAR)"
    return f"SUBSTRING({text}, 1, 7)" if name.endswith("month") else text
