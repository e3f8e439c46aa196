"""Demand as level x season x promotions, with the season and the uplift of a group shared by its SKUs.

A SKU has few years and few promotions, so its season and its uplift are shrunk towards those of its group. Not here:
the calendar of promotions (``promotions.py``), and retailers' orders (``replenishment.py``).
"""

from dataclasses import dataclass

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.demand.promotions import PromotionCalendar
from forecast_assets.domain.demand.shared_effects import shared_effect

YEAR = 12
ITERATIONS = 5
LEVEL_BANDWIDTH_MONTHS = 6.0
# A SKU's own uplift counts as much as its group's after two promotions.
PROMOTIONS_TO_TRUST = 2.0
# Log, of one promotion: a factor of seven.
LARGEST_EFFECT = 2.0
# Half-lives of 3, 4, 6, 9 and 14 months gave a WAPE of 0.165, 0.166, 0.171, 0.181, 0.193 on simulated lags 1-3.
LEVEL_HALF_LIFE_MONTHS = 3.0


@dataclass(frozen=True)
class DemandStructure:
    """Factors on the level of n SKUs, as logarithms.

    Attributes:
        season: (n, 12), January first, mean 0.
        promotion_months: Distances in months: 0 the month of the promotion, 1 the month after it, -1 the month before.
        uplift: (n, len(promotion_months)): per unit of discount.
        shared: (n, number of shared regressors): slopes of the SKU's group.
    """

    season: Floats
    promotion_months: tuple[int, ...]
    uplift: Floats
    shared: Floats

    def season_factor(self, calendar_months: Ints) -> Floats:
        """Return the season of the given months (1 .. 12), (n, months)."""
        return np.exp(self.season[:, np.asarray(calendar_months) - 1])

    def shared_factor(self, regressors: Floats) -> Floats:
        """Return the effect of the shared regressors (number, n, months), (n, months)."""
        effect: Floats = np.einsum("nk,knm->nm", self.shared, regressors)
        return np.exp(effect)

    def promotion_factor(self, promotions: PromotionCalendar) -> Floats:
        """Return the expected effect of promotions in each month of the calendar, (n, months); 1 without one."""
        factor = np.ones(promotions.probability.shape)
        for position, months in enumerate(self.promotion_months):
            probability, discount = promotions.shifted(months)
            effect = np.clip(self.uplift[:, position, None] * discount, -LARGEST_EFFECT, LARGEST_EFFECT)
            factor *= 1.0 + probability * np.expm1(effect)
        return factor


def fit_structure(
    units: Floats,
    calendar_months: Ints,
    group: Ints,
    promotions: PromotionCalendar,
    promotion_months: tuple[int, ...],
    regressors: Floats,
) -> DemandStructure:
    """Fit level, season and promotions to the logarithm of the positive units, each to the rest of the others.

    Args:
        units: (n, T) ending at the origin month; NaN where unknown.
        calendar_months: (T,), 1 .. 12.
        group: (n,) group of each SKU, 0 .. number of groups - 1.
        promotions: The calendar. Of the months ahead, only promotions planned at the origin are read, for
            ``promotion_months`` below 0.
        promotion_months: Distances from a promotion at which demand changes.
        regressors: (number, n, T or more): effects common to all SKUs of a group, see ``shared_effects``.
    """
    n_months = units.shape[1]
    known = units > 0
    weight = known.astype(float)
    logs = np.log(np.where(known, units, 1.0))
    smoother = _smoother(n_months)
    month_of = np.eye(YEAR)[np.asarray(calendar_months) - 1]
    member = np.eye(int(group.max(initial=0)) + 1)[group]
    depth = [np.multiply(*promotions.shifted(months))[:, :n_months] for months in promotion_months]
    usual = np.square(promotions.usual_discount.mean()) if len(units) else 1.0
    season, effects = np.zeros((len(units), YEAR)), np.zeros((len(units), len(depth)))
    for _ in range(ITERATIONS):
        promoted = _promoted(effects, depth, logs.shape)
        rest = weight * (logs - season @ month_of.T - promoted)
        level = (rest @ smoother) / np.maximum(weight @ smoother, 1e-9)
        season = _season(weight * (logs - level - promoted), weight, month_of, member)
        without_season = logs - level - season @ month_of.T
        for position, own in enumerate(depth):
            others = _promoted(effects, depth, logs.shape) - effects[:, position, None] * own
            effects[:, position] = _slope(weight * (without_season - others), weight, own, member, usual)
    left = logs - season @ month_of.T - _promoted(effects, depth, logs.shape)
    shared = _shared(left, weight, smoother, regressors[:, :, :n_months], group)
    return DemandStructure(season, promotion_months, effects, shared)


