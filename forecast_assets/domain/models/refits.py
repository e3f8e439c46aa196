"""What is learned from refits of the recipe at earlier origins: the weights of the blend and the interval widths.

Every forecast here was made by parts that had seen nothing after its origin, so weights and widths come from
out-of-sample errors alone. Not here: the parts (``parts.py``) and how widths become intervals (``intervals.py``).
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.intervals import INTERMITTENT, REGULAR, horizon_quantiles
from forecast_assets.domain.models.boosters import Answers, Parts, answers_of_each, fit_parts
from forecast_assets.domain.models.gradient_boosting import feature_gains
from forecast_assets.domain.models.recipe import REFIT_OFFSETS_MONTHS, Recipe
from forecast_assets.domain.models.training_rows import TooFewRowsError, TrainingRows, following_units

WEIGHTS = (0.2, 0.3, 0.55, 0.7, 0.85, 1.0)
# Another weight must beat the recipe's by this share of its WAPE: less is noise of one or two eras.
LEAST_GAIN = 0.01
# The same in a market of few SKUs: on 15 SKUs each, weights that were better by 1 % cost .7 % WAPE afterwards.
LEAST_GAIN_OF_FEW = 0.05
MIN_CELLS_FOR_A_WEIGHT = 300
# The refits learn from a fifth of the rows: between the 10 and 90 % quantiles of their errors lay 82 to 86 % of the
# actuals (M3, car parts, hospital), between these 80 to 84 %.
LOWER, UPPER = 0.11, 0.89


@dataclasses.dataclass(frozen=True)
class Refit:
    """The answers of a refit at an earlier origin and what followed, (n, horizon), NaN after the cutoff.

    ``gains`` is the share of the own boosting's gain that each feature had (``gradient_boosting.feature_gains``); none
    where the market had no parts of its own. ``pooled`` is what the learners over all markets said then, beside the
    market's own ``answers``; None where only one of the two could be made, which then is ``answers``.
    """

    answers: Answers
    actual_units: Floats
    gains: pd.Series = dataclasses.field(default_factory=lambda: pd.Series(dtype=float))
    pooled: Answers | None = None

    def mixed(self, share: float) -> "Refit":
        """The refit with a share of the pooled answers in its own."""
        if self.pooled is None:
            return self
        return dataclasses.replace(self, answers=self.answers.mixed(self.pooled, share), pooled=None)


@dataclasses.dataclass
class RefitMemory:
    """Refits already made of the same features, sell-in, recipe and pooled parts, by origin: SKU and origin of the rows
    answered, the refit before anything that followed. None where history was too short.

    A refit depends on its origin and not on the cutoff it serves, so a backtest at several origins makes each once.
    """

    made: dict[pd.Timestamp, tuple[pd.DataFrame, Refit] | None] = dataclasses.field(default_factory=dict)


def refits(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    memory: RefitMemory | None = None,
    pooled: Mapping[int, Parts] | None = None,
) -> list[Refit]:
    """Refit the recipe 18, 12 and 6 months before the cutoff and forecast a sample of the SKUs of then.

    Origins with too little history are left out.

    Args:
        pooled: Learners over all markets by months before the cutoff, each from months before its origin alone.
    """
    memory = RefitMemory() if memory is None else memory
    served = []
    for months_back in REFIT_OFFSETS_MONTHS:
        origin = add_months(cutoff, -months_back)
        if origin not in memory.made:
            memory.made[origin] = _refit(features, sell_in, origin, recipe, (pooled or {}).get(months_back))
        if memory.made[origin] is not None:
            at_origin, refit = memory.made[origin]
            served.append(dataclasses.replace(refit, actual_units=following_units(at_origin, sell_in, cutoff)))
    return served


def _refit(
    features: pd.DataFrame, sell_in: DemandPanel, origin: pd.Timestamp, recipe: Recipe, pooled: Parts | None
) -> tuple[pd.DataFrame, Refit] | None:
    """SKU and origin of the rows answered, and the refit; None with too little history and nothing pooled."""
    at_origin = features[features["origin_month"] == origin].sort_values("sku")
    if at_origin.empty:
        return None
    if len(at_origin) > recipe.refit_skus:
        at_origin = at_origin.sample(recipe.refit_skus, random_state=recipe.seed).sort_values("sku")
    small = recipe.of_refits()
    own = _own_parts(features, sell_in, origin, small)
    several = [parts for parts in (own, pooled) if parts is not None]
    if not several:
        return None
    said = answers_of_each(at_origin, sell_in, several, small)
    gains = gains_of(own) if own else pd.Series(dtype=float)
    unknown = np.full_like(said[0].boosting, np.nan)
    return at_origin[["sku", "origin_month"]], Refit(said[0], unknown, gains, said[1] if len(said) > 1 else None)


def gains_of(parts: Parts) -> pd.Series:
    """Share of the direct boosting's gain that each column of the parts has, by its name."""
    return pd.Series(feature_gains(parts.boosters, parts.names.all), index=parts.names.all, dtype=float)


