"""Worth of each source of features: what the refits lose or gain by it, so that no delivery does harm.

The market's own months decide. The refits' small learners with and without a source are in ``source_learner.py``, the
votes on weights and shares in ``refits.py``.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from forecast_assets.domain.models.refits import MIN_CELLS_FOR_A_WEIGHT, Refit
from forecast_assets.domain.models.source_learner import EVERY_COLUMN, SOURCES

# Sources that ``expected_units`` are made of: without one of them, there are none.
OF_EXPECTED_UNITS = ("promotions", "sell-out")
# Share of the WAPE that a source may cost.
LARGEST_COST = 0.01


def harmful_sources(refits: Sequence[Refit], boosting_weight: float, planned_share: float) -> tuple[str, ...]:
    """Return the sources that cost more than 1 % of the WAPE over the refits' regular SKUs, and cost it in most refits.

    The blend is compared: the small learner with and without a source's columns at the weight of the direct boosting,
    and the members. Without promotions or sell-out, the planned units have no share of the members.

    Args:
        refits: Refits without planned units in their members.
        boosting_weight: Weight of the direct boosting.
        planned_share: Share of the planned units in the members.
    """
    return tuple(source for source in SOURCES if _is_harmful(source, refits, boosting_weight, planned_share))


def _is_harmful(source: str, refits: Sequence[Refit], boosting_weight: float, planned_share: float) -> bool:
    tested = [refit for refit in refits if source in refit.without]
    cells = sum(int(np.isfinite(refit.actual_units + refit.without[source]).sum()) for refit in tested)
    if cells < MIN_CELLS_FOR_A_WEIGHT:
        return False
    share = 0.0 if source in OF_EXPECTED_UNITS else planned_share
    used = np.array([_error(refit, EVERY_COLUMN, boosting_weight, planned_share) for refit in tested])
    limit = (1.0 + LARGEST_COST) * np.array([_error(refit, source, boosting_weight, share) for refit in tested])
    return bool(used.sum() > limit.sum() and 2 * (used > limit).sum() > len(tested))


def _error(refit: Refit, source: str, boosting_weight: float, planned_share: float) -> float:
    """Return the sum of absolute errors over the known cells, with the small learner as boosting."""
    shared = refit.predictions.with_planned(planned_share)
    blended = dataclasses.replace(shared, boosting=refit.without[source]).blended(boosting_weight)
    return float(np.nansum(np.abs(blended - refit.actual_units)))
