"""Features of the demand around a SKU: growth of its category and of everything, in its market, its region, the world.

Totals are known a month later. They are used only as like-for-like figures, never as raw sums over a changing set of
markets. Missing totals give NaN, and the market is forecast without them.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.demand.hierarchy import (
    ALL_CATEGORIES,
    KEYS,
    MARKET,
    MEASURES,
    REGION,
    UNKNOWN_CATEGORY,
    WORLD,
    WORLD_ENTITY,
)

LAST_MONTHS = 3
STATISTICS = ("growth_12", "growth_12_mean_3", "recent_ratio")


def totals_features(
    known_totals: pd.DataFrame | None, origin: pd.Timestamp, market: str, region: str, category: Labels
) -> dict[str, Floats]:
    """Return ``<scope>_<level>_<measure>_<statistic>``, each (n,).

    - Scope: ``category`` (the SKU's) or ``all``.
    - Level: market, region, world.
    - Measure: sell_in, sell_out.
    - Statistic over the three months before the origin month: ``growth_12`` (last known value), ``growth_12_mean_3``
      (mean of known values), ``recent_ratio`` (3-month mean / 12-month mean, last known value); NaN where unknown.

    Args:
        known_totals: ``hierarchy.known_totals`` of the origin month, or None. Rows of the origin month or later are not
            read.
        origin: The origin month.
        market: Code of the market.
        region: Region of the market.
        category: (n,) category of each SKU; null counts as "UNKNOWN".
    """
    own = pd.Series(category, dtype=object).fillna(UNKNOWN_CATEGORY).replace("", UNKNOWN_CATEGORY).to_numpy()
    statistics = _statistics(known_totals, pd.Timestamp(origin))
    features: dict[str, Floats] = {}
    for scope, categories in (("category", own), ("all", np.full(len(own), ALL_CATEGORIES, dtype=object))):
        for level, entity in ((MARKET, market), (REGION, region), (WORLD, WORLD_ENTITY)):
            keys = pd.MultiIndex.from_arrays([[level] * len(own), [entity] * len(own), categories], names=KEYS)
            values = statistics.reindex(keys)
            features |= {f"{scope}_{level}_{name}": values[name].to_numpy(dtype=float) for name in statistics.columns}
    return features


def _statistics(known_totals: pd.DataFrame | None, origin: pd.Timestamp) -> pd.DataFrame:
    """Return the statistics by level, entity and category."""
    names = [f"{measure}_{statistic}" for measure in MEASURES for statistic in STATISTICS]
    if known_totals is None or known_totals.empty:
        empty = pd.MultiIndex.from_arrays([[], [], []], names=KEYS)
        return pd.DataFrame(index=empty, columns=names, dtype=float)
    months = known_totals["total_month"]
    recent = known_totals[(months < origin) & (months >= origin - pd.DateOffset(months=LAST_MONTHS))]
    groups = recent.sort_values("total_month").groupby(KEYS)
    statistics = {}
    for measure in MEASURES:
        statistics[f"{measure}_growth_12"] = groups[f"{measure}_growth_12"].last()
        statistics[f"{measure}_growth_12_mean_3"] = groups[f"{measure}_growth_12"].mean()
        statistics[f"{measure}_recent_ratio"] = groups[f"{measure}_recent_ratio"].last()
    return pd.DataFrame(statistics, columns=names)
