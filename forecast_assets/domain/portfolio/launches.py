"""New SKUs: launch month, similar earlier SKUs, launch curve, and the forecast made from them.

Here belongs the forecast of SKUs that are announced or younger than a year. Not here: the choice of rule
(``portfolio_rules``), rows and intervals (``announced_skus``, ``launch_intervals``). The input is the panel up to its
last month and the products as known at that month.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Days, Floats, Ints, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, months_since
from forecast_assets.domain.demand.demand_panel import DemandPanel, known_mean
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.demand.seasonality import following_calendar_months, seasonal_indices

RAMP_MONTHS = 12
# A median over fewer launches or like items follows one of them.
LAUNCHES_NEEDED, LIKE_ITEMS_NEEDED = 5, 3
# A year to settle and a year to measure the level; a named reference needs only one year.
LIKE_ITEM_MONTHS, REFERENCE_MONTHS = 24, 12
KNOWN_OF_MATURE_YEAR = 6
# The relatives' level has the weight of one own month. On launches of the sample company WAPE is 0.50, 0.35, 0.37, 0.41
# at an age of 1, 2-3, 4-6, 7-11 months. It is 1.39, 0.55, 0.55, 0.50 with an arithmetic mean and a weight of k / 12. It
# is 0.67, 0.56, 0.44, 0.49 with the statistical forecasts. The relatives' season costs 0.04 to 0.08.
MONTHS_WORTH_OF_RELATIVES = 1.0
LEVEL_CURVE = np.ones(RAMP_MONTHS)
WITH_REFERENCE, WITH_LIKE_ITEMS, WITHOUT_RELATIVE = "new_with_reference", "new_with_like_items", "new_without_relative"


@dataclasses.dataclass(frozen=True)
class Launch:
    """A SKU that is announced or younger than a year.

    Attributes:
        row: Row of the SKU in the panel.
        start: Column of its first month; after the last column if the launch is announced.
        kind: One of the rules of new SKUs.
        relatives: Rows of its relatives in the panel.
        level_units: Monthly units of the relatives, NaN without relatives.
        continues: True if it takes the place of its reference: no launch curve, and the reference's season.
    """

    row: int
    start: int
    kind: str
    relatives: Ints
    level_units: float
    continues: bool = False


def launch_columns(units: Floats, origin: pd.Timestamp, launch_month: Days) -> Floats:
    """Return the column of each SKU's first month, (n,) float; NaN if the launch was not observed.

    It is the month of the first sale, or the launch month while nothing has been sold, up to 18 months after the
    origin. A launch month is not observed if it is before the panel, more than a year before the first sale, or after
    the first sale and the origin. Without a launch month, a SKU known from the first column on is not observed.
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
    """Return the SKUs in their first 11 months and those announced for the next 18, with their relatives.

    The relative is ``reference_sku`` if it has 12 known months before the launch and a level above zero. Otherwise the
    relatives are like items: SKUs of the category with 24 known months before the launch that share at least one
    further attribute (brand, pack, ``attribute_*``). At least 3 are needed; those that share most are taken.

    Args:
        panel: All SKUs of the market, ended ones too, up to the origin month.
        products: Attributes as known at the origin, one row per SKU of the panel in its order; True in
            ``continues_reference``, if there is such a column, for SKUs that take the place of their reference.
    """
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    alike = _attribute_codes(products)
    reference = pd.Index(panel.skus).get_indexer(pd.Index(products["reference_sku"]))
    young = np.flatnonzero(len(panel.months) - starts < RAMP_MONTHS)
    launches = [_launch(panel.units, int(row), int(starts[row]), int(reference[row]), alike) for row in young]
    if "continues_reference" not in products:
        return launches
    continues = products["continues_reference"].eq(True).to_numpy()
    return [
        dataclasses.replace(launch, continues=bool(continues[launch.row]) and launch.kind == WITH_REFERENCE)
        for launch in launches
    ]


