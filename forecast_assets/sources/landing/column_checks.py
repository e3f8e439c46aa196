"""Columns of a delivered file or table: their names, and the types that have a meaning.

Belongs here: problems of whole columns. Not here: cells (contract/cell_checks.py).
"""

from forecast_assets.domain.suggestions import closest
from forecast_assets.sources.contract.column_types import ATTRIBUTE, accepts, expected_type
from forecast_assets.sources.contract.columns import Column, Source
from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.sources.landing.delivered_file import TABLE, LandingFile


def contract_name(written: str) -> str:
    """Return the contract's spelling of a column's name."""
    return written.strip().lower()


def column_problem(file: LandingFile, source: Source) -> LandingProblem | None:
    """Return the first problem of the columns: one named twice, missing, or of a type without a meaning.

    ``file`` may be a table (format ``TABLE``).
    """
    names = file.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return LandingProblem(
            file.relative,
            "each column once",
            f"column {twice[0]} {names.count(twice[0])} times",
            "rename or remove one",
            twice[0],
        )
    if missing := missing_columns(file, source):
        return _missing(file, missing)
    return next((problem for at in range(len(names)) if (problem := _type_problem(file, source, at))), None)


def missing_columns(file: LandingFile, source: Source) -> list[str]:
    """Return the columns that the contract demands and the file lacks, such as ``month or date``."""
    names = file.column_names
    missing = [column.name for column in source.columns if column.required and column.name not in names]
    return missing + ([] if not source.any_of or set(source.any_of) & set(names) else [" or ".join(source.any_of)])


def _type_problem(file: LandingFile, source: Source, position: int) -> LandingProblem | None:
    """Return the problem of a column's type; None if it has a meaning, or if the column is not read."""
    name, _, kind = file.columns[position]
    if name in source.column_names:
        column = source.column(name)
    elif source.extra_columns_are_attributes and name:
        column = Column(name, ATTRIBUTE)
    else:
        return None
    if accepts(column.kind, kind) and not (kind == "bytes" and file.format == TABLE):
        return None
    if column.kind == "key" and kind in ("float", "single"):
        return _float_key(file, column)
    found = f"cells of type {file.types[position]}" if file.types else f"cells of class {kind}"
    step = f"store {name} as {'text' if column.kind in ('key', 'text') else 'a ' + column.kind} and deliver it again"
    return LandingProblem(file.relative, expected_type(column), found, step, name)


def _missing(file: LandingFile, missing: list[str]) -> LandingProblem:
    present = file.column_names
    wanted = [name for names in missing for name in names.split(" or ")]
    close = [match for name in wanted for match in closest(name, present)]
    again = (
        "add the column to the table or view" if file.format == TABLE else "add the column and deliver the file again"
    )
    step = f"rename {' and '.join(close)}, or add the column" if close else again
    return LandingProblem(
        file.relative,
        f"the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
        f"the columns {', '.join(present)}",
        step,
        column=missing[0] if len(missing) == 1 else None,
    )


def _float_key(file: LandingFile, column: Column) -> LandingProblem:
    step = f"store {column.name} as text: a decimal number loses leading zeros and long codes"
    return LandingProblem(file.relative, "text or whole numbers", "decimal numbers", step, column.name)
