"""Scores on the sample company: accuracy by group of lags, and how near to the truth the engine comes.

Pure functions of forecast cells. The lag of a cell is its horizon in months.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table

LAG_GROUPS = {"1-3": (1, 3), "4-18": (4, 18), "all": (1, 18)}
METHODS = {
    "engine": "forecast_units",
    "holt_winters": "baseline_units",
    "naive": "naive_units",
    "truth": "expected_sell_in_units",
}
KEYS = ["seed", "market"]


def scores(cells: pd.DataFrame, by: list[str], methods: dict[str, str] | None = None) -> pd.DataFrame:
    """WAPE per group and lags.

    Args:
        cells: One row per forecast cell with ``by``, ``horizon_months, actual_units`` and the methods' columns.
        by: Columns to group by; empty for all cells together.
        methods: Column by name of the method; default ``METHODS``.

    Returns:
        ``by``, lags, actual_units, ``wape_<method>`` and, with the default methods, gap_closed: (WAPE of Holt-Winters -
        engine) / (Holt-Winters - truth): 1 at the noise floor, 0 where the engine is no better than Holt-Winters.
    """
    parts = []
    for lags, (first, last) in LAG_GROUPS.items():
        chosen = cells[cells["horizon_months"].between(first, last)]
        parts.append(accuracy_table(chosen, by, forecasts=methods or METHODS).assign(lags=lags))
    table = pd.concat(parts, ignore_index=True)
    wapes = [f"wape_{name}" for name in methods or METHODS]
    table = table[[*by, "lags", "actual_units", *wapes]]
    return table if methods else table.assign(gap_closed=gap_closed(table))


def gap_closed(table: pd.DataFrame) -> pd.Series:
    """Share of the way from Holt-Winters to the truth; NaN where Holt-Winters is not worse than the truth."""
    gap = table["wape_holt_winters"] - table["wape_truth"]
    return (table["wape_holt_winters"] - table["wape_engine"]) / gap.where(gap > 0)


def summary(cells: pd.DataFrame) -> pd.DataFrame:
    """Scores over all cells by lags, with ``markets`` and the share of them in which the engine beats Holt-Winters."""
    by_market = scores(cells, KEYS)
    won = (by_market["wape_engine"] < by_market["wape_holt_winters"]).groupby(by_market["lags"])
    overall = scores(cells, [])
    return overall.assign(markets=overall["lags"].map(won.size()), share_won=overall["lags"].map(won.mean()))


def ablation(cells: pd.DataFrame, families: list[str]) -> pd.DataFrame:
    """Return what WAPE rises by without each family, by lags.

    Args:
        cells: With ``forecast_units`` of the whole model and ``without_<family>`` of the model trained without it.

    Returns:
        family, lags, delta_wape (positive: the family helps), standard_error of the mean difference over markets, and
        verdict: ``helps``, ``hurts``, ``nothing`` where delta_wape is within two standard errors of 0, or
        ``one market``, which has no standard error.
    """
    methods = {"engine": "forecast_units"} | {family: f"without_{family}" for family in families}
    overall, by_market = scores(cells, [], methods), scores(cells, KEYS, methods)
    rows = []
    for family in families:
        for lags in LAG_GROUPS:
            of_lags, markets = (table[table["lags"] == lags] for table in (overall, by_market))
            delta = float((of_lags[f"wape_{family}"] - of_lags["wape_engine"]).iloc[0])
            differences = markets[f"wape_{family}"] - markets["wape_engine"]
            error = float(differences.std(ddof=1) / np.sqrt(len(differences)))
            rows.append((family, lags, delta, error, _verdict(delta, error)))
    return pd.DataFrame(rows, columns=["family", "lags", "delta_wape", "standard_error", "verdict"])


def _verdict(delta: float, error: float) -> str:
    if np.isnan(error):
        return "one market"
    if not abs(delta) > 2 * error:
        return "nothing"
    return "helps" if delta > 0 else "hurts"
