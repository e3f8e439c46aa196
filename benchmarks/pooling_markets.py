"""Markets as the benchmark of pooling sees them at an origin: of a tidy file, or of a simulated company.

Here belongs only the way to a market's features, sell-in and what followed. What is measured is in ``pooling.py``.
"""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.baseline_methods import holt_winters
from benchmarks.engine_method import PooledSeries, pooled_series
from benchmarks.protocol import Case
from benchmarks.sample_histories import sample_company
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.models.pooled_model import POOLED_MONTHS
from forecast_assets.domain.statistical.baseline import baseline_forecasts

YEAR = 12


@dataclasses.dataclass(frozen=True)
class MarketData:
    """A market at an origin: what it knows, and what followed.

    Attributes:
        code: The market.
        panel: Its sell-in up to the origin, the last month.
        features: Features of up to 60 months before the origin and of the origin, with ``country``.
        actual_units: (n, 18) what followed, in the order of the panel's SKUs; NaN where unknown or not scored.
        holt_winters_units: (n, 18) the product's Holt-Winters.
    """

    code: str
    panel: DemandPanel
    features: pd.DataFrame
    actual_units: np.ndarray
    holt_winters_units: np.ndarray

    @property
    def origin(self) -> pd.Timestamp:
        """The last known month."""
        return self.panel.months[-1]

    @property
    def scored(self) -> int:
        """SKUs with a known month after the origin."""
        return int(np.isfinite(self.actual_units).any(axis=1).sum())

    def in_panel_order(self, cells: pd.DataFrame) -> np.ndarray:
        """(n, 18) forecasts of ``sku, horizon_months, forecast_units``; zero for SKUs without one."""
        wide = cells.pivot(index="sku", columns="horizon_months", values="forecast_units")
        return wide.reindex(self.panel.skus).fillna(0.0).to_numpy()


def absolute_error_units(forecasts: np.ndarray, market: MarketData) -> float:
    """Sum of the absolute errors of (n, 18) forecasts over the known cells; below zero counts as zero."""
    return float(np.nansum(np.abs(np.maximum(forecasts, 0.0) - market.actual_units)))


def markets_of_case(case: Case) -> list[MarketData]:
    """The markets of a file with the features that the product would have stored by the origin."""
    series = pooled_series(case.known)
    baseline = holt_winters(case.known, HORIZON_MONTHS, 1).point
    of_series = case.known.keys["market"].to_numpy()
    made = []
    for code in np.unique(of_series):
        own = of_series == code
        panel = DemandPanel(series.panel.skus[own], series.panel.months, series.panel.units[own])
        market = PooledSeries(panel, series.last_known[own], series.products[own])
        last = panel.months[-1]
        first = max(add_months(last, -POOLED_MONTHS), panel.months[min(YEAR, len(panel.months)) - 1])
        months = pd.date_range(first, last, freq="MS")
        histories = [market.history(month).marked([month]) for month in months]
        tables = [build_features(history, month) for history, month in zip(histories, months, strict=True)]
        marks = pd.concat([history.sell_in.marks for history in histories], ignore_index=True)
        # A copy: hundreds of columns in few blocks, from which every model chooses rows.
        features = pd.concat(tables, ignore_index=True).assign(country=code).copy()
        made.append(MarketData(code, panel.with_marks(marks), features, case.actual[own], baseline[own]))
    return made


@dataclasses.dataclass(frozen=True)
class SampleMarkets:
    """Sell-in of all delivered months, features of all origins and region of a simulated company's markets, by code."""

    panels: dict[str, DemandPanel]
    features: dict[str, pd.DataFrame]
    regions: dict[str, str]

    def at(self, origin: pd.Timestamp) -> list[MarketData]:
        """The markets at an origin; SKUs without features of then are not scored."""
        return [self._market(code, origin) for code in self.panels]

    def _market(self, code: str, origin: pd.Timestamp) -> MarketData:
        whole, features = self.panels[code], self.features[code]
        panel = whole.until(origin)
        known = features[features["origin_month"].between(add_months(origin, -POOLED_MONTHS), origin)]
        active = np.isin(panel.skus, known.loc[known["origin_month"] == origin, "sku"])
        place = whole.months.get_loc(origin) + 1
        actual = np.where(active[:, None], whole.units[:, place : place + HORIZON_MONTHS], np.nan)
        baseline = baseline_forecasts(panel, origin, panel.skus)["baseline_units"].to_numpy()
        return MarketData(code, panel, known.reset_index(drop=True), actual, baseline.reshape(-1, HORIZON_MONTHS))


def sample_markets(markets: int, skus: int, months: int, seed: int) -> SampleMarkets:
    """Simulate a company and build the features of every origin from the second year on."""
    with tempfile.TemporaryDirectory() as folder:
        company = sample_company(Path(folder), seed, markets, skus, months)
    panels, features = {}, {}
    regions = {code: history.region for code, history in company.histories.items()}
    for code, history in company.histories.items():
        origins = history.sell_in.months[YEAR - 1 : -HORIZON_MONTHS]
        history = history.marked(origins)
        panels[code] = history.sell_in
        tables = [build_features(history, origin) for origin in origins]
        features[code] = pd.concat(tables, ignore_index=True).assign(country=code)
    return SampleMarkets(panels, features, regions)
