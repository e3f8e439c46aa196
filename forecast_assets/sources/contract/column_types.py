"""Meaning of the types of delivered columns: the class of an Arrow type, and the classes that a kind of column accepts.

Belongs here: types. Not here: cells (typed_rows.py) and names of columns (landing/column_checks.py). Each type has one
meaning or is refused; ``docs/landing.md`` has the table.
"""

import pyarrow as pa

from forecast_assets.sources.contract.columns import KINDS, Column

INSTANT = "instant "
"""Class of a timestamp with a zone: this text and the zone."""
UNUSABLE = "unusable"
DIGITS_OF_ENGINES = 38
_WORDS = {"text", "path", "bytes", "empty"}
_NUMBERS = _WORDS | {"number", "float", "single"}
ATTRIBUTE = "text"
ACCEPTED = {
    "key": _WORDS | {"number"},
    "text": _NUMBERS | {"flag", "date", INSTANT},
    "number": _NUMBERS,
    "flag": _NUMBERS | {"flag"},
    "month": _NUMBERS | {"date", INSTANT},
    "day": _NUMBERS | {"date", INSTANT},
}
"""Kind of a column -> classes that it accepts. A decimal in a month or day is refused by its cells."""


def class_of(arrow_type: pa.DataType) -> str:
    """Return the class of a type's cells.

    ``text``, ``bytes`` (text without that annotation), ``number`` (whole), ``float``, ``single`` (32 bits), ``date``
    (also a timestamp without a zone), ``instant <zone>``, ``flag``, ``empty`` (nulls alone), or ``unusable``.
    """
    value = arrow_type.value_type if pa.types.is_dictionary(arrow_type) else arrow_type
    is_a = pa.types
    if is_a.is_decimal(value):
        if value.precision > DIGITS_OF_ENGINES:
            return UNUSABLE
        return "number" if value.scale == 0 else "float"
    if is_a.is_timestamp(value):
        return "date" if value.tz is None else f"{INSTANT}{value.tz}"
    tests = {
        "flag": is_a.is_boolean(value),
        "number": is_a.is_integer(value),
        "float": is_a.is_float64(value),
        "single": is_a.is_float32(value),
        "date": is_a.is_date(value),
        "text": is_a.is_string(value) or is_a.is_large_string(value) or is_a.is_string_view(value),
        "bytes": is_a.is_binary(value) or is_a.is_large_binary(value) or is_a.is_binary_view(value),
        "empty": is_a.is_null(value),
    }
    return next((name for name, is_so in tests.items() if is_so), UNUSABLE)


def accepts(kind: str, cell_class: str) -> bool:
    """Return True if a column of a kind may have cells of a class."""
    return (INSTANT if cell_class.startswith(INSTANT) else cell_class) in ACCEPTED[kind]


def expected_type(column: Column) -> str:
    """Return the types that a column may have, in words."""
    if column.kind == "key":
        return "text or whole numbers"
    return KINDS[column.kind]
