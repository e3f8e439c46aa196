"""How far launches miss: the interval of a new SKU from the errors that forecasts of earlier launches would have had.

Here belongs forecasting earlier launches again as they would have been, and the widths learned from that. Not here: the
forecast itself (``launches``).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand import DemandPanel
from forecast_assets.domain.portfolio.launches import launch_columns, launch_forecasts, new_launches

# Earlier launches are forecast again at every third origin of the last four years: denser origins repeat their errors.
ORIGIN_STEP_MONTHS, ORIGINS = 3, 16
# A year before the first origin, so that there are relatives to compare with.
LEAST_MONTHS = 12
LAUNCHES_NEEDED = 8
# Known months of a SKU at the origin, first and last: its relatives alone tell the level, they do partly, it does.
AGES = ((0, 0), (1, 2), (3, 11))
LOWER, UPPER = 0.1, 0.9
# With too few launches.
USUAL_WIDTHS = {(0, 0): (0.4, 2.5), (1, 2): (0.5, 2.0), (3, 11): (0.6, 1.7)}


def launch_errors(panel: DemandPanel, products: pd.DataFrame) -> pd.DataFrame:
    """Sell-in of earlier launches by what would have been forecast for them at earlier origins.

    At each of the origins 3, 6, .. 48 months before the last month the SKUs that were new then, or launched within the
    18 months after, are forecast by ``launch_forecasts`` from the months up to it, with the products of now.

    Args:
        panel, products: As for ``launches.new_launches``: up to the origin month, one row of products per SKU.

    Returns:
        ``sku, age_months`` (known months at that origin, 0 before the launch), ``horizon_months`` and ``ratio``
        (actual / forecast), one row per month from the launch on with a known actual and a forecast above 0.
    """
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    tables = [_errors_at(panel, products, starts, last) for last in _earlier_ends(panel)]
    empty = pd.DataFrame({"sku": [], "age_months": [], "horizon_months": [], "ratio": []})
    return pd.concat([empty, *tables], ignore_index=True) if tables else empty


def _earlier_ends(panel: DemandPanel) -> Iterator[int]:
    """Columns of the earlier origins."""
    for back in range(1, ORIGINS + 1):
        column = len(panel.months) - 1 - back * ORIGIN_STEP_MONTHS
        if column + 1 >= LEAST_MONTHS:
            yield column


def _errors_at(panel: DemandPanel, products: pd.DataFrame, starts: np.ndarray, last: int) -> pd.DataFrame:
    """Errors of the launches seen from the column ``last``."""
    known = panel.until(panel.months[last])
    in_panel = np.isfinite(starts) & (starts < len(panel.months))
    launched = panel.months.to_numpy()[np.where(in_panel, starts, 0).astype(int)]
    then = products.assign(launch_month=np.where(in_panel, launched, products["launch_month"].to_numpy()))
    launches = [launch for launch in new_launches(known, then) if in_panel[launch.row]]
    ahead = min(HORIZON_MONTHS, len(panel.months) - 1 - last)
    forecasts = launch_forecasts(known, then, launches, HORIZON_MONTHS)[:, :ahead]
    rows = np.array([launch.row for launch in launches], dtype=int)
    start = starts[rows].astype(int)
    column = last + 1 + np.arange(ahead)
    actual = panel.units[rows][:, column]
    # Before the launch the forecast is 0.
    place, step = np.nonzero(np.isfinite(actual) & (forecasts > 0))
    return pd.DataFrame(
        {
            "sku": panel.skus[rows[place]],
            "age_months": np.maximum(last + 1 - start[place], 0),
            "horizon_months": step + 1,
            "ratio": actual[place, step] / forecasts[place, step],
        }
    )


def launch_widths(errors: pd.DataFrame) -> dict[tuple[int, int], tuple[float, float]]:
    """Ends of the 80 % interval as multiples of the forecast, by age at the origin: at most 1, and at least 1.

    The 10 and 90 % quantiles of the ratios of the age, each launch weighing the same however many months it has; with
    fewer than 8 launches of that age those of all ages, and with fewer than 8 in all the usual widths.
    """
    found = {}
    for first, last in AGES:
        of_age = errors[errors["age_months"].between(first, last)]
        sample = next((rows for rows in (of_age, errors) if rows["sku"].nunique() >= LAUNCHES_NEEDED), None)
        if sample is None:
            found[first, last] = USUAL_WIDTHS[first, last]
            continue
        weight = 1.0 / sample.groupby("sku")["ratio"].transform("size").to_numpy()
        low, high = (_weighted_quantile(sample["ratio"].to_numpy(float), weight, level) for level in (LOWER, UPPER))
        found[first, last] = min(low, 1.0), max(high, 1.0)
    return found


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> float:
    """The smallest value up to which the weights reach the level."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, level - 1e-12)])


def launch_interval(
    point: np.ndarray, age_months: np.ndarray, widths: dict[tuple[int, int], tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Ends (n, horizon) of the interval around forecasts (n, horizon) of SKUs of an age (n,); [0, 0] around 0."""
    low, high = np.ones((2, len(point), 1))
    for (first, last), (below, above) in widths.items():
        of_age = (age_months >= first) & (age_months <= last)
        low[of_age], high[of_age] = below, above
    return point * low, point * high
