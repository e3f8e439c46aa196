"""Pieces of SQL in DuckDB's dialect that sqlglot translates for every engine: names, texts, months.

Belongs here: expressions. Not here: statements (typed_rows.py, row_checks.py) and translation (sql/translation.py).
"""

from collections.abc import Collection, Iterable


def quoted(names: Iterable[str]) -> str:
    """Return a path of identifiers in quotes."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    """Return a text literal."""
    return "'" + text.replace("'", "''") + "'"


def month_number(day: str) -> str:
    """Return the months since year 0 of a date; differences of it are whole months in every dialect."""
    return f"(EXTRACT(YEAR FROM {day}) * 12 + EXTRACT(MONTH FROM {day}) - 1)"


def month_start(day: str) -> str:
    """Return the first day of a date's month. By text: sqlglot turns DATE_TRUNC into a function that Dremio lacks."""
    return f"CAST(SUBSTRING(CAST(CAST({day} AS DATE) AS VARCHAR), 1, 7) || '-01' AS DATE)"


def month_of_number(number: str) -> str:
    """Return the first day of the month with a ``month_number``."""
    year = f"CAST(FLOOR({number} / 12) AS INTEGER)"
    month = f"LPAD(CAST(CAST({number} - 12 * {year} + 1 AS INTEGER) AS VARCHAR), 2, '0')"
    return f"CAST(CAST({year} AS VARCHAR) || '-' || {month} || '-01' AS DATE)"


def version_of(known_from: str) -> str:
    """Return the date by which the versions of a row are ordered; one without ``known_from`` is the first."""
    return f"COALESCE({known_from}, CAST('0001-01-01' AS DATE))"


def known_month(known_from: str, month: str) -> str:
    """Return the first month at whose end a fact of ``month`` is known: its own without a later ``known_from``."""
    known = month_start(known_from)
    return f"CASE WHEN {known_from} IS NULL OR {known} <= {month} THEN {month} ELSE {known} END"


def period_of(columns: Collection[str]) -> str:
    """Return the date of a fact: its month, its day, or the one of both that a row has.

    Args:
        columns: The delivered columns, in the contract's spelling.
    """
    delivered = [name for name in ("date", "month") if name in columns]
    return delivered[0] if len(delivered) == 1 else "COALESCE(date, month)"


def month_of_period(columns: Collection[str]) -> str:
    """Return the first day of the month of that date."""
    period = period_of(columns)
    return "month" if period == "month" else month_start(period)


def is_known_in_its_month(columns: Collection[str]) -> str:
    """Return the condition that a fact is known at the end of its own month."""
    return f"(known_from IS NULL OR {month_start('known_from')} <= {month_of_period(columns)})"
