"""The deliveries of a market, pivoted into panels over all months that any origin of interest needs.

Nothing is cut at an origin here: ``market_at_origin.py`` does that, once, before any feature is computed.
"""

import dataclasses
from collections.abc import Iterable

import pandas as pd

from forecast_assets.domain.cleaning.history_marks import history_marks
from forecast_assets.domain.demand.demand_panel import DemandPanel, panel_from_rows

SELL_OUT_MEASURES = ("sell_out_units", "stock_units", "price", "distribution_pct", "is_promoted")


@dataclasses.dataclass(frozen=True)
class MarketHistory:
    """The deliveries of a market over all months that any origin of interest needs.

    Attributes:
        code: Code of the market.
        region: Region of the market.
        iso2: ISO 3166-1 alpha-2 code of the market's country.
        sell_in: Panel of sell-in units, with the marks of the origins of interest where they are known.
        sell_out: Panels of sell-out measures by name, on the SKUs and months of ``sell_in``; empty without sell-out.
        products: Products, with the partition ``month`` they were known in.
        promotions: Promotions, with the same ``month``.
        totals_known: Totals over markets, with the same ``month``.
        covid_policy: Covid policy of the country, one row per ``month``.
        planned_price: Regular prices ahead of a what-if, ``sku, month, price``; None: prices stay as they are.
    """

    code: str
    region: str
    iso2: str
    sell_in: DemandPanel
    sell_out: dict[str, DemandPanel]
    products: pd.DataFrame
    promotions: pd.DataFrame
    totals_known: pd.DataFrame
    covid_policy: pd.DataFrame
    planned_price: pd.DataFrame | None = None

    def marked(self, origins: Iterable[pd.Timestamp]) -> "MarketHistory":
        """Return the history with the marks of the origins, as the asset ``history_marks`` stores them."""
        marks = [
            history_marks(self.sell_in, origin, self.sell_out, self.promotions, self.covid_policy) for origin in origins
        ]
        return dataclasses.replace(self, sell_in=self.sell_in.with_marks(pd.concat(marks, ignore_index=True)))


def market_history(
    code: str,
    region: str,
    iso2: str,
    sell_in: pd.DataFrame,
    sell_out: pd.DataFrame,
    marks: pd.DataFrame | None = None,
    **tables: pd.DataFrame,
) -> MarketHistory:
    """Pivot the rows of a market into panels.

    Args:
        code: Code of the market.
        region: Region of the market.
        iso2: ISO 3166-1 alpha-2 code of the market's country.
        sell_in: ``sku, month, sell_in_units``.
        sell_out: ``sku, month`` and the sell-out measures; may be empty.
        marks: ``history_marks`` with ``month``; None: features of level and season are learned from all units.
        **tables: ``products, promotions, totals_known, covid_policy``, each with ``month``.

    Raises:
        ValueError: If there is no sell-in, or a SKU has two rows in a month.
    """
    if sell_in.empty:
        raise ValueError(f"market {code}: no sell-in rows; materialize sell_in of this market first")
    panel, measures = sell_in_and_sell_out(sell_in, sell_out)
    return MarketHistory(code, region, iso2, panel if marks is None else panel.with_marks(marks), measures, **tables)


def sell_in_and_sell_out(sell_in: pd.DataFrame, sell_out: pd.DataFrame) -> tuple[DemandPanel, dict[str, DemandPanel]]:
    """Return the panel of sell-in and, on its SKUs and months, the panels of sell-out measures by name.

    There are no panels of sell-out without rows of sell-out.

    Raises:
        ValueError: If there is no sell-in, or a SKU has two rows in a month.
    """
    if sell_in.empty:
        raise ValueError("no sell-in rows up to the origin; materialize sell_in of this market first")
    panel = panel_from_rows(sell_in, sell_in["month"].min(), sell_in["month"].max())
    return panel, {} if sell_out.empty else {name: _aligned(sell_out, panel, name) for name in SELL_OUT_MEASURES}


def _aligned(rows: pd.DataFrame, panel: DemandPanel, value: str) -> DemandPanel:
    return panel_from_rows(rows, panel.months[0], panel.months[-1], value, panel.skus)
