"""The landing contract: which columns each source has, of which kind, and what identifies a row.

Belongs here: the contract as data, read by the landing, the SQL layer and the documentation test.
Not here: reading files or judging rows.
"""

from dataclasses import dataclass

KINDS = {
    "key": "text",
    "text": "text",
    "number": "a number with a decimal point and no thousands separator, such as 1234.5",
    "flag": "1 or 0 (or true, false)",
    "month": "a month written 2024-06, 2024-06-01 or 202406",
    "day": "a date written 2024-06-15 or 20240615",
}
"""Kind of a column -> how a cell of it is written."""


@dataclass(frozen=True)
class Column:
    """A column of the contract: ``required``: the column must exist, ``filled``: no cell of it may be empty."""

    name: str
    kind: str
    required: bool = False
    filled: bool = False

    @property
    def sql_type(self) -> str:
        return {"number": "DOUBLE", "flag": "DOUBLE", "month": "DATE", "day": "DATE"}.get(self.kind, "VARCHAR")


@dataclass(frozen=True)
class Source:
    """A delivered table.

    ``key`` identifies a row, ``any_of`` lists columns of which one is needed, ``is_fact`` marks what is summed to the
    month and may not lie in the future, ``units`` is the column two files must agree on (facts only).
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    any_of: tuple[str, ...] = ()
    is_fact: bool = False
    extra_columns_are_attributes: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def country_is_optional(self) -> bool:
        return not self.column("country").required


_COUNTRY = Column("country", "key", required=True, filled=True)
_SKU = Column("sku", "key", required=True, filled=True)
_PERIOD = (Column("month", "month"), Column("date", "day"))
_UNITS = Column("units", "number", required=True, filled=True)
_KNOWN_FROM = Column("known_from", "day")

SELL_IN = Source(
    "sell_in",
    (_COUNTRY, _SKU, *_PERIOD, _UNITS, Column("net_sales", "number")),
    key=("country", "sku", "month"),
    any_of=("month", "date"),
    is_fact=True,
)
SELL_OUT = Source(
    "sell_out",
    (
        *(_COUNTRY, _SKU, *_PERIOD, _UNITS),
        *(Column(name, "number") for name in ("stock_units", "distribution_pct", "price")),
        Column("is_promoted", "flag"),
    ),
    key=("country", "sku", "month"),
    any_of=("month", "date"),
    is_fact=True,
)
PRODUCTS = Source(
    "products",
    (
        _SKU,
        Column("country", "key"),
        Column("category", "text", required=True),
        Column("brand", "text"),
        Column("pack", "text"),
        Column("launch_month", "month"),
        Column("end_month", "month"),
        Column("reference_sku", "key"),
        _KNOWN_FROM,
    ),
    key=("country", "sku", "known_from"),
    extra_columns_are_attributes=True,
)
PROMOTIONS = Source(
    "promotions",
    (
        *(_COUNTRY, _SKU, Column("month", "month", required=True, filled=True)),
        *(Column("is_promoted", "flag"), Column("discount_pct", "number"), _KNOWN_FROM),
    ),
    key=("country", "sku", "month", "known_from"),
    any_of=("is_promoted", "discount_pct"),
)
OVERRIDES = Source(
    "overrides",
    (
        *(_COUNTRY, _SKU),
        Column("origin_month", "month", required=True, filled=True),
        Column("target_month", "month", required=True, filled=True),
        Column("forecast_units", "number", required=True, filled=True),
        *(Column("author", "text", required=True), Column("reason", "text", required=True), _KNOWN_FROM),
    ),
    key=("country", "sku", "origin_month", "target_month", "known_from"),
)

SOURCES: dict[str, Source] = {source.name: source for source in (SELL_IN, SELL_OUT, PRODUCTS, PROMOTIONS, OVERRIDES)}


def source_named(name: str) -> Source:
    """The contract of a source. Raises ``KeyError`` listing the known ones."""
    if name not in SOURCES:
        raise KeyError(f"no source {name!r} in the landing contract; known: {', '.join(sorted(SOURCES))}")
    return SOURCES[name]
