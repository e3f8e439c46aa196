"""Notation of numbers: thousands that look like decimals, and percentages beside fractions.

A point may separate thousands or decimals. ``1.250`` beside ``950`` is 1250 or 1.25, and only other cells of the file
tell which. A file in which they do not is refused, unless its notation is stated (stated_notation.py). Belongs here:
the marks of single cells and the problems of files.
"""

from collections.abc import Iterable

from forecast_assets.sources.contract.columns import Column, Source
from forecast_assets.sources.contract.delivered_rows import DeliveredRows, Row
from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.sources.contract.stated_notation import entry_of

THOUSANDS, DECIMAL = "thousands", "decimal"
_THOUSANDS = "^[+-]?[1-9][0-9]{0,2}[.][0-9]{3}$"
_SHORT = "^[+-]?[0-9]{1,3}$"


def is_noted(column: Column) -> bool:
    """Return True if the notation of a column's cells is examined."""
    return column.kind == "number"


def noted(name: str, cell_class: str | None) -> str:
    """Return the expression of a cell's mark.

    ``thousands`` could be either notation, ``decimal`` shows a decimal point or more than three digits before it. NULL
    for a cell that shows nothing: it is empty, has at most three digits, or is not text.
    """
    if cell_class not in ("text", "path"):
        return "CAST(NULL AS VARCHAR)"
    text = f"TRIM(_text_{name})"
    # The cheap conditions come first: expressions on every cell would take a fifth of the time to read a file.
    return (
        f"CASE WHEN {text} LIKE '%.___' AND REGEXP_MATCHES({text}, '{_THOUSANDS}') THEN '{THOUSANDS}' "
        f"WHEN LENGTH({text}) <= 4 AND REGEXP_MATCHES({text}, '{_SHORT}') THEN NULL "
        f"WHEN {name} IS NOT NULL THEN '{DECIMAL}' END"
    )


def notation_counts(source: Source) -> list[str]:
    """Return the aggregates by which ``notation_problems`` judges a file."""
    return [
        f"SUM(CASE WHEN _noted_{column.name} = '{mark}' THEN 1 ELSE 0 END) AS {mark}_{column.name}"
        for column in source.columns
        if is_noted(column)
        for mark in (THOUSANDS, DECIMAL)
    ]


def ambiguous(source: Source, counts: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Return, by column and file, the number of cells whose notation nothing else in the file shows."""
    counts = list(counts)
    return {
        column.name: {
            row["_file"]: int(row[f"{THOUSANDS}_{column.name}"])
            for row in counts
            if row[f"{THOUSANDS}_{column.name}"] and not row[f"{DECIMAL}_{column.name}"]
        }
        for column in source.columns
        if is_noted(column)
    }


def ambiguous_problem(
    rows: DeliveredRows, file: str, column: str, names: Iterable[int | str], row_count: int, example: float
) -> LandingProblem:
    """Return the problem of one column of a file; ``names`` are those of its ambiguous rows."""
    text, thousand = f"{example:.3f}", f"{example * 1000:.0f}"
    decimal = text.rstrip("0").rstrip(".")
    return LandingProblem(
        file,
        "numbers that show if a point separates decimals or thousands",
        f'"{text}", which is {decimal} or {thousand}',
        f"write {thousand} or {example:.4f}, without a separator of thousands, {rows.advice}; or state the notation: "
        f"{rows.stated_as(entry_of(',', '.'))} reads {thousand}, {{{entry_of('.')}}} reads {decimal}",
        column,
        tuple(names),
        row_count,
    )