def _launch(units: Floats, row: int, start: int, reference: int, alike: Ints) -> Launch:
    if reference >= 0 and reference != row:
        level = _levels(units[[reference], :start], REFERENCE_MONTHS)[0]
        if level > 0:
            return Launch(row, start, WITH_REFERENCE, np.array([reference]), float(level))
    candidates, shared = _candidates(alike, row)
    levels = _levels(units[candidates, :start], LIKE_ITEM_MONTHS)
    has_sold = levels > 0
    candidates, shared, levels = candidates[has_sold], shared[has_sold], levels[has_sold]
    if len(candidates) < LIKE_ITEMS_NEEDED:
        return Launch(row, start, WITHOUT_RELATIVE, np.array([], dtype=int), np.nan)
    closest = shared >= np.sort(shared)[-LIKE_ITEMS_NEEDED]
    return Launch(row, start, WITH_LIKE_ITEMS, candidates[closest], float(np.median(levels[closest])))


def _attribute_codes(products: pd.DataFrame) -> Ints:
    """Return attributes as whole numbers, (n_sku, attributes), the category first; -1 if unknown."""
    names = ["category", "brand", "pack", *(name for name in products if str(name).startswith("attribute_"))]
    return np.column_stack([pd.factorize(products[name])[0] for name in names])


def _candidates(alike: Ints, row: int) -> tuple[Ints, Ints]:
    """Return the rows of the same category that share a further attribute, and the number of shared ones."""
    same = (alike == alike[row]) & (alike[row] >= 0)
    same[row] = False
    shared = np.where(same[:, 0], same[:, 1:].sum(axis=1), 0)
    rows = np.flatnonzero(shared)
    return rows, shared[rows]


def _levels(units: Floats, months_needed: int) -> Floats:
    """Return the mean of the last 12 known months of each row, (n,); NaN with fewer known months than needed."""
    known = np.isfinite(units)
    from_last = known[:, ::-1].cumsum(axis=1)[:, ::-1]
    recent = np.where(known & (from_last <= RAMP_MONTHS), units, np.nan)
    return np.where(known.sum(axis=1) >= months_needed, known_mean(recent), np.nan)


def launch_curve(units: Floats, starts: Floats, otherwise: Floats = LEVEL_CURVE) -> Floats:
    """Return the units in month 0 .. 11 after the first sale as a multiple of the mature level, (12,).

    It is the median over launches of their units / the mean of months 12 .. 23. A launch counts with 24 months of
    history from its start and 6 known months, above zero in total, in the second year.

    Args:
        units: (n, T), without season.
        starts: (n,) columns of the first month, NaN if not observed.
        otherwise: Curve to return with fewer than 5 launches; by default the mature level from the first month on.
    """
    mature = _mature_levels(units, starts)
    counts = np.flatnonzero(mature > 0)
    if len(counts) < LAUNCHES_NEEDED:
        return otherwise
    columns = starts[counts].astype(int)[:, None] + np.arange(RAMP_MONTHS)
    ratio = pd.DataFrame(units[counts[:, None], columns] / mature[counts, None])
    curve: Floats = ratio.median().fillna(1.0).clip(lower=0.0).to_numpy()
    return curve


def curve_launches(panel: DemandPanel, products: pd.DataFrame) -> dict[str, int]:
    """Return the number of earlier launches behind the curve of each category; 0 if there are too few for a curve.

    Args:
        panel: As for ``new_launches``.
        products: As for ``new_launches``.
    """
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    category = products["category"].fillna(UNKNOWN_CATEGORY).to_numpy(dtype=object)
    is_mature = _mature_levels(panel.units, starts) > 0
    of_market = int(is_mature.sum())
    counts = {name: int(is_mature[category == name].sum()) for name in np.unique(category)}
    enough = {name: count if count >= LAUNCHES_NEEDED else of_market for name, count in counts.items()}
    return {name: count if count >= LAUNCHES_NEEDED else 0 for name, count in enough.items()}


def _mature_levels(units: Floats, starts: Floats) -> Floats:
    """Return the mean of months 12 .. 23 after each start, (n,).

    NaN with fewer than 24 months since the start, or fewer than 6 known months in the second year.
    """
    mature = np.full(len(units), np.nan)
    settled = np.flatnonzero(units.shape[1] - starts >= 2 * RAMP_MONTHS)
    columns = starts[settled].astype(int)[:, None] + np.arange(RAMP_MONTHS, 2 * RAMP_MONTHS)
    second_year = units[settled[:, None], columns]
    enough = np.isfinite(second_year).sum(axis=1) >= KNOWN_OF_MATURE_YEAR
    mature[settled] = np.where(enough, known_mean(second_year), np.nan)
    return mature


