"""Features over windows that end at the origin month: rolling means, spreads, year-on-year ratios, and sell-out ratios.

The windowed features share one function over a prefix, so sell-in, sell-out and totals are described alike. Single
earlier values belong in ``lags``.

A window of n months needs n months of history (from the first known month to the origin). Unknown months inside it are
skipped, but at least half must be known; otherwise the feature is NaN. Ratios are NaN where the denominator is not
positive.
"""

from collections.abc import Callable

import numpy as np

from forecast_assets.domain.demand.demand import known_mean

MEAN_MONTHS = (3, 6, 12, 24, 36)
STD_MONTHS = (6, 12, 24)
YEAR_ON_YEAR_MONTHS = (3, 6, 12)
SELL_OUT_RATIO_MONTHS = (3, 6, 12)


def window_features(units: np.ndarray | None, prefix: str, n_sku: int) -> dict[str, np.ndarray]:
    """Means, standard deviations and year-on-year ratios of windows ending at the origin, each (n_sku,).

    ``<prefix>_mean_<n>`` (n = 3, 6, 12, 24, 36), ``<prefix>_std_<n>`` (6, 12, 24; n - 1 in the denominator) and
    ``<prefix>_year_on_year_<n>`` (3, 6, 12): mean of the last n months / mean of the same n months a year before.

    Args:
        units: (n_sku, T) ending at the origin month; None where the market has no such data: NaN throughout.
    """
    units = np.full((n_sku, 1), np.nan) if units is None else units
    features = {f"{prefix}_mean_{months}": window_mean(units, months) for months in MEAN_MONTHS}
    features |= {f"{prefix}_std_{months}": window_std(units, months) for months in STD_MONTHS}
    for months in YEAR_ON_YEAR_MONTHS:
        now, year_before = window_mean(units, months), window_mean(units, months, months_before_end=12)
        features[f"{prefix}_year_on_year_{months}"] = positive_ratio(now, year_before)
    return features


def sell_out_features(
    sell_in_units: np.ndarray,
    sell_out_units: np.ndarray | None = None,
    stock_units: np.ndarray | None = None,
    price: np.ndarray | None = None,
    distribution_pct: np.ndarray | None = None,
    is_promoted: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """What the trade sold, holds and charged, seen at the origin, each (n,).

    - ``stock_cover_months``: stock of the origin month / mean sell-out of the last 3 months;
    - ``sell_in_to_sell_out_<n>`` (3, 6, 12): mean sell-in / mean sell-out, above 1 when stock builds up;
    - ``price_to_mean_12``: price of the origin month / mean price of the last 12 months;
    - ``distribution_change_<n>`` (3, 12): distribution of the origin month minus that n months before, in points;
    - ``promoted_share_<n>`` (3, 12): share of the known last n months with a promotion.

    Args:
        sell_in_units: (n, T) ending at the origin month; the others alike, or None where the market has none: NaN.
    """
    sell_out, stock, price, distribution, promoted = (
        np.full(sell_in_units.shape, np.nan) if measure is None else measure
        for measure in (sell_out_units, stock_units, price, distribution_pct, is_promoted)
    )
    features = {"stock_cover_months": positive_ratio(stock[:, -1], window_mean(sell_out, 3))}
    for months in SELL_OUT_RATIO_MONTHS:
        ratio = positive_ratio(window_mean(sell_in_units, months), window_mean(sell_out, months))
        features[f"sell_in_to_sell_out_{months}"] = ratio
    features["price_to_mean_12"] = positive_ratio(price[:, -1], window_mean(price, 12))
    for months in (3, 12):
        features[f"distribution_change_{months}"] = change_over(distribution, months)
        features[f"promoted_share_{months}"] = window_mean(promoted, months)
    return features


def change_over(values: np.ndarray, months: int) -> np.ndarray:
    """The last column minus the one ``months`` before it, (n,); NaN where either is unknown or history is short."""
    if values.shape[1] <= months:
        return np.full(len(values), np.nan)
    return values[:, -1] - values[:, -1 - months]


def window_mean(units: np.ndarray, months: int, months_before_end: int = 0) -> np.ndarray:
    """Mean over the ``months`` columns that end ``months_before_end`` before the last, (n,)."""
    return _over_window(known_mean, units, months, months_before_end)


def window_std(units: np.ndarray, months: int) -> np.ndarray:
    """Standard deviation (n - 1 in the denominator) over the last ``months`` columns, (n,)."""
    return _over_window(_sample_std, units, months, 0)


def _sample_std(window: np.ndarray) -> np.ndarray:
    count = (~np.isnan(window)).sum(axis=1)
    squares = known_mean((window - known_mean(window)[:, None]) ** 2) * count
    return np.sqrt(np.divide(squares, count - 1, out=np.full(len(window), np.nan), where=count > 1))


def _over_window(
    statistic: Callable[[np.ndarray], np.ndarray], units: np.ndarray, months: int, months_before_end: int
) -> np.ndarray:
    """The statistic per row where history is long enough and half of the window is known, else NaN."""
    stop = units.shape[1] - months_before_end
    start = stop - months
    if start < 0:
        return np.full(len(units), np.nan)
    window = units[:, start:stop]
    has_history = ~np.isnan(units[:, : start + 1]).all(axis=1)
    enough_known = 2 * (~np.isnan(window)).sum(axis=1) >= months
    return np.where(has_history & enough_known, statistic(window), np.nan)


def positive_ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """``numerator / denominator``; NaN where the denominator is not positive or either is NaN."""
    positive = denominator > 0
    return np.divide(numerator, denominator, out=np.full(np.shape(denominator), np.nan), where=positive)
