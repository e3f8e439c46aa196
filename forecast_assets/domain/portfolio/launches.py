"""New SKUs: when they were launched, which earlier SKUs they resemble, how launches go, and the forecast made of that.

Here belongs everything a SKU is forecast with that is younger than a year or announced. Not here: which rule applies to
whom (``portfolio``), rows and intervals (``announced``, ``launch_intervals``). Nothing is read but the panel up to its
last month and the products as known then.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, months_since
from forecast_assets.domain.demand.demand import DemandPanel, known_mean
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.demand.seasonality import following_calendar_months, seasonal_indices

RAMP_MONTHS = 12
# A median over fewer launches or like items follows one of them.
LAUNCHES_NEEDED, LIKE_ITEMS_NEEDED = 5, 3
# A year to settle and a year to measure the level by; of a named reference a year is enough.
LIKE_ITEM_MONTHS, REFERENCE_MONTHS = 24, 12
KNOWN_OF_MATURE_YEAR = 6
# What is known from relatives weighs as much as one month of the SKU's own: on launches of the sample company WAPE is
# 0.50, 0.35, 0.37, 0.41 at an age of 1, 2-3, 4-6, 7-11 months; 1.39, 0.55, 0.55, 0.50 with an arithmetic mean and a
# weight of k / 12; 0.67, 0.56, 0.44, 0.49 by the statistical forecasts. The relatives' season costs 0.04 to 0.08.
MONTHS_WORTH_OF_RELATIVES = 1.0
LEVEL_CURVE = np.ones(RAMP_MONTHS)
WITH_REFERENCE, WITH_LIKE_ITEMS, WITHOUT_RELATIVE = "new_with_reference", "new_with_like_items", "new_without_relative"


@dataclasses.dataclass(frozen=True)
class Launch:
    """A SKU younger than a year or announced: its row in the panel, the column of its first month, its relatives' rows.

    ``start`` lies behind the last column where the launch is announced. ``level_units`` is what the relatives sell a
    month, NaN without relatives.
    """

    row: int
    start: int
    kind: str
    relatives: np.ndarray
    level_units: float


def launch_columns(units: np.ndarray, origin: pd.Timestamp, launch_month: np.ndarray) -> np.ndarray:
    """Column of the first month of every SKU, (n,) float; NaN where it was not seen.

    The month of the first sale, or the launch month while nothing has been sold, up to 18 months after the origin. Not
    seen: a launch month before the panel, or more than a year before the first sale, or after it and the origin;
    without a launch month, a SKU known from the first column on.
    """
    sold = units > 0
    has_sold = sold.any(axis=1)
    last = units.shape[1] - 1
    first_sale = sold.argmax(axis=1).astype(float)
    launched = last - months_since(launch_month, origin)
    start = np.where(has_sold, first_sale, launched)
    latest = np.where(has_sold, last, last + HORIZON_MONTHS)
    seen_launch = (launched >= 0) & (launched <= latest) & (start - launched < RAMP_MONTHS)
    seen_start = np.isnan(launched) & has_sold & np.isnan(units[:, 0])
    return np.where(seen_launch | seen_start, start, np.nan)


def new_launches(panel: DemandPanel, products: pd.DataFrame) -> list[Launch]:
    """The SKUs in their first 11 months and those announced for the next 18, with their relatives.

    The relative is ``reference_sku`` where it has 12 known months before the launch and a level above zero. Otherwise
    like items: SKUs of the category with 24 known months before the launch that share at least one further attribute
    (brand, pack, ``attribute_*``), those that share most, at least 3.

    Args:
        panel: All SKUs of the market, ended ones too, up to the origin month.
        products: Attributes as known at the origin, one row per SKU of the panel in its order.
    """
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    alike = _attribute_codes(products)
    reference = pd.Index(panel.skus).get_indexer(products["reference_sku"])
    young = np.flatnonzero(len(panel.months) - starts < RAMP_MONTHS)
    return [_launch(panel.units, int(row), int(starts[row]), int(reference[row]), alike) for row in young]


def _launch(units: np.ndarray, row: int, start: int, reference: int, alike: np.ndarray) -> Launch:
    if reference >= 0 and reference != row:
        level = _levels(units[[reference], :start], REFERENCE_MONTHS)[0]
        if level > 0:
            return Launch(row, start, WITH_REFERENCE, np.array([reference]), float(level))
    candidates, shared = _candidates(alike, row)
    levels = _levels(units[candidates, :start], LIKE_ITEM_MONTHS)
    candidates, shared, levels = (values[levels > 0] for values in (candidates, shared, levels))
    if len(candidates) < LIKE_ITEMS_NEEDED:
        return Launch(row, start, WITHOUT_RELATIVE, np.array([], dtype=int), np.nan)
    closest = shared >= np.sort(shared)[-LIKE_ITEMS_NEEDED]
    return Launch(row, start, WITH_LIKE_ITEMS, candidates[closest], float(np.median(levels[closest])))


def _attribute_codes(products: pd.DataFrame) -> np.ndarray:
    """Attributes as whole numbers, (n_sku, attributes), the category first; -1 where unknown."""
    names = ["category", "brand", "pack", *(name for name in products if str(name).startswith("attribute_"))]
    return np.column_stack([pd.factorize(products[name])[0] for name in names])


def _candidates(alike: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the same category that share a further attribute, and how many they share."""
    same = (alike == alike[row]) & (alike[row] >= 0)
    same[row] = False
    shared = np.where(same[:, 0], same[:, 1:].sum(axis=1), 0)
    rows = np.flatnonzero(shared)
    return rows, shared[rows]


