"""Paired comparison of two methods on a market: is the difference larger than the choice of SKUs explains?

The test is a paired bootstrap over SKUs. Not here: decisions based on the verdict (``selection/champion.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats

DRAWS, DRAWS_AT_ONCE, SEED = 2000, 200, 20
LOWER, UPPER = 0.05, 0.95
MIN_ORIGINS, MIN_SKUS = 3, 30
BETTER, WORSE, INDISTINGUISHABLE, NOT_DECIDABLE = "better", "worse", "indistinguishable", "not decidable"


@dataclasses.dataclass(frozen=True)
class PairedComparison:
    """A method against a reference on identical cells.

    Attributes:
        ratio: WAPE of the method / WAPE of the reference; below 1 the method is better. NaN without a scored cell.
        low: Lower end of the ratio's 90 % interval.
        high: Upper end of the ratio's 90 % interval.
        probability_better: Share of the resampled markets in which the ratio is below 1.
        skus: Number of SKUs compared.
        origins: Number of origins compared.
    """

    ratio: float
    low: float
    high: float
    probability_better: float
    skus: int
    origins: int

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` if the interval is on one side of 1, else ``indistinguishable``.

        ``not decidable`` with fewer than 3 origins or 30 SKUs: the figures are valid, but too few for a decision.
        """
        if self.origins < MIN_ORIGINS or self.skus < MIN_SKUS:
            return NOT_DECIDABLE
        if self.high < 1:
            return BETTER
        return WORSE if self.low > 1 else INDISTINGUISHABLE

    @property
    def in_words(self) -> str:
        """The verdict with its figures, for a reason or a report."""
        if self.verdict == NOT_DECIDABLE:
            return (
                f"{NOT_DECIDABLE} ({self.origins} origins, {self.skus} SKUs; "
                f"needs {MIN_ORIGINS} origins and {MIN_SKUS} SKUs)"
            )
        return f"{self.verdict} (WAPE ratio {self.ratio:.3f}, 90 % interval {self.low:.3f} to {self.high:.3f})"


def compare_paired(
    cells: pd.DataFrame, method: str = "model_units", reference: str = "baseline_units"
) -> PairedComparison:
    """Resample the SKUs of a market, each with all its cells, and compute the ratio of the two WAPEs.

    All cells of a SKU are drawn together, because the errors of its months and origins depend on one another. On
    identical cells both WAPEs have the same sum of actuals, so their ratio is that of the absolute errors. Effects on
    all SKUs, such as a bad month of the whole market, are not resampled: the interval covers the choice of SKUs alone.
    The seed is fixed: the same cells give the same verdict.

    Args:
        cells: One row per SKU, origin and horizon: ``sku, origin_month, actual_units`` and both methods. Cells with
            one of the three unknown are left out.
        method: Column of the method's forecasts.
        reference: Column of the reference's forecasts.
    """
    scored = cells.dropna(subset=["actual_units", method, reference])
    errors = scored[[method, reference]].sub(scored["actual_units"], axis=0).abs()
    by_sku = errors.groupby(scored["sku"], sort=True).sum().to_numpy(dtype=float)
    origins = scored["origin_month"].nunique()
    if not len(by_sku):
        return PairedComparison(np.nan, np.nan, np.nan, np.nan, 0, origins)
    drawn = _ratio(resampled_sums(by_sku))
    # Only drawn ratios are quantiles: no value can be interpolated between a finite ratio and infinity.
    low, high = np.quantile(drawn, [LOWER, UPPER], method="inverted_cdf")
    (ratio,) = _ratio(by_sku.sum(axis=0, keepdims=True))
    return PairedComparison(float(ratio), float(low), float(high), float((drawn < 1).mean()), len(by_sku), origins)


def resampled_sums(by_sku: Floats) -> Floats:
    """Return column sums over as many SKUs as there are, drawn with replacement: (2000, columns).

    The number of times each SKU is drawn is multinomial, so a draw is one product of counts and sums. Draws are made in
    batches, because the counts of all draws at once would be 80 MB for 5,000 SKUs.
    """
    generator = np.random.default_rng(SEED)
    count = len(by_sku)
    chances = np.full(count, 1 / count)
    batches = [generator.multinomial(count, chances, DRAWS_AT_ONCE) @ by_sku for _ in range(DRAWS // DRAWS_AT_ONCE)]
    return np.concatenate(batches)


def _ratio(sums: Floats) -> Floats:
    """Return first column / second; 1 if neither method has an error, infinite if only the reference has none."""
    error, reference = sums[:, 0], sums[:, 1]
    without = np.where(error > 0, np.inf, 1.0)
    ratio: Floats = np.divide(error, reference, out=without, where=reference > 0)
    return ratio
