"""A market's delivery of one source as the rules read it, and the finding that a rule returns.

Units are monthly sums of delivered rows; a SKU without a row in a month is NaN, also where a table fills it with zero.
Not here: the rules, and what becomes of a finding (``validation``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Labels
from forecast_assets.domain.calendar import month_range

OPTIONAL = ("net_sales", "stock_units", "price", "distribution_pct", "is_promoted")
DAY_COLUMNS = ("month", "day", "row_count", "distinct_rows", "odd_rows", "repeated_sku")


@dataclass(frozen=True)
class DeliveryFinding:
    """Result of a rule for one month of a delivery.

    Attributes:
        message: What was seen (SKU, month, factor), the limit and where it comes from, and what to do.
        rows: The SKUs, categories or days concerned, the worst first.
        is_warning: True if the finding is to be read but small enough to publish.
    """

    message: str
    rows: pd.DataFrame
    is_warning: bool = False


@dataclass(frozen=True)
class Delivery:
    """One source of a market up to the month that is judged. Nothing of a later month is in it.

    Attributes:
        skus: (n,) codes, sorted.
        months: (T,) contiguous months; the last one is judged.
        units: (n, T) delivered units, NaN without a row.
        optional: (n, T) values of the optional columns, NaN where not delivered: of sell-in ``net_sales`` in the
            market's currency, of sell-out ``stock_units``, ``price``, ``distribution_pct``, ``is_promoted``.
        days: Rows by month and day: ``month, day, row_count, distinct_rows, odd_rows, repeated_sku``. ``day`` is null
            for rows of a month. ``odd_rows`` counts distinct rows that come an odd number of times.
        categories: Category by SKU as known in the judged month.
        ended: SKUs whose end has passed before the judged month.
    """

    skus: Labels
    months: pd.DatetimeIndex
    units: Floats
    optional: Mapping[str, Floats]
    days: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(DAY_COLUMNS)))
    categories: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    ended: frozenset[str] = frozenset()

    @property
    def month(self) -> pd.Timestamp:
        """The judged month."""
        return self.months[-1]

    def until(self, month: pd.Timestamp, products: pd.DataFrame | None = None) -> "Delivery":
        """Return the delivery as it stood at the end of an earlier month, with the products known then.

        SKUs that were first delivered later stay, without units.
        """
        stop = int(self.months.searchsorted(month, side="right"))
        return replace(
            self,
            months=self.months[:stop],
            units=self.units[:, :stop],
            optional={name: values[:, :stop] for name, values in self.optional.items()},
            days=self.days[self.days["month"] <= month],
            **_known_of(products, month),
        )

    @property
    def is_sold(self) -> Bools:
        """(n, T), True where a SKU has units other than zero."""
        return np.asarray(np.nan_to_num(self.units) != 0)

    def totals(self, members: Bools | None = None) -> Floats:
        """Return (T,) units of all SKUs, or of those that ``members`` (n,) marks; NaN in a month without a row."""
        units = self.units if members is None else self.units[members]
        return np.where(np.isfinite(units).any(axis=0), np.nansum(units, axis=0), np.nan)


def delivery_until(
    rows: pd.DataFrame,
    month: pd.Timestamp,
    days: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
) -> Delivery:
    """Return the delivery as it stood at the end of ``month``.

    Args:
        rows: Delivered rows by SKU and month: ``sku, month, units``, and the optional columns that are delivered.
        month: The month to judge; later rows are left out.
        days: Rows by month and day, columns as in ``Delivery.days``.
        products: Products as known in ``month``: ``sku, category, end_month``.
    """
    known = rows[rows["month"] <= month]
    first = known["month"].min() if len(known) else month
    months = month_range(first, month)
    codes, skus = pd.factorize(known["sku"].to_numpy(dtype=object), sort=True)
    column = months.get_indexer(pd.DatetimeIndex(known["month"]))

    def panel(name: str) -> Floats:
        values = np.full((len(skus), len(months)), np.nan)
        values[codes, column] = known[name].to_numpy(dtype=float)
        return values

    return Delivery(
        skus=np.asarray(skus, dtype=object),
        months=months,
        units=panel("units"),
        optional={name: panel(name) for name in OPTIONAL if name in known},
        days=days[days["month"] <= month] if days is not None else pd.DataFrame(columns=list(DAY_COLUMNS)),
        **_known_of(products, month),
    )


class _Known(TypedDict):
    categories: pd.Series
    ended: frozenset[str]


def _known_of(products: pd.DataFrame | None, month: pd.Timestamp) -> _Known:
    """Return what the products of a month say: the category of each SKU, and the SKUs that have ended."""
    if products is None:
        return _Known(categories=pd.Series(dtype=object), ended=frozenset())
    has_ended = pd.to_datetime(products["end_month"]) < month
    categories = products.drop_duplicates("sku").set_index("sku")["category"]
    return _Known(categories=categories, ended=frozenset(products.loc[has_ended, "sku"]))


def shown(names: list[str] | Labels, most: int = 5) -> str:
    """Return the first names, quoted where a blank would not be seen, and the number of the others."""
    texts = [repr(name) if name != name.strip() or not name else name for name in map(str, names[:most])]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(texts) + more
