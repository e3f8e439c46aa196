"""What is learned from refits of the recipe at earlier origins: the weight of the boosting and the interval widths.

Every forecast here was made by parts that had seen nothing after its origin, so weights and widths come from
out-of-sample errors alone. Not here: the parts (``parts.py``) and how widths become intervals (``intervals.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand import DemandPanel
from forecast_assets.domain.models.gradient_boosting import feature_gains
from forecast_assets.domain.models.parts import Answers, answers, fit_parts
from forecast_assets.domain.models.recipe import REFIT_OFFSETS_MONTHS, Recipe
from forecast_assets.domain.models.training_rows import TooFewRowsError, following_units

WEIGHTS = (0.2, 0.3, 0.55, 0.7, 0.85, 1.0)
# Another weight must beat the recipe's by this share of its WAPE: less is noise of one or two eras.
LEAST_GAIN = 0.01
# With under 50 SKUs a weight chosen for a gain of 1 % costs: on 15 SKUs a market WAPE is 0.7 % higher.
LEAST_GAIN_OF_FEW = 0.05
MIN_CELLS_FOR_A_WEIGHT = 300


@dataclasses.dataclass(frozen=True)
class Refit:
    """The answers of a refit at an earlier origin and what followed, (n, horizon), NaN after the cutoff.

    ``gains`` is the share of the boosting's gain that each feature had (``gradient_boosting.feature_gains``).
    """

    answers: Answers
    actual_units: np.ndarray
    gains: pd.Series = dataclasses.field(default_factory=lambda: pd.Series(dtype=float))


@dataclasses.dataclass
class RefitMemory:
    """Refits already made of the same features, sell-in and recipe, by origin; None where history was too short.

    A refit depends on its origin and not on the cutoff it serves, so a backtest at several origins makes each once.
    """

    made: dict[pd.Timestamp, tuple[pd.DataFrame, Answers, pd.Series] | None] = dataclasses.field(default_factory=dict)


def refits(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    memory: RefitMemory | None = None,
) -> list[Refit]:
    """Refit the recipe 18, 12 and 6 months before the cutoff and forecast a sample of the SKUs of then.

    Origins with too little history are left out.
    """
    memory = RefitMemory() if memory is None else memory
    served = []
    for months_back in REFIT_OFFSETS_MONTHS:
        origin = add_months(cutoff, -months_back)
        if origin not in memory.made:
            memory.made[origin] = _refit(features, sell_in, origin, recipe)
        if memory.made[origin] is not None:
            at_origin, said, gains = memory.made[origin]
            served.append(Refit(said, following_units(at_origin, sell_in, cutoff), gains))
    return served


def _refit(
    features: pd.DataFrame, sell_in: DemandPanel, origin: pd.Timestamp, recipe: Recipe
) -> tuple[pd.DataFrame, Answers, pd.Series] | None:
    """SKU and origin of the rows answered, the answers and the gains; None where there is too little history."""
    at_origin = features[features["origin_month"] == origin].sort_values("sku")
    if at_origin.empty:
        return None
    if len(at_origin) > recipe.refit_skus:
        at_origin = at_origin.sample(recipe.refit_skus, random_state=recipe.seed).sort_values("sku")
    small = recipe.of_refits()
    try:
        parts, _ = fit_parts(features, sell_in, origin, small)
    except TooFewRowsError:
        return None
    gains = pd.Series(feature_gains(parts.boosters, parts.names.all), index=parts.names.all)
    return at_origin[["sku", "origin_month"]], answers(at_origin, sell_in, parts, small), gains


def chosen_features(made: list[Refit], recipe: Recipe) -> set[str] | None:
    """The features with the largest gains over the refits, as many as the recipe keeps; None without a refit: all.

    The refits learned from months before their origins only, so the choice knows nothing after the cutoff.
    """
    if not made:
        return None
    gains = pd.concat([refit.gains for refit in made], axis=1).sum(axis=1)
    ranked = gains.sort_values(ascending=False, kind="stable")
    return set(ranked.index[: recipe.kept_features])


def learned_weight(made: list[Refit], usual: float, least_gain: float = LEAST_GAIN) -> float:
    """The weight of the direct boosting with the least WAPE over the refits' regular SKUs.

    The usual weight stays unless another is better by ``least_gain`` of its WAPE, and where fewer than 300 cells are
    known.
    """
    wape = {weight: _absolute_error(made, weight) for weight in sorted({*WEIGHTS, usual})}
    cells = sum(int(np.isfinite(refit.actual_units[~refit.answers.is_intermittent]).sum()) for refit in made)
    best = min(wape, key=wape.get)
    is_better = wape[best] < (1.0 - least_gain) * wape[usual]
    return best if is_better and cells >= MIN_CELLS_FOR_A_WEIGHT else usual


def _absolute_error(made: list[Refit], weight: float) -> float:
    total = 0.0
    for refit in made:
        error = np.abs(refit.answers.blended(weight) - refit.actual_units)
        total += float(np.nansum(error[~refit.answers.is_intermittent]))
    return total


def refit_errors(made: list[Refit], boosting_weight: float) -> pd.DataFrame:
    """Errors of the refits' forecasts as multiples of each SKU's dispersion, one row per known cell.

    Returns:
        ``error`` (forecast - actual), ``forecast`` (both in dispersions), ``horizon_months`` and ``is_intermittent``.
    """
    tables = []
    for refit in made:
        said = refit.answers
        point = said.blended(boosting_weight) / said.dispersion_units[:, None]
        error = point - refit.actual_units / said.dispersion_units[:, None]
        row, step = np.nonzero(np.isfinite(error))
        tables.append(
            pd.DataFrame(
                {
                    "error": error[row, step],
                    "forecast": point[row, step],
                    "horizon_months": step + 1,
                    "is_intermittent": said.is_intermittent[row],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