def _levels(units: np.ndarray, months_needed: int) -> np.ndarray:
    """Mean of the last 12 known months of each row, (n,); NaN with fewer known months than needed."""
    known = np.isfinite(units)
    from_last = known[:, ::-1].cumsum(axis=1)[:, ::-1]
    recent = np.where(known & (from_last <= RAMP_MONTHS), units, np.nan)
    return np.where(known.sum(axis=1) >= months_needed, known_mean(recent), np.nan)


def launch_curve(units: np.ndarray, starts: np.ndarray, otherwise: np.ndarray = LEVEL_CURVE) -> np.ndarray:
    """How launches begin: units in month 0 .. 11 after the first sale as a multiple of the mature level, (12,).

    The median over launches of their units by the mean of months 12 .. 23. A launch counts with 24 months of history
    from its start and 6 known months, above zero in total, in the second year. With fewer than 5 launches
    ``otherwise``, by default the mature level from the first month on.

    Args:
        units: (n, T), without season.
        starts: (n,) columns of the first month, NaN where not seen.
    """
    mature = _mature_levels(units, starts)
    counts = np.flatnonzero(mature > 0)
    if len(counts) < LAUNCHES_NEEDED:
        return otherwise
    columns = starts[counts].astype(int)[:, None] + np.arange(RAMP_MONTHS)
    ratio = pd.DataFrame(units[counts[:, None], columns] / mature[counts, None])
    return ratio.median().fillna(1.0).clip(lower=0.0).to_numpy()


