"""Input drift: change in the distribution of a month's features over the SKUs against the year before.

Here belong the population stability index per feature and the families of features by source. Not here: totals of a
source, new and missing SKUs (``source_drift.py``).
"""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.features.columns import split_columns
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict, undecided

DRIFT = "drift"
REFERENCE_MONTHS, MIN_REFERENCE_MONTHS = 12, 6
MAX_PSI = 0.25
MIN_SKUS, SKUS_PER_BIN, MOST_BINS, FEWEST_BINS = 30, 10, 10, 4
NOISE_RATE = 0.001
SHOWN_FEATURES = 5
# Only features that differ between SKUs: a figure of the whole market (calendar, restrictions, totals) has one value a
# month, and age always grows. A feature belongs to the first family that matches its name.
FAMILIES = {
    "sell-in level": r"sell_in_(lag|mean|std)_\d+|nonzero_mean_units|log_scale_units|reference_mean_12",
    "sell-in pattern": r"sell_in_year_on_year_\d+|nonzero_share|adi|cv2|zero_share_24|seasonal_strength|(abc|xyz)_rank"
    r"|months_since_last_sale|sku_share_of_category_sell_in_12",
    "sell-out": r"sell_out_(lag|mean|std|year_on_year)_\d+|sell_out_surprise|sku_share_of_category_sell_out_12",
    "stock and cover": r"sell_in_to_sell_out_\d+|stock_\w+|usual_cover_months",
    "price and distribution": r"price_\w+|distribution_\w+|usual_discount",
    "promotions": r"promoted_\w+|promotion_uplift",
    "product attributes": r"(category|brand|pack)_is_.+|attribute_.+",
    "statistical": r"(ses|theta|damped_holt)_\w+|statistical_slope",
}


def family_of(feature: str) -> str | None:
    """Return the family of a feature by its name; None if it is not tested, such as features by horizon."""
    of_origin, _ = split_columns([feature])
    if not of_origin:
        return None
    return next((name for name, pattern in FAMILIES.items() if re.fullmatch(pattern, feature)), None)


def tested_features(columns: Iterable[str]) -> list[str]:
    """Return the features that are tested for drift."""
    return [column for column in columns if family_of(column)]


def population_stability_index(reference: Floats, current: Floats, bins: int = MOST_BINS) -> float:
    """Return ``sum((q - p) ln(q / p))`` over bins, p the shares of the reference, q those of the current values; >= 0.

    Bins are quantiles of the known reference values (equal ones merged), one bin for values outside their range and one
    for unknown values. Half a value is added to every bin, so that an empty bin has a logarithm. By convention, values
    below 0.10 mean no change, values above 0.25 a large one (Siddiqi 2006).

    Args:
        reference: Values of one feature, (n,), NaN if unknown; not empty.
        current: Values of the same feature, (m,), NaN if unknown; not empty.
        bins: Number of quantile bins.
    """
    p, q = (counts + 0.5 for counts in _counts(reference, current, bins))
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _counts(reference: Floats, current: Floats, bins: int) -> tuple[Floats, Floats]:
    """Count both by bin: quantile bins, outside, unknown."""
    known = reference[~np.isnan(reference)]
    low, high = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
    inner = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.empty(0)
    # An edge at the smallest value would leave the bin below it empty in both.
    inner = inner[inner > low]
    outside, unknown = len(inner) + 1, len(inner) + 2

    def counted(values: Floats) -> Floats:
        position = np.searchsorted(inner, values, side="right")
        position = np.where((values < low) | (values > high) | np.isnan(low), outside, position)
        return np.bincount(np.where(np.isnan(values), unknown, position), minlength=unknown + 1).astype(float)

    return counted(reference), counted(current)


def bins_for(skus: int) -> int:
    """Return the number of quantile bins for a number of SKUs: about 10 SKUs per bin, 4 to 10 bins."""
    return int(np.clip(skus // SKUS_PER_BIN, FEWEST_BINS, MOST_BINS))


def psi_limit(skus: int, reference_skus: int, bins: int) -> float:
    """Return the index above which a feature has drifted: 0.25, or the value sampling exceeds once in a thousand.

    Without drift the index is about ``(1/n + 1/m) chi2(bins - 1)`` (Yurdakul 2018). The months of the reference repeat
    the same SKUs, so m is their number and not that of the rows.
    """
    from scipy.special import chdtri

    return max(MAX_PSI, (1 / skus + 1 / reference_skus) * float(chdtri(bins + 1, NOISE_RATE)))


def drift_verdicts(features: pd.DataFrame, reference: pd.DataFrame, month: pd.Timestamp) -> list[AlarmVerdict]:
    """Return one verdict per family: an alarm if the median index of its features is above the limit.

    The median is used because one feature of many exceeds any limit by chance, while a changed source moves its whole
    family.

    Args:
        features: ``features`` of the month.
        reference: ``features`` of the 12 months before, with their ``month``.
        month: The origin month.

    Returns:
        Undecided with fewer than 30 SKUs or 6 months of reference. Features with the same single value, or only unknown
        ones, in both do not count.
    """
    names = tested_features(features.columns.intersection(reference.columns))
    months = reference["month"].nunique() if len(reference) else 0
    if len(features) < MIN_SKUS or months < MIN_REFERENCE_MONTHS:
        reason = f"{len(features)} SKUs, {months} months to compare with; needs {MIN_SKUS} and {MIN_REFERENCE_MONTHS}"
        return [undecided(DRIFT, family, reason) for family in FAMILIES]
    bins = bins_for(len(features))
    limit = psi_limit(len(features), reference["sku"].nunique(), bins)
    index = {
        name: population_stability_index(reference[name].to_numpy(float), features[name].to_numpy(float), bins)
        for name in names
        if _varies(reference[name], features[name])
    }
    by_family = pd.Series(index, dtype=float).groupby(family_of)
    return [_family_verdict(str(family), values, limit, month) for family, values in by_family]


def _varies(reference: pd.Series, current: pd.Series) -> bool:
    """Return True if both together have more than one value; unknown counts as a value."""
    return bool(pd.concat([reference, current]).nunique(dropna=False) > 1)


def _family_verdict(family: str, index: pd.Series, limit: float, month: pd.Timestamp) -> AlarmVerdict:
    worst = index.sort_values(ascending=False).head(SHOWN_FEATURES)
    figure = float(index.median())
    return AlarmVerdict(
        DRIFT,
        family,
        figure > limit,
        f"Inputs '{family}' of {month:%Y-%m} differ from the year before: stability index {figure:.2f}, "
        f"limit {limit:.2f} (median of {len(index)} features)",
        tuple((str(name), f"{value:.2f}") for name, value in worst.items()),
        weight=figure / limit,
    )
