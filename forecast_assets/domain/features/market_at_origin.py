"""A market as known at the end of an origin month: every panel and table is cut here, once, before any feature.

A feature family receives only what is cut, so it cannot read a month after the origin.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Labels
from forecast_assets.domain.demand.demand_panel import DemandPanel, active_skus
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.features.market_history import MarketHistory

FEATURE_WINDOW_MONTHS = 84
# Fewer months do not cover a year, and no model learns from such an origin.
LEAST_HISTORY_MONTHS = 12
PRODUCT_COLUMNS = ["category", "brand", "pack"]


@dataclasses.dataclass(frozen=True)
class ActiveSkus:
    """n SKUs that are active at the origin, as rows; T months that end at the origin month.

    Attributes:
        skus: (n,) codes, sorted.
        units: (n, T) sell-in at the current level (``DemandPanel.at_level``).
        learnable: (n, T) sell-in that level and season are learned from, NaN elsewhere.
        sell_out: (n, T) by measure; empty without sell-out.
        products: n rows, indexed by sku; null in every column for a SKU that no product describes.
    """

    skus: Labels
    units: Floats
    learnable: Floats
    sell_out: dict[str, Floats]
    products: pd.DataFrame

    @property
    def category(self) -> Labels:
        """Category of each SKU, (n,)."""
        return category_of(self.products)

    @property
    def has_sell_out(self) -> bool:
        """True if sell-out of any of the SKUs is known."""
        return bool(self.sell_out) and bool(np.isfinite(self.sell_out["sell_out_units"]).any())

    def where(self, mask: Bools) -> "ActiveSkus":
        """Return the SKUs of a mask."""
        sell_out = {name: values[mask] for name, values in self.sell_out.items()}
        return ActiveSkus(self.skus[mask], self.units[mask], self.learnable[mask], sell_out, self.products[mask])


@dataclasses.dataclass(frozen=True)
class MarketAtOrigin:
    """Everything a market's features may read at an origin.

    Attributes:
        origin: The origin month.
        code: Code of the market.
        region: Region of the market.
        iso2: ISO 3166-1 alpha-2 code of the market's country.
        sell_in: Panel of all SKUs, including those that have ended.
        sell_out: Measures of all SKUs by name, (all SKUs, T).
        products: Products by sku as known at the origin.
        promotions: Promotions as known at the origin.
        totals: Totals over markets as known at the origin.
        covid_policy: Covid policy of the months up to the origin, ascending.
        active: The SKUs that get features.
        planned_price: Regular prices ahead of a what-if, ``sku, month, price``; None: prices stay as they are.
    """

    origin: pd.Timestamp
    code: str
    region: str
    iso2: str
    sell_in: DemandPanel
    sell_out: dict[str, Floats]
    products: pd.DataFrame
    promotions: pd.DataFrame
    totals: pd.DataFrame
    covid_policy: pd.DataFrame
    active: ActiveSkus
    planned_price: pd.DataFrame | None = None

    @property
    def inputs_missing(self) -> str:
        """Names of the inputs that are missing at the origin, comma separated.

        Sell-out without a row of the origin month is missing, even if earlier or later months have some. Products are
        missing if no SKU has a category, brand or pack.
        """
        has_sell_out = any(np.isfinite(values[:, -1:]).any() for values in self.sell_out.values())
        has_products = self.products.reindex(columns=PRODUCT_COLUMNS).notna().any(axis=None)
        is_missing = {
            "demand_totals_known": self.totals.empty,
            "products": not has_products,
            "promotions": self.promotions.empty,
            "sell_out": not has_sell_out,
        }
        return ",".join(name for name, missing in is_missing.items() if missing)


def market_at_origin(history: MarketHistory, origin: pd.Timestamp) -> MarketAtOrigin:
    """Cut a market's history at the end of the origin month and select the active SKUs."""
    sell_in = history.sell_in.at_level(origin, FEATURE_WINDOW_MONTHS)
    sell_out = {name: panel.until(origin, FEATURE_WINDOW_MONTHS).units for name, panel in history.sell_out.items()}
    learnable = history.sell_in.learnable(origin, FEATURE_WINDOW_MONTHS).units
    products = _with_known_attributes(_of_month(history.products, origin)).drop(columns="month").set_index("sku")
    is_active = active_skus(sell_in, origin, products["end_month"].reindex(sell_in.skus).to_numpy())
    policy = history.covid_policy
    return MarketAtOrigin(
        origin=origin,
        code=history.code,
        region=history.region,
        iso2=history.iso2,
        sell_in=sell_in,
        sell_out=sell_out,
        products=products,
        promotions=_of_month(history.promotions, origin),
        totals=_of_month(history.totals_known, origin),
        covid_policy=policy[policy["month"] <= origin].sort_values("month"),
        active=ActiveSkus(
            skus=sell_in.skus[is_active],
            units=sell_in.units[is_active],
            learnable=learnable[is_active],
            sell_out={name: values[is_active] for name, values in sell_out.items()},
            products=products.reindex(sell_in.skus[is_active]),
        ),
        planned_price=history.planned_price,
    )


def category_of(products: pd.DataFrame) -> Labels:
    """Return the category of each product, "UNKNOWN" where it is null."""
    return products["category"].fillna(UNKNOWN_CATEGORY).to_numpy(dtype=object)


def _with_known_attributes(products: pd.DataFrame) -> pd.DataFrame:
    """Leave out attributes without a value: in a run over several months they may be those of later products."""
    unknown = [name for name in products if str(name).startswith("attribute_") and not products[name].notna().any()]
    return products.drop(columns=unknown)


def _of_month(rows: pd.DataFrame, month: pd.Timestamp) -> pd.DataFrame:
    return rows[rows["month"] == month]
