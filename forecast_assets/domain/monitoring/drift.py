"""Input drift: are the features of a month distributed over the SKUs as in the year before?

Population stability index per feature, families of features by what they are made from. Totals of a source (volume, new
and missing SKUs) are watched in ``source_drift.py``.
"""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import chi2

from forecast_assets.domain.features.columns import split_columns
from forecast_assets.domain.monitoring.alarms import Verdict, undecided

DRIFT = "drift"
REFERENCE_MONTHS, MIN_REFERENCE_MONTHS = 12, 6
MAX_PSI = 0.25
MIN_SKUS, SKUS_PER_BIN, MOST_BINS, FEWEST_BINS = 30, 10, 10, 4
NOISE_RATE = 0.001
SHOWN_FEATURES = 5
# Only what differs between SKUs: of a figure of the whole market (calendar, restrictions, totals) a month has one
# value, and age grows by itself. The first family that matches a name has it.
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
    """Family of a feature by its name; None for what is not tested, features by horizon among them."""
    of_origin, _ = split_columns([feature])
    if not of_origin:
        return None
    return next((name for name, pattern in FAMILIES.items() if re.fullmatch(pattern, feature)), None)


def tested_features(columns: Iterable[str]) -> list[str]:
    """The features that drift is looked for in."""
    return [column for column in columns if family_of(column)]


def population_stability_index(reference: np.ndarray, current: np.ndarray, bins: int = MOST_BINS) -> float:
    """``sum((q - p) ln(q / p))`` over bins, p the shares of the reference, q those of the current values; >= 0.

    Bins are quantiles of the known reference values (equal ones merged), one for values outside their range and one for
    unknown values. Half a value is added to every bin, so that an empty one has a logarithm. By custom, below 0.10
    nothing has changed, above 0.25 much has (Siddiqi 2006).

    Args:
        reference, current: Values of one feature, (n,) and (m,), NaN where unknown; neither empty.
    """
    p, q = (counts + 0.5 for counts in _counts(reference, current, bins))
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _counts(reference: np.ndarray, current: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts of both by bin: quantile bins, outside, unknown."""
    known = reference[~np.isnan(reference)]
    low, high = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
    inner = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.empty(0)
    # An edge at the smallest value would leave the bin below it empty in both.
    inner = inner[inner > low]
    outside, unknown = len(inner) + 1, len(inner) + 2

    def counted(values: np.ndarray) -> np.ndarray:
        place = np.searchsorted(inner, values, side="right")
        place = np.where((values < low) | (values > high) | np.isnan(low), outside, place)
        return np.bincount(np.where(np.isnan(values), unknown, place), minlength=unknown + 1).astype(float)

    return counted(reference), counted(current)


def bins_for(skus: int) -> int:
    """Quantile bins for so many SKUs: about 10 SKUs a bin, 4 to 10 bins."""
    return int(np.clip(skus // SKUS_PER_BIN, FEWEST_BINS, MOST_BINS))


def psi_limit(skus: int, reference_skus: int, bins: int) -> float:
    """Index above which a feature has drifted: 0.25, or what sampling alone exceeds once in a thousand.

    Without drift the index is about ``(1/n + 1/m) chi2(bins - 1)`` (Yurdakul 2018). The months of the reference repeat
    the same SKUs, so m is their number and not that of the rows.
    """
    return max(MAX_PSI, (1 / skus + 1 / reference_skus) * float(chi2.ppf(1 - NOISE_RATE, bins + 1)))


def drift_verdicts(features: pd.DataFrame, reference: pd.DataFrame, month: pd.Timestamp) -> list[Verdict]:
    """One verdict per family: has the median index of its features passed the limit?

    The median, because one feature of many passes any limit by chance; a source that changed moves all of its family.

    Args:
        features: ``features`` of the month.
        reference: ``features`` of the 12 months before, with their ``month``.
        month: The origin month.

    Returns:
        Undecided with fewer than 30 SKUs or 6 months of reference. Features that are unknown throughout both, or have
        one value in the reference and the same now, do not count.
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
    return [_family_verdict(family, values, limit, month) for family, values in by_family]


def _varies(reference: pd.Series, current: pd.Series) -> bool:
    """Whether there is more than one value in both together, unknown being a value."""
    return pd.concat([reference, current]).nunique(dropna=False) > 1


def _family_verdict(family: str, index: pd.Series, limit: float, month: pd.Timestamp) -> Verdict:
    worst = index.sort_values(ascending=False).head(SHOWN_FEATURES)
    figure = float(index.median())
    return Verdict(
        DRIFT,
        family,
        figure > limit,
        f"Inputs '{family}' of {month:%Y-%m} differ from the year before: stability index {figure:.2f}, "
        f"limit {limit:.2f} (median of {len(index)} features)",
        tuple((name, f"{value:.2f}") for name, value in worst.items()),
        weight=figure / limit,
    )
