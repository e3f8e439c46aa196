"""Names of the features that this version of the code builds, from a market of two invented SKUs.

Training compares stored features with them: a feature that was added to the code is absent in partitions that an
earlier version stored. Not here: reading partitions (``storage/current_features.py``).
"""

import functools

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.columns import ATTRIBUTE_MARK, DESCRIPTIVE_COLUMNS
from forecast_assets.domain.features.market_history import SELL_OUT_MEASURES, MarketHistory

MONTHS = pd.date_range("2020-01-01", periods=36, freq="MS")
SKUS = np.array(["A", "B"], dtype=object)


@functools.cache
def current_columns(inputs_missing: str) -> frozenset[str]:
    """Return the names of all features of a market without these inputs, but for those named after attribute values.

    Args:
        inputs_missing: Names of the inputs, comma separated, as the column ``inputs_missing`` has them.
    """
    missing = set(inputs_missing.split(","))
    units = np.tile(np.arange(1.0, 37.0), (2, 1))
    panel = DemandPanel(SKUS, MONTHS, units)
    sell_out = {} if "sell_out" in missing else dict.fromkeys(SELL_OUT_MEASURES, panel)
    if sell_out:
        sell_out["is_promoted"] = DemandPanel(SKUS, MONTHS, np.tile(np.arange(36) % 2.0, (2, 1)))
    history = MarketHistory(
        "AA", "World", "FR", panel, sell_out, _products(), _promotions("promotions" in missing), _totals(), _policy()
    )
    columns = build_features(history, MONTHS[-1]).columns
    return frozenset(name for name in columns if name not in DESCRIPTIVE_COLUMNS and ATTRIBUTE_MARK not in name)


def _products() -> pd.DataFrame:
    text = {name: pd.Series([None, None], dtype=object) for name in ("category", "brand", "pack", "reference_sku")}
    dates = dict.fromkeys(("launch_month", "end_month"), pd.Series([pd.NaT, pd.NaT], dtype="datetime64[ns]"))
    return pd.DataFrame({"month": MONTHS[-1], "sku": SKUS} | text | dates)


def _promotions(is_missing: bool) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"month": MONTHS[-1], "sku": SKUS, "promotion_month": MONTHS[-1], "is_promoted": 1.0, "discount_pct": 10.0}
    )
    return rows.iloc[:0] if is_missing else rows


def _totals() -> pd.DataFrame:
    """No totals: their columns are built without any as well."""
    return pd.DataFrame({"month": pd.Series(dtype="datetime64[ns]")})


def _policy() -> pd.DataFrame:
    return pd.DataFrame({"month": MONTHS, "stringency_index": 0.0, "economic_support_index": 0.0})