def _shared(rest: Floats, weight: Floats, smoother: Floats, regressors: Floats, group: Ints) -> Floats:
    """Return the slope of each regressor, (n, number), one after the other, both sides without smoothed level."""

    def without_level(values: Floats) -> Floats:
        return weight * (values - (weight * values) @ smoother / np.maximum(weight @ smoother, 1e-9))

    left, slopes = without_level(rest), np.zeros((len(rest), len(regressors)))
    for position, regressor in enumerate(map(without_level, regressors)):
        slopes[:, position] = shared_effect(left, weight, regressor, group)
        left = left - slopes[:, position, None] * regressor
    return slopes


def _promoted(effects: Floats, depth: list[Floats], shape: tuple[int, ...]) -> Floats:
    return sum((effects[:, position, None] * own for position, own in enumerate(depth)), np.zeros(shape))


def _smoother(n_months: int) -> Floats:
    """Return the weights of a Gaussian window around each month, (T, T)."""
    distance = np.subtract.outer(np.arange(n_months), np.arange(n_months))
    return np.exp(-0.5 * (distance / LEVEL_BANDWIDTH_MONTHS) ** 2)


def _season(rest: Floats, weight: Floats, month_of: Floats, member: Floats) -> Floats:
    """Return each SKU's season, (n, 12): that of its group plus its own deviation as far as it exceeds the noise."""
    total, count = rest @ month_of, weight @ month_of
    of_group = member @ ((member.T @ total) / (member.T @ count + 1.0))
    noise = np.square(rest - weight * (of_group @ month_of.T)).sum() / max(weight.sum(), 1.0)
    deviation = total - count * of_group
    seen = count >= 2
    mean = np.divide(deviation, count, out=np.zeros_like(deviation), where=count > 0)
    spread = np.square(mean[seen]).mean() - noise * (1 / count[seen]).mean() if seen.any() else 0.0
    season = of_group + deviation / (count + max(noise, 1e-9) / max(spread, 1e-5))
    centred: Floats = season - season.mean(axis=1, keepdims=True)
    return centred


def _slope(rest: Floats, weight: Floats, depth: Floats, member: Floats, usual_square: float) -> Floats:
    """Return the least-squares effect of the depth per SKU, (n,), shrunk towards its group's and that towards 0."""
    product, square = (rest * depth).sum(axis=1), (weight * depth**2).sum(axis=1)
    prior = PROMOTIONS_TO_TRUST * usual_square
    of_group = member @ ((member.T @ product) / (member.T @ square + 2 * prior))
    effect: Floats = (product + prior * of_group) / (square + prior)
    return effect


def recent_level(units: Floats, factor: Floats, half_life_months: float = LEVEL_HALF_LIFE_MONTHS) -> Floats:
    """Return units / factor, both summed with weights that halve every ``half_life_months`` back, (n,).

    Args:
        units: (n, T) ending at the origin month; NaN if unknown.
        factor: (n, T): season x promotions at a level of 1; NaN in unknown months.
        half_life_months: Months after which a weight is half as large.

    Returns:
        The level; NaN if no month is known.
    """
    weight = np.isfinite(units) * 0.5 ** (np.arange(units.shape[1])[::-1] / half_life_months)
    expected = (weight * factor).sum(axis=1)
    total = (weight * np.nan_to_num(units)).sum(axis=1)
    level: Floats = np.divide(total, expected, out=np.full(len(units), np.nan), where=expected > 0)
    return level


def smooth_level(units: Floats, factor: Floats) -> Floats:
    """Return the level of each month from the known months around it, (n, T); 0 if none is known."""
    known, smoother = np.isfinite(units), _smoother(units.shape[1])
    expected = np.where(known, factor, 0.0) @ smoother
    return np.where(known, units, 0.0) @ smoother / np.maximum(expected, 1e-9)