def pooled_season(units: Floats, calendar_months: Ints) -> Floats:
    """Return the common seasonal index of SKUs, (12,), January first, each with the same weight; 1 without SKUs."""
    level = known_mean(units)
    counts = level > 0
    if not counts.any():
        return np.ones(12)
    pooled = pd.DataFrame(units[counts] / level[counts, None]).mean().to_numpy()
    season: Floats = seasonal_indices(pooled[None], calendar_months).index[0]
    return season


def launch_forecasts(panel: DemandPanel, products: pd.DataFrame, launches: list[Launch], horizon_months: int) -> Floats:
    """Return forecasts of new SKUs, (number of launches, horizon) >= 0, in the order of ``launches``.

    The forecast is ``level x curve x season`` from the first month on, 0 before an announced one.

    - Curve and season are those of the category's SKUs. With fewer than 5 earlier launches the curve is the market's.
      From month 12 on the curve is 1.
    - The level is the weighted geometric mean of the SKU's own level and its relatives'. The own level is the sum of
      its units without season / the sum of the curve in those months. With k known months its weight is
      ``k / (k + 1)``; it is 1 without relatives and 0 while nothing has been sold.
    - A SKU that continues its reference has no curve, and the reference's season.
    - With neither sales nor relatives the level is the median mature level of earlier launches: of the category with at
      least 3 of them, else of the market with at least 3, else 0.

    Args:
        panel: As for ``new_launches``.
        products: As for ``new_launches``.
        launches: From ``new_launches``.
        horizon_months: Months to forecast.
    """
    months = panel.months.month.to_numpy()
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    category = products["category"].fillna(UNKNOWN_CATEGORY).to_numpy(dtype=object)
    curves, seasons, usual = _by_category(panel.units, months, starts, category)
    forecasts = np.zeros((len(launches), horizon_months))
    for position, launch in enumerate(launches):
        curve, season = curves[category[launch.row]], seasons[category[launch.row]]
        if launch.continues:
            before = np.where(np.arange(len(months)) < launch.start, panel.units[launch.relatives], np.nan)
            curve, season = LEVEL_CURVE, seasonal_indices(before, months).index[0]
        age, months_until = max(len(months) - launch.start, 0), max(launch.start - len(months), 0)
        adjusted = panel.units[launch.row, launch.start :] / season[months[launch.start :] - 1]
        ahead = np.concatenate([np.zeros(months_until), curve[age:], np.ones(horizon_months)])[:horizon_months]
        target_season = season[following_calendar_months(months, horizon_months) - 1]
        otherwise = usual[category[launch.row]] if np.isnan(launch.level_units) else launch.level_units
        level = _level(adjusted, curve[:age], launch.level_units) or otherwise
        forecasts[position] = level * ahead * target_season
    return forecasts


def _by_category(
    units: Floats, months: Ints, starts: Floats, category: Labels
) -> tuple[dict[str, Floats], dict[str, Floats], dict[str, float]]:
    """Return launch curve, seasonal index and usual mature level of a launch, by category."""
    settled = np.isfinite(units).sum(axis=1) >= LIKE_ITEM_MONTHS
    seasons = {name: pooled_season(units[settled & (category == name)], months) for name in np.unique(category)}
    adjusted = units / np.array([seasons[name] for name in category])[:, months - 1]
    of_market = launch_curve(adjusted, starts)
    curves = {name: launch_curve(adjusted[category == name], starts[category == name], of_market) for name in seasons}
    mature = _mature_levels(adjusted, starts)
    usual_of_market = _median_of_enough(mature, 0.0)
    usual = {name: _median_of_enough(mature[category == name], usual_of_market) for name in seasons}
    return curves, seasons, usual


def _median_of_enough(levels: Floats, otherwise: float) -> float:
    known = levels[levels > 0]
    return float(np.median(known)) if len(known) >= LIKE_ITEMS_NEEDED else otherwise


def _level(adjusted: Floats, curve: Floats, relatives_level: float) -> float:
    """Return the mature level from the months since launch and the relatives' level (NaN if none); 0 without both."""
    known = np.isfinite(adjusted)
    sold, expected = adjusted[known].sum(), curve[known].sum()
    if sold <= 0 or expected <= 0:
        return float(np.nan_to_num(relatives_level))
    own_level = sold / expected
    if np.isnan(relatives_level):
        return float(own_level)
    weight = known.sum() / (known.sum() + MONTHS_WORTH_OF_RELATIVES)
    return float(own_level**weight * relatives_level ** (1.0 - weight))
