"""Promotions of a SKU month by month: past, planned, and the chance of unplanned ones.

Here belong the calendar and the chance that a promotion of earlier years repeats. Not here: the effect of a promotion
on demand (``demand_structure.py``) and the features of promotions (``features/promotion_history.py``).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Ints, Labels
from forecast_assets.domain.calendar import add_months

YEAR = 12
YEARS_COMPARED = 3
# Smoothing of the observed shares: a cell counts as much as two observations of the plain share k / n.
PRIOR_OBSERVATIONS = 2.0
DISCOUNT_WHERE_NONE_IS_KNOWN = 0.2


@dataclass(frozen=True)
class PromotionCalendar:
    """Promotions of n SKUs over the known months and those ahead of the origin.

    Attributes:
        past_months: Number of known months; column ``past_months - 1`` is the origin month.
        probability: (n, months): 0 or 1 in known months; ahead, 1 if planned, else the chance of a promotion.
        discount: (n, months) as a fraction; ahead, the expected discount if there is a promotion; 0 in known months
            without one.
        planned_share: (months ahead,), 0 .. 1: promotions planned in the market / those expected from earlier years.
        usual_discount: (n,): mean discount of the SKU's promotions, with one promotion of the market's mean added.
    """

    past_months: int
    probability: Floats
    discount: Floats
    planned_share: Floats
    usual_discount: Floats

    def shifted(self, months: int) -> tuple[Floats, Floats]:
        """Return probability and discount ``months`` before each column (after it if negative); 0 outside."""
        return _shift(self.probability, months), _shift(self.discount, months)


def _shift(values: Floats, months: int) -> Floats:
    moved = np.zeros_like(values)
    if months > 0:
        moved[:, months:] = values[:, :-months]
    elif months < 0:
        moved[:, :months] = values[:, -months:]
    else:
        moved[:] = values
    return moved


def promotion_calendar(
    promotions: pd.DataFrame,
    skus: Labels,
    origin: pd.Timestamp,
    past_months: int,
    months_ahead: int,
    is_promoted: Floats | None = None,
) -> PromotionCalendar:
    """Build the calendar from the promotions known at the origin and from those of earlier years.

    A month is promoted if ``promotions`` or ``is_promoted`` marks it. The chance of an unplanned month ahead is the
    share of earlier SKU-months that were promoted after as many promotions in the same calendar month of up to three
    years before. The promotions already planned are subtracted: if the market has planned all that is expected, a SKU
    without a plan has no chance of one.

    Args:
        promotions: ``sku, promotion_month, is_promoted, discount_pct`` (a fraction, nullable) as known at the origin.
        skus: (n,) SKUs in the order of the rows.
        origin: The origin month.
        past_months: Months up to the origin to cover.
        months_ahead: Months after the origin to cover.
        is_promoted: (n, past_months) from sell-out, NaN if unknown; None without sell-out.
    """
    months = pd.date_range(end=add_months(origin, months_ahead), periods=past_months + months_ahead, freq="MS")
    flags, discount = _known(promotions, skus, months)
    flags[:, :past_months] = np.fmax(flags[:, :past_months], np.nan if is_promoted is None else 1.0 * (is_promoted > 0))
    if is_promoted is not None:
        unknown = np.isnan(is_promoted) & ~(flags[:, :past_months] > 0)
        flags[:, :past_months][unknown] = np.nan
    promoted = flags > 0
    usual = _usual_discount(np.where(promoted, discount, np.nan))
    chance = _repeat_chance(flags[:, :past_months], months_ahead)
    planned = promoted[:, past_months:]
    planned_share = np.minimum(planned.sum(axis=0) / np.maximum(chance.sum(axis=0), 1e-9), 1.0)
    unplanned = chance * (1 - planned_share) / np.maximum(1 - chance * planned_share, 1e-9)
    probability = np.concatenate([promoted[:, :past_months], np.where(planned, 1.0, unplanned)], axis=1)
    discount = np.where(promoted & np.isfinite(discount), discount, usual[:, None])
    discount[:, :past_months][~promoted[:, :past_months]] = 0.0
    return PromotionCalendar(past_months, probability, discount, planned_share, usual)


def _known(promotions: pd.DataFrame, skus: Labels, months: pd.DatetimeIndex) -> tuple[Floats, Floats]:
    """Return flags (1; 0 within the months of the table, else NaN) and discounts (NaN if unknown), (n, months)."""
    flags, discount = np.full((2, len(skus), len(months)), np.nan)
    if promotions.empty:
        return flags, discount
    row = pd.Index(skus, dtype=object).get_indexer(pd.Index(promotions["sku"], dtype=object))
    month = pd.DatetimeIndex(promotions["promotion_month"])
    flags[:, (months >= month.min()) & (months <= month.max())] = 0.0
    column = months.get_indexer(month)
    inside = (row >= 0) & (column >= 0)
    discounts = promotions["discount_pct"].to_numpy(dtype=float, na_value=np.nan)
    is_promoted = (promotions["is_promoted"].to_numpy(dtype=float, na_value=np.nan) > 0) | (discounts > 0)
    flags[row[inside], column[inside]] = is_promoted[inside]
    discount[row[inside], column[inside]] = np.where(discounts > 0, discounts, np.nan)[inside]
    return flags, discount


def _usual_discount(discount: Floats) -> Floats:
    known = np.isfinite(discount)
    mean = discount[known].mean() if known.any() else DISCOUNT_WHERE_NONE_IS_KNOWN
    usual: Floats = (np.where(known, discount, 0.0).sum(axis=1) + mean) / (known.sum(axis=1) + 1)
    return usual


def _repeat_chance(flags: Floats, months_ahead: int) -> Floats:
    """Return the chance of a promotion in each month ahead, (n, months_ahead), from the flags up to the origin."""
    past_months = flags.shape[1]
    chance = np.zeros((len(flags), months_ahead))
    for ahead in range(1, months_ahead + 1):
        first_year = -(-ahead // YEAR)
        observed = _share_after(flags, first_year)
        known, promoted = _years_before(flags, past_months - 1 + ahead, first_year)
        chance[:, ahead - 1] = observed[known, promoted]
    return chance


def _years_before(flags: Floats, column: int, first_year: int) -> tuple[Ints, Ints]:
    """Count the known and the promoted ones of the three years from ``first_year`` before a month, (n,) each."""
    columns = [column - YEAR * year for year in range(first_year, first_year + YEARS_COMPARED)]
    earlier = flags[:, [at for at in columns if 0 <= at < flags.shape[1]]]
    return np.isfinite(earlier).sum(axis=1), (earlier > 0).sum(axis=1)


def _share_after(flags: Floats, first_year: int) -> Floats:
    """Return the smoothed share of promoted months by the number of known (rows) and promoted years (columns)."""
    size = YEARS_COMPARED + 1
    count, promoted = np.zeros((2, size, size))
    for column in range(YEAR * first_year, flags.shape[1]):
        is_known = np.isfinite(flags[:, column])
        cell = tuple(values[is_known] for values in _years_before(flags, column, first_year))
        np.add.at(count, cell, 1.0)
        np.add.at(promoted, cell, flags[is_known, column])
    rate = np.nanmean(flags) if np.isfinite(flags).any() else 0.0
    known, were = np.mgrid[:size, :size]
    prior = (were + rate) / (known + 1)
    share: Floats = (promoted + PRIOR_OBSERVATIONS * prior) / (count + PRIOR_OBSERVATIONS)
    return share
