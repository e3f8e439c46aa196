"""Is one method better than another on a market, or could the difference be a matter of which SKUs the market has?

A paired bootstrap over SKUs. What is done with the verdict is in ``publication.py``.
"""

import dataclasses

import numpy as np
import pandas as pd

DRAWS, DRAWS_AT_ONCE, SEED = 2000, 200, 20
LOWER, UPPER = 0.05, 0.95
MIN_ORIGINS, MIN_SKUS = 3, 30
BETTER, WORSE, INDISTINGUISHABLE, NOT_DECIDABLE = "better", "worse", "indistinguishable", "not decidable"


@dataclasses.dataclass(frozen=True)
class PairedTest:
    """A method against a reference on identical cells.

    Attributes:
        ratio: WAPE of the method / WAPE of the reference; below 1 the method is better. NaN without a scored cell.
        low, high: 90 % interval of the ratio.
        probability_better: Share of the resampled markets in which the ratio is below 1.
        skus, origins: How many the test rests on.
    """

    ratio: float
    low: float
    high: float
    probability_better: float
    skus: int
    origins: int

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` where the interval lies on one side of 1, else ``indistinguishable``.

        ``not decidable`` with fewer than 3 origins or 30 SKUs: the figures stand, but carry no decision.
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


def paired_test(cells: pd.DataFrame, method: str = "model_units", reference: str = "baseline_units") -> PairedTest:
    """Resample the SKUs of a market, each with all its cells, and look at the ratio of the two WAPEs.

    All cells of a SKU are drawn together, because the errors of its months and origins depend on one another. On
    identical cells the sums of actuals of both WAPEs are the same, so their ratio is that of the absolute errors. What
    all SKUs share, a bad month of the whole market, is not resampled: the interval says how much hangs on the SKUs.
    The seed is fixed: the same cells give the same verdict.

    Args:
        cells: One row per SKU, origin and horizon: ``sku, origin_month, actual_units`` and both methods. Cells where
            one of the three is unknown are left out.
        method, reference: Columns of the forecasts.
    """
    scored = cells.dropna(subset=["actual_units", method, reference])
    errors = scored[[method, reference]].sub(scored["actual_units"], axis=0).abs()
    by_sku = errors.groupby(scored["sku"], sort=True).sum().to_numpy(dtype=float)
    origins = scored["origin_month"].nunique()
    if not len(by_sku):
        return PairedTest(np.nan, np.nan, np.nan, np.nan, 0, origins)
    drawn = _ratio(resampled_sums(by_sku))
    # Quantiles that are ratios which came up: between a finite one and infinity nothing can be interpolated.
    low, high = np.quantile(drawn, [LOWER, UPPER], method="inverted_cdf")
    (ratio,) = _ratio(by_sku.sum(axis=0, keepdims=True))
    return PairedTest(float(ratio), float(low), float(high), float((drawn < 1).mean()), len(by_sku), origins)


def resampled_sums(by_sku: np.ndarray) -> np.ndarray:
    """Sums of the columns over as many SKUs as there are, drawn with replacement: (2000, columns).

    How often each SKU is drawn is multinomial, so a draw is one product of counts and sums. In batches, because the
    counts of all draws at once would be 80 MB for 5,000 SKUs.
    """
    generator = np.random.default_rng(SEED)
    count = len(by_sku)
    chances = np.full(count, 1 / count)
    batches = [generator.multinomial(count, chances, DRAWS_AT_ONCE) @ by_sku for _ in range(DRAWS // DRAWS_AT_ONCE)]
    return np.concatenate(batches)


def _ratio(sums: np.ndarray) -> np.ndarray:
    """First column over second; 1 where neither method has an error, infinite where only the reference has none."""
    error, reference = sums[:, 0], sums[:, 1]
    without = np.where(error > 0, np.inf, 1.0)
    return np.divide(error, reference, out=without, where=reference > 0)
