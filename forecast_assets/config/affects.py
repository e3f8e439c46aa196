"""Statement of the tables that depend on a setting, or on a field of a market's entry; it is declared with the field.

``storage/configuration.py`` makes the digest of a table's configuration of these statements, and the reference of the
settings prints them. Limits of checks affect no table: they decide if a table is stored, and are widened for single
runs. Neither do addresses, threads and secrets.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from pydantic.fields import FieldInfo

TableName = Literal[
    "sell_in", "sell_out", "products", "promotions", "overrides", "covid_policy", "demand_totals",
    "demand_totals_known", "history_marks", "features", "baseline_forecasts", "pooled_rows", "pooled_model", "model",
    "tuned_recipe", "refused_recipe", "forecasts", "backtest", "champion", "published_forecasts", "forecast_reasons",
    "forecast_exceptions", "forecast_levels", "forecast_totals", "performance", "forecast_value_added", "market_report",
]  # fmt: skip
TABLES: tuple[TableName, ...] = get_args(TableName)
# Tables that depend on one condition: do several markets learn from one another?
POOLED: tuple[TableName, ...] = ("pooled_rows", "model", "backtest")


@dataclass(frozen=True, init=False)
class Affects:
    """Tables whose rows depend on a field. ``Affects()`` states that none does.

    Attributes:
        tables: Tables that depend on the field's value; for a market's field, tables of that market.
        every_market: Tables that depend on a market's field in the entries of all markets.
        pooling: Tables that depend on the field only as far as it decides if markets learn from one another.
    """

    tables: tuple[TableName, ...]
    every_market: tuple[TableName, ...]
    pooling: tuple[TableName, ...]

    def __init__(
        self, *tables: TableName, every_market: tuple[TableName, ...] = (), pooling: tuple[TableName, ...] = ()
    ) -> None:
        unknown = sorted({*tables, *every_market, *pooling} - set(TABLES))
        if unknown:
            raise ValueError(f"a field affects {', '.join(unknown)}, which is no table; tables: {', '.join(TABLES)}")
        object.__setattr__(self, "tables", tables)
        object.__setattr__(self, "every_market", every_market)
        object.__setattr__(self, "pooling", pooling)

    @property
    def all_tables(self) -> list[TableName]:
        """Return every table that depends on the field, in the order of a cycle."""
        named = {*self.tables, *self.every_market, *self.pooling}
        return [table for table in TABLES if table in named]


def affects_of(name: str, field: FieldInfo) -> Affects:
    """Return the statement of a setting's field.

    Raises:
        TypeError: If the field has none, or more than one.
    """
    statements = [each for each in field.metadata if isinstance(each, Affects)]
    if len(statements) != 1:
        raise TypeError(f"{name}: expected one Affects(...) in the annotation, got {len(statements)}")
    return statements[0]