def _mature_levels(units: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Mean of months 12 .. 23 after each start, (n,); NaN with fewer than 24 months since, or 6 known ones of these."""
    mature = np.full(len(units), np.nan)
    settled = np.flatnonzero(units.shape[1] - starts >= 2 * RAMP_MONTHS)
    columns = starts[settled].astype(int)[:, None] + np.arange(RAMP_MONTHS, 2 * RAMP_MONTHS)
    second_year = units[settled[:, None], columns]
    enough = np.isfinite(second_year).sum(axis=1) >= KNOWN_OF_MATURE_YEAR
    mature[settled] = np.where(enough, known_mean(second_year), np.nan)
    return mature


def pooled_season(units: np.ndarray, calendar_months: np.ndarray) -> np.ndarray:
    """Seasonal index of SKUs together, (12,), January first: each counts the same whatever it sells; 1 without SKUs."""
    level = known_mean(units)
    counts = level > 0
    if not counts.any():
        return np.ones(12)
    pooled = pd.DataFrame(units[counts] / level[counts, None]).mean().to_numpy()
    return seasonal_indices(pooled[None], calendar_months).index[0]


def launch_forecasts(
    panel: DemandPanel, products: pd.DataFrame, launches: list[Launch], horizon_months: int
) -> np.ndarray:
    """Forecasts of new SKUs, (number of launches, horizon) >= 0, in the order of ``launches``.

    ``level x curve x season`` from the first month on, 0 before an announced one. Curve and season are those of the
    category's SKUs; where it has fewer than 5 earlier launches the curve is the market's; from month 12 on it is 1. The
    level is the weighted geometric mean of the SKU's own, the sum of its units without season over the sum of the curve
    in those months, and of its relatives'. With k known months the own level weighs ``k / (k + 1)``; 1 without
    relatives, 0 while nothing has been sold. With neither sales nor relatives the level is the median mature level of
    earlier launches, the category's with at least 3 of them, else the market's with at least 3, else 0.

    Args:
        panel, products: As for ``new_launches``.
    """
    months = panel.months.month.to_numpy()
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    category = products["category"].fillna(UNKNOWN_CATEGORY).to_numpy(dtype=object)
    curves, seasons, usual = _by_category(panel.units, months, starts, category)
    made = np.zeros((len(launches), horizon_months))
    for place, launch in enumerate(launches):
        curve, season = curves[category[launch.row]], seasons[category[launch.row]]
        age, months_until = max(len(months) - launch.start, 0), max(launch.start - len(months), 0)
        adjusted = panel.units[launch.row, launch.start :] / season[months[launch.start :] - 1]
        ahead = np.concatenate([np.zeros(months_until), curve[age:], np.ones(horizon_months)])[:horizon_months]
        target_season = season[following_calendar_months(months, horizon_months) - 1]
        otherwise = usual[category[launch.row]] if np.isnan(launch.level_units) else launch.level_units
        level = _level(adjusted, curve[:age], launch.level_units) or otherwise
        made[place] = level * ahead * target_season
    return made


def _by_category(
    units: np.ndarray, months: np.ndarray, starts: np.ndarray, category: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, float]]:
    """Launch curve, seasonal index and usual mature level of a launch of each category."""
    settled = np.isfinite(units).sum(axis=1) >= LIKE_ITEM_MONTHS
    seasons = {name: pooled_season(units[settled & (category == name)], months) for name in np.unique(category)}
    adjusted = units / np.array([seasons[name] for name in category])[:, months - 1]
    of_market = launch_curve(adjusted, starts)
    curves = {name: launch_curve(adjusted[category == name], starts[category == name], of_market) for name in seasons}
    mature = _mature_levels(adjusted, starts)
    usual_of_market = _median_of_enough(mature, 0.0)
    usual = {name: _median_of_enough(mature[category == name], usual_of_market) for name in seasons}
    return curves, seasons, usual


def _median_of_enough(levels: np.ndarray, otherwise: float) -> float:
    known = levels[levels > 0]
    return float(np.median(known)) if len(known) >= LIKE_ITEMS_NEEDED else otherwise


def _level(adjusted: np.ndarray, curve: np.ndarray, relatives_level: float) -> float:
    """Mature level from the months since the launch and the relatives' level (NaN without any); 0 without both."""
    known = np.isfinite(adjusted)
    sold, expected = adjusted[known].sum(), curve[known].sum()
    if sold <= 0 or expected <= 0:
        return float(np.nan_to_num(relatives_level))
    own_level = sold / expected
    if np.isnan(relatives_level):
        return own_level
    weight = known.sum() / (known.sum() + MONTHS_WORTH_OF_RELATIVES)
    return own_level**weight * relatives_level ** (1.0 - weight)
