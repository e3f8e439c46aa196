"""A market of SKUs with one trait each, on 60 months up to the origin: what the tests of portfolio cases look at.

Only data; units are round numbers without season, so that a forecast can be computed in the head.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.domain.portfolio.launches import new_launches

MONTHS = pd.date_range("2020-01-01", periods=78, freq="MS")
PAST = 60
ORIGIN = MONTHS[PAST - 1]
UNKNOWN = np.nan


def series(*parts: tuple[float, int]) -> np.ndarray:
    """60 months that end with ``parts`` (units, number of months), unknown before them."""
    values = np.concatenate([np.empty(0), *(np.full(count, units, dtype=float) for units, count in parts)])
    return np.concatenate([np.full(PAST - len(values), UNKNOWN), values])


def market(after_origin: float = UNKNOWN, **skus: np.ndarray) -> DemandPanel:
    """The panel of SKUs by name, sorted, with 18 months after the origin that hold ``after_origin``."""
    names = sorted(skus)
    past = np.array([skus[name] for name in names], dtype=float)
    future = np.full((len(names), len(MONTHS) - PAST), after_origin)
    return DemandPanel(np.array(names, dtype=object), MONTHS, np.hstack([past, future]))


def products(panel: DemandPanel, **described: dict[str, object]) -> pd.DataFrame:
    """Products of the panel's SKUs, all tea in bags of one brand unless described otherwise."""
    plain = {
        "category": "tea", "brand": "own", "pack": "bag", "launch_month": pd.NaT, "end_month": pd.NaT,
        "reference_sku": None, "attribute_colour": None,
    }  # fmt: skip
    rows = pd.DataFrame([{"sku": sku} | plain | described.get(sku, {}) for sku in panel.skus])
    return rows.astype({"launch_month": "datetime64[ns]", "end_month": "datetime64[ns]"})


def model_forecasts(skus: list[str], units: float = 100.0, low: float = 80.0, high: float = 130.0) -> pd.DataFrame:
    """Return a model's forecast: the same number in each of the 18 months."""
    ahead = np.arange(1, 19)
    rows = pd.DataFrame(
        {
            "sku": np.repeat(np.array(skus, dtype=object), 18),
            "origin_month": ORIGIN,
            "target_month": np.tile(MONTHS[PAST:].to_numpy(), len(skus)),
            "horizon_months": np.tile(ahead, len(skus)),
            "forecast_units": units,
            "forecast_units_p10": low,
            "forecast_units_p90": high,
        }
    )
    return with_every_quantile(rows)


def launches_of(described=None, **skus):
    """Return the market up to the origin, its products as known then, and its launches."""
    panel = market(**skus).until(ORIGIN)
    known = products(panel, **(described or {}))
    return panel, known, new_launches(panel, known)