def _own_parts(features: pd.DataFrame, sell_in: DemandPanel, origin: pd.Timestamp, recipe: Recipe) -> Parts | None:
    """The market's own parts at an origin; None with too little history."""
    try:
        return fit_parts(features, sell_in, origin, recipe)[0]
    except TooFewRowsError:
        return None


def chosen_features(made: list[Refit], recipe: Recipe) -> set[str] | None:
    """The features with the largest gains over the refits, as many as the recipe keeps; None without any gains: all.

    The refits learned from months before their origins only, so the choice knows nothing after the cutoff.
    """
    return largest_gains([refit.gains for refit in made], recipe.kept_features)


def largest_gains(gains: list[pd.Series], count: int) -> set[str] | None:
    """The ``count`` columns with the largest sums over several fits' gains by column; None without any gains."""
    known = [of_fit for of_fit in gains if not of_fit.empty]
    if not known:
        return None
    ranked = pd.concat(known, axis=1).sum(axis=1).sort_values(ascending=False, kind="stable")
    return set(ranked.index[:count])


def learned_share(made: list[Refit], recipe: Recipe, usual_weight: float, boosting_weight: float) -> float:
    """Share of the pooled answers: each refit that has both votes whether a small share would have had less error.

    Sums over all refits are ruled by the largest era; votes lost no market more than 1 % of its WAPE
    (``docs/architecture.md``, Pooling).

    Args:
        usual_weight: Weight of the direct boosting where nothing better was learned. A market whose own boosting earned
            more takes no share: there it cost up to 8 % of WAPE, though refits had voted for it.
        boosting_weight: The weight learned from the market's own answers.

    Returns:
        ``recipe.share_if_all_better`` if all of three or more refits say yes, ``share_if_most_better`` if more than
        half do, else 0; ``pooled_share_of_few`` where fewer than 300 cells are known.
    """
    if boosting_weight > usual_weight:
        return 0.0
    both = [refit for refit in made if refit.pooled is not None]
    if sum(int(np.isfinite(refit.actual_units).sum()) for refit in both) < MIN_CELLS_FOR_A_WEIGHT:
        return recipe.pooled_share_of_few
    small = recipe.share_if_most_better
    votes = [_error(refit.mixed(small), boosting_weight) < _error(refit, boosting_weight) for refit in both]
    if all(votes) and len(votes) >= len(REFIT_OFFSETS_MONTHS):
        return recipe.share_if_all_better
    return small if sum(votes) > len(votes) / 2 else 0.0


def _error(refit: Refit, boosting_weight: float) -> float:
    """Sum of absolute errors over all known cells, intermittent SKUs included."""
    return float(np.nansum(np.abs(refit.answers.blended(boosting_weight) - refit.actual_units)))


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


def statistical_errors(rows: TrainingRows) -> pd.DataFrame:
    """Errors of the statistical forecasts, which were made at each row's origin, so they are out of sample, too.

    Columns as ``refit_errors`` has, without ``forecast``.
    """
    return pd.DataFrame(
        {
            "error": (rows.statistical - rows.actual) / rows.dispersion,
            "horizon_months": rows.horizon_months,
            "is_intermittent": rows.is_intermittent,
        }
    )


def interval_widths(errors: pd.DataFrame) -> pd.DataFrame:
    """Interval widths by horizon and kind of SKU from errors in dispersions, as ``horizon_quantiles`` gives them."""
    kinds = segments(errors["is_intermittent"].to_numpy())
    return horizon_quantiles(errors["error"].to_numpy(), errors["horizon_months"].to_numpy(), kinds, LOWER, UPPER)


def segments(intermittent: Floats) -> Floats:
    """Segment of the interval widths of each SKU."""
    return np.where(intermittent, INTERMITTENT, REGULAR).astype(object)
