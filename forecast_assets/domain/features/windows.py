"""Features over windows that end at the origin month: rolling means, spreads, year-on-year ratios, and sell-out ratios.

Sell-in, sell-out and totals share one function, with a prefix. Single earlier values are in ``lags``.

A window of n months needs n months of history, from the first known month to the origin, and at least half of its
months known; otherwise the feature is NaN. Ratios are NaN where the denominator is not positive.
"""

from collections.abc import Callable

import numpy as np

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import known_mean

MEAN_MONTHS = (3, 6, 12, 24, 36)
STD_MONTHS = (6, 12, 24)
YEAR_ON_YEAR_MONTHS = (3, 6, 12)
SELL_OUT_RATIO_MONTHS = (3, 6, 12)


def window_features(units: Floats | None, prefix: str, n_sku: int) -> dict[str, Floats]:
    """Return means, standard deviations and year-on-year ratios of windows ending at the origin, each (n_sku,).

    ``<prefix>_mean_<n>`` (n = 3, 6, 12, 24, 36), ``<prefix>_std_<n>`` (6, 12, 24; n - 1 in the denominator) and
    ``<prefix>_year_on_year_<n>`` (3, 6, 12): mean of the last n months / mean of the same n months a year before.

    Args:
        units: (n_sku, T) ending at the origin month; None if the market has no such data: NaN throughout.
        prefix: First part of the names.
        n_sku: Number of SKUs.
    """
    units = np.full((n_sku, 1), np.nan) if units is None else units
    features = {f"{prefix}_mean_{months}": window_mean(units, months) for months in MEAN_MONTHS}
    features |= {f"{prefix}_std_{months}": window_std(units, months) for months in STD_MONTHS}
    for months in YEAR_ON_YEAR_MONTHS:
        now, year_before = window_mean(units, months), window_mean(units, months, months_before_end=12)
        features[f"{prefix}_year_on_year_{months}"] = positive_ratio(now, year_before)
    return features


def sell_out_features(
    sell_in_units: Floats,
    sell_out_units: Floats | None = None,
    stock_units: Floats | None = None,
    price: Floats | None = None,
    distribution_pct: Floats | None = None,
    is_promoted: Floats | None = None,
) -> dict[str, Floats]:
    """Return sell-out, stock, price, distribution and promotions of the trade at the origin, each (n,).

    - ``stock_cover_months``: stock of the origin month / mean sell-out of the last 3 months;
    - ``sell_in_to_sell_out_<n>`` (3, 6, 12): mean sell-in / mean sell-out, above 1 when stock builds up;
    - ``price_to_mean_12``: price of the origin month / mean price of the last 12 months;
    - ``distribution_change_<n>`` (3, 12): distribution of the origin month minus that n months before, in points;
    - ``promoted_share_<n>`` (3, 12): share of the known last n months with a promotion.

    Args:
        sell_in_units: (n, T) ending at the origin month.
        sell_out_units: The same shape; None, here and below, if the market has none: NaN.
        stock_units: Stock of the trade at the end of the month.
        price: Mean price.
        distribution_pct: Share of shops that sell the SKU, in percent.
        is_promoted: 1 in a month with a promotion, else 0.
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


def change_over(values: Floats, months: int) -> Floats:
    """Return the last column minus the one ``months`` before it, (n,); NaN where unknown or history is short."""
    if values.shape[1] <= months:
        return np.full(len(values), np.nan)
    last: Floats = values[:, -1]
    before: Floats = values[:, -1 - months]
    return last - before


def window_mean(units: Floats, months: int, months_before_end: int = 0) -> Floats:
    """Return the mean over the ``months`` columns that end ``months_before_end`` before the last, (n,)."""
    return _over_window(known_mean, units, months, months_before_end)


def window_std(units: Floats, months: int) -> Floats:
    """Return the standard deviation (n - 1 in the denominator) over the last ``months`` columns, (n,)."""
    return _over_window(_sample_std, units, months, 0)


def _sample_std(window: Floats) -> Floats:
    count = (~np.isnan(window)).sum(axis=1)
    squares = known_mean((window - known_mean(window)[:, None]) ** 2) * count
    variance = np.full(len(window), np.nan)
    np.divide(squares, count - 1, out=variance, where=count > 1)
    deviation: Floats = np.sqrt(variance)
    return deviation


def _over_window(statistic: Callable[[Floats], Floats], units: Floats, months: int, months_before_end: int) -> Floats:
    """Return the statistic per row if history is long enough and half of the window is known, else NaN."""
    stop = units.shape[1] - months_before_end
    start = stop - months
    if start < 0:
        return np.full(len(units), np.nan)
    window = units[:, start:stop]
    has_history = ~np.isnan(units[:, : start + 1]).all(axis=1)
    enough_known = 2 * (~np.isnan(window)).sum(axis=1) >= months
    return np.where(has_history & enough_known, statistic(window), np.nan)


def positive_ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return ``numerator / denominator``; NaN where the denominator is not positive or either is NaN."""
    ratio = np.full(np.shape(denominator), np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio
