"""Seasonal index of a SKU: each calendar month as a multiple of its year, as known at the origin month.

Here belong the index and the weight it deserves. Not here: forecasts (``statistical/``) and features made with it
(``features/``).
"""

from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.arrays import Bools, Floats, Ints

SEASON_LENGTH = 12
HALF_WINDOW = SEASON_LENGTH // 2
YEARS = 6
LARGEST_RATIO = 6.0
LARGEST_INDEX, SMALLEST_INDEX = 8.0, 0.03
RATIOS_TO_JUDGE = 24
WEIGHT_OF_ONE_YEAR = 0.3
ONE_SIDED_5_PERCENT = 1.645


@dataclass(frozen=True)
class SeasonalIndex:
    """Seasonal index per SKU, with its weight and strength.

    Attributes:
        index: (n_sku, 12), January first: the month as a multiple of an average month, 0.03 .. 8, 1 without season.
        weight: (n_sku,), 0 .. 1: weight of the raw index; 0 leaves every month at 1.
        strength: (n_sku,), 0 .. 1: share of the ratios' variance that lies between calendar months; 0 with fewer than
            24 ratios.
        n_ratios: (n_sku,): months that could be compared with the year around them.
    """

    index: Floats
    weight: Floats
    strength: Floats
    n_ratios: Floats

    def of_months(self, calendar_months: Ints) -> Floats:
        """Return the index of given calendar months (1 .. 12): (n_sku, number of months)."""
        return self.index[:, np.asarray(calendar_months) - 1]


def following_calendar_months(calendar_months: Ints, horizon_months: int) -> Ints:
    """Return the calendar months (1 .. 12) of the ``horizon_months`` months after the last one given."""
    return (int(calendar_months[-1]) - 1 + np.arange(1, horizon_months + 1)) % SEASON_LENGTH + 1


def seasonal_indices(units: Floats, calendar_months: Ints) -> SeasonalIndex:
    """Estimate the seasonal index of every SKU from ratios to a centred moving average.

    1. A month is divided by the centred 2x12 moving average around it. The first and last 6 months have no ratio.
    2. The ratios of the last 6 years are clipped to 0 .. 6, averaged per calendar month and normalised to a mean of 1.
    3. The means are shrunk towards 1 by the weight ``(between - within / years) / between``. *between* is the variance
       of the 12 normalised means, *within* the pooled variance of the ratios around them, both on the normalised
       scale. *years* is the number of ratios per calendar month.
    4. With fewer than 24 ratios the weight is 0.3 if every calendar month has a ratio, else 0.

    Args:
        units: (n_sku, n_months) ending at the origin month; NaN if unknown. Ratios that touch an unknown month are left
            out, and those over a year without positive units.
        calendar_months: (n_months,), 1 .. 12, of the columns of ``units``.

    Raises:
        ValueError: If ``calendar_months`` does not give one month 1 .. 12 per column, or the months are not
            consecutive.
    """
    months = _checked_months(units, calendar_months)
    ratios = _ratios_to_year(np.asarray(units, dtype=float)[:, -(YEARS + 1) * SEASON_LENGTH :])
    means, counts, within = _per_calendar_month(ratios, last_month=int(months[-1]))
    seen = counts > 0
    n_ratios, n_seen = counts.sum(axis=1), seen.sum(axis=1)
    overall = np.where(seen, means, 0.0).sum(axis=1) / np.maximum(n_seen, 1)
    usable = overall > 0.0
    overall = np.where(usable, overall, 1.0)
    normalised = np.where(seen & usable[:, None], means / overall[:, None], 1.0)
    within = within / overall**2
    between = np.where(seen, (normalised - 1.0) ** 2, 0.0).sum(axis=1) / np.maximum(n_seen, 1)
    years = n_ratios / np.maximum(n_seen, 1)
    judged = n_ratios >= RATIOS_TO_JUDGE
    trusted = np.clip(_share(between - within / np.maximum(years, 1.0), between), 0.0, 1.0)
    untested = np.where(n_seen == SEASON_LENGTH, WEIGHT_OF_ONE_YEAR, 0.0)
    weight = np.where(judged, trusted, untested)
    strength = np.where(judged, _share(between, between + within), 0.0)
    index = np.clip(1.0 + weight[:, None] * (normalised - 1.0), SMALLEST_INDEX, LARGEST_INDEX)
    return SeasonalIndex(index, weight, strength, n_ratios)


