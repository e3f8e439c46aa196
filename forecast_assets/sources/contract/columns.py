"""Columns, kinds and keys of the delivered sources.

Belongs here: the contract as data, for files, tables, the SQL layer and the documentation test.
Not here: how cells are cast (typed_rows.py) and checked (row_checks.py).
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

CASTABLE_KINDS = ("number", "flag", "month", "day")


@dataclass(frozen=True)
class Column:
    """A column of the contract.

    A ``required`` column must exist; a ``filled`` one has no empty cell. A ``share`` is a fraction or a percentage.
    """

    name: str
    kind: str
    required: bool = False
    filled: bool = False
    share: bool = False

    @property
    def sql_type(self) -> str:
        """The SQL type of its typed cells."""
        return {"number": "DOUBLE", "flag": "DOUBLE", "month": "DATE", "day": "DATE"}.get(self.kind, "VARCHAR")


@dataclass(frozen=True)
class Source:
    """A delivered table.

    ``key`` identifies a row and ``any_of`` lists columns of which one is needed. Facts (``is_fact``) are summed to the
    month, may not lie in the future, and two files must agree on their ``units``.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    any_of: tuple[str, ...] = ()
    is_fact: bool = False
    extra_columns_are_attributes: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the contract's columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def country_is_optional(self) -> bool:
        """True where a row without a country applies to all markets."""
        return not self.column("country").required


_COUNTRY = Column("country", "key", required=True, filled=True)
_SKU = Column("sku", "key", required=True, filled=True)
_PERIOD = (Column("month", "month"), Column("date", "day"))
_UNITS = Column("units", "number", required=True, filled=True)
_KNOWN_FROM = Column("known_from", "day")

SELL_IN = Source(
    "sell_in",
    (_COUNTRY, _SKU, *_PERIOD, _UNITS, Column("net_sales", "number"), _KNOWN_FROM),
    key=("country", "sku", "month", "known_from"),
    any_of=("month", "date"),
    is_fact=True,
)
SELL_OUT = Source(
    "sell_out",
    (
        *(_COUNTRY, _SKU, *_PERIOD, _UNITS),
        *(Column(name, "number") for name in ("stock_units", "distribution_pct", "price")),
        *(Column("is_promoted", "flag"), _KNOWN_FROM),
    ),
    key=("country", "sku", "month", "known_from"),
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
        *(Column("is_promoted", "flag"), Column("discount_pct", "number", share=True), _KNOWN_FROM),
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
    """Return the contract of a source. Raises ``KeyError`` listing the known ones."""
    if name not in SOURCES:
        raise KeyError(f"no source {name!r} in the landing contract; known: {', '.join(sorted(SOURCES))}")
    return SOURCES[name]