def tested_seasonal_indices(units: Floats, calendar_months: Ints) -> Floats:
    """Return the seasonal index of SKUs that pass a test for a season, else 1: (n_sku, 12), January first.

    The test is that of the M competitions: the autocorrelation at 12 months exceeds 1.645 standard errors (Bartlett's,
    from the autocorrelations before it), on at least 24 known months. The index is the unshrunk mean of the ratios to
    the centred moving average of the last 6 years, normalised to a mean of 1. It is 1 if a calendar month has no ratio.

    Args:
        units: As in ``seasonal_indices``.
        calendar_months: As in ``seasonal_indices``.
    """
    months = _checked_months(units, calendar_months)
    ratios = _ratios_to_year(np.asarray(units, dtype=float)[:, -(YEARS + 1) * SEASON_LENGTH :])
    means, counts, _ = _per_calendar_month(ratios, last_month=int(months[-1]))
    index = means / np.maximum(means.mean(axis=1, keepdims=True), SMALLEST_INDEX)
    believed = _has_season(units) & (counts > 0).all(axis=1) & (index > SMALLEST_INDEX).all(axis=1)
    return np.where(believed[:, None], index, 1.0)


def _has_season(units: Floats) -> Bools:
    known = np.isfinite(units)
    n_known = known.sum(axis=1)
    mean = np.where(known, units, 0.0).sum(axis=1) / np.maximum(n_known, 1)
    deviation = np.where(known, units - mean[:, None], 0.0)
    spread = np.maximum((deviation**2).sum(axis=1), np.finfo(float).tiny)
    lags = range(1, min(SEASON_LENGTH, units.shape[1] - 1) + 1)
    autocorrelation = np.stack(
        [(deviation[:, lag:] * deviation[:, :-lag]).sum(axis=1) / spread for lag in lags], axis=1
    )
    if autocorrelation.shape[1] < SEASON_LENGTH:
        return np.zeros(len(units), dtype=bool)
    error = np.sqrt((1.0 + 2.0 * (autocorrelation[:, :-1] ** 2).sum(axis=1)) / np.maximum(n_known, 1))
    has_season: Bools = (np.abs(autocorrelation[:, -1]) > ONE_SIDED_5_PERCENT * error) & (n_known >= RATIOS_TO_JUDGE)
    return has_season


def _checked_months(units: Floats, calendar_months: Ints) -> Ints:
    months = np.asarray(calendar_months)
    if units.ndim != 2 or months.shape != units.shape[1:]:
        raise ValueError(
            f"calendar_months must have one entry per column of units, got shapes {months.shape} and {units.shape}"
        )
    if len(months) == 0:
        raise ValueError("units has no month: pass at least the origin month")
    wrong = sorted(set(months[(months < 1) | (months > SEASON_LENGTH)].tolist()))
    if wrong:
        raise ValueError(f"calendar_months must be 1 (January) to 12 (December), got {wrong}")
    jumps = np.flatnonzero(np.diff(months) % SEASON_LENGTH != 1)
    if len(jumps):
        at = int(jumps[0])
        raise ValueError(
            f"calendar_months must follow each other, got {int(months[at + 1])} after {int(months[at])} in column "
            f"{at + 1}: complete the months of the panel first"
        )
    return months.astype(int)


def _ratios_to_year(units: Floats) -> Floats:
    """Return units / their centred 2x12 moving average, clipped; NaN if unknown and in the first and last 6 months."""
    n_sku, n_months = units.shape
    ratios = np.full((n_sku, n_months), np.nan)
    n_inner = n_months - SEASON_LENGTH
    if n_inner < 1:
        return ratios
    year = 0.5 * (units[:, :n_inner] + units[:, SEASON_LENGTH:])
    for offset in range(1, SEASON_LENGTH):
        year = year + units[:, offset : offset + n_inner]
    year = year / SEASON_LENGTH
    inner = units[:, HALF_WINDOW : HALF_WINDOW + n_inner]
    ratio = np.divide(inner, year, out=np.full(inner.shape, np.nan), where=year > 0.0)
    ratios[:, HALF_WINDOW : HALF_WINDOW + n_inner] = np.clip(ratio, 0.0, LARGEST_RATIO)
    return ratios


def _per_calendar_month(ratios: Floats, last_month: int) -> tuple[Floats, Floats, Floats]:
    """Return mean and number of ratios per calendar month, (n_sku, 12) each, and their pooled variance, (n_sku,)."""
    n_sku, n_months = ratios.shape
    incomplete = np.full((n_sku, -n_months % SEASON_LENGTH), np.nan)
    by_year = np.concatenate([incomplete, ratios], axis=1).reshape(n_sku, -(-n_months // SEASON_LENGTH), SEASON_LENGTH)
    by_year = np.roll(by_year, last_month, axis=2)
    is_known = np.isfinite(by_year)
    counts = is_known.sum(axis=1)
    means = np.where(is_known, by_year, 0.0).sum(axis=1) / np.maximum(counts, 1)
    deviations = np.where(is_known, by_year - means[:, None], 0.0)
    freedom = np.maximum(counts - 1, 0).sum(axis=1)
    return means, counts, (deviations**2).sum(axis=(1, 2)) / np.maximum(freedom, 1)


def _share(part: Floats, whole: Floats) -> Floats:
    """Return ``part / whole``, 0 if the whole is 0."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0.0)
