"""New SKUs: launch month, similar earlier SKUs, and the forecast made from them.

Here belongs the forecast of SKUs that are announced or younger than a year. Not here: launch curves and seasons
(``launch_curves``), how far earlier launches followed their relatives (``launch_experience``), the choice of rule
(``portfolio_rules``), rows and intervals (``announced_skus``, ``launch_intervals``). The input is the panel up to its
last month and the products as known at that month.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Days, Floats, Ints, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, months_since
from forecast_assets.domain.demand.demand_panel import DemandPanel, known_mean
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.demand.seasonality import following_calendar_months, seasonal_indices
from forecast_assets.domain.portfolio.launch_curves import (
    LEVEL_CURVE,
    RAMP_MONTHS,
    CurveLaunches,
    mature_levels,
    pooled_season,
)
from forecast_assets.domain.portfolio.launch_experience import Experience, first_levels, learned_experience

# A median over fewer like items follows one of them.
LIKE_ITEMS_NEEDED = 3
# A year to settle and a year to measure the level; a named reference needs only one year.
LIKE_ITEM_MONTHS, REFERENCE_MONTHS = 24, 12
# A reference that ends within so many months of the launch gives its place to it: stocks of both overlap.
REPLACED_WITHIN_MONTHS = 4
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
        replaces: True if its reference ends within 4 months of the launch.
    """

    row: int
    start: int
    kind: str
    relatives: Ints
    level_units: float
    continues: bool = False
    replaces: bool = False

    @property
    def group(self) -> tuple[str, bool]:
        """Kind, and whether it replaces its reference: launches of a group follow their relatives alike."""
        return self.kind, self.replaces


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
    launches = _launches(panel, products, starts, np.flatnonzero(len(panel.months) - starts < RAMP_MONTHS))
    if "continues_reference" not in products:
        return launches
    continues = products["continues_reference"].eq(True).to_numpy()
    return [
        dataclasses.replace(launch, continues=bool(continues[launch.row]) and launch.kind == WITH_REFERENCE)
        for launch in launches
    ]


def earlier_launches(panel: DemandPanel, products: pd.DataFrame) -> list[Launch]:
    """Return the SKUs whose launch lies a year or more back, with their relatives as they were before it.

    Args:
        panel: As for ``new_launches``.
        products: As for ``new_launches``.
    """
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    return _launches(panel, products, starts, np.flatnonzero(len(panel.months) - starts >= RAMP_MONTHS))


def _launches(panel: DemandPanel, products: pd.DataFrame, starts: Floats, rows: Ints) -> list[Launch]:
    """Return the launches of some rows of the panel."""
    alike = _attribute_codes(products)
    reference = pd.Index(panel.skus).get_indexer(pd.Index(products["reference_sku"]))
    replaces = replaces_reference(panel, products, starts, reference)
    launches = [_launch(panel.units, int(row), int(starts[row]), int(reference[row]), alike) for row in rows]
    return [
        dataclasses.replace(launch, replaces=bool(replaces[launch.row]) and launch.kind == WITH_REFERENCE)
        for launch in launches
    ]


def replaces_reference(panel: DemandPanel, products: pd.DataFrame, starts: Floats, reference: Ints) -> Bools:
    """Return True for SKUs whose reference ends within 4 months of their launch, before it or after it, (n,)."""
    ends = len(panel.months) - 1 - months_since(products["end_month"].to_numpy(), panel.months[-1])
    end_of_reference = np.where(reference >= 0, ends[reference], np.nan)
    replaces: Bools = np.abs(end_of_reference - starts) <= REPLACED_WITHIN_MONTHS
    return replaces


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


def curve_launches(panel: DemandPanel, products: pd.DataFrame) -> CurveLaunches:
    """Return the earlier launches behind the launch curves, of units with their season.

    Args:
        panel: As for ``new_launches``.
        products: As for ``new_launches``.
    """
    starts = launch_columns(panel.units, panel.months[-1], products["launch_month"].to_numpy())
    reference = pd.Index(panel.skus).get_indexer(pd.Index(products["reference_sku"]))
    replaces = replaces_reference(panel, products, starts, reference)
    return CurveLaunches(panel.units, starts, _categories(products), replaces)


def _categories(products: pd.DataFrame) -> Labels:
    return products["category"].fillna(UNKNOWN_CATEGORY).to_numpy(dtype=object)


def launch_forecasts(
    panel: DemandPanel,
    products: pd.DataFrame,
    launches: list[Launch],
    horizon_months: int,
    earlier: list[Launch] | None = None,
) -> Floats:
    """Return forecasts of new SKUs, (number of launches, horizon) >= 0, in the order of ``launches``.

    The forecast is ``level x curve x season`` from the first month on, 0 before an announced one.

    - The season is that of the category's SKUs, the curve that of ``CurveLaunches``. From month 12 on the curve is 1.
    - The level is the weighted geometric mean of the SKU's own level and its relatives'. The own level is the sum of
      its units without season / the sum of the curve in those months. The relatives' is corrected by what earlier
      launches of the group did (``Experience``). With k known months the own level has the weight ``k / (k + m)``, m
      from the same experience; it is 1 without relatives and 0 while nothing has been sold.
    - A SKU that continues its reference has no curve, and the reference's season.
    - With neither sales nor relatives the level is the median mature level of earlier launches that replaced nothing:
      of the category with at least 3 of them, else of the market with at least 3, else 0.
    - Without relatives among rare items, the mean of all earlier launches counts (``RareLaunch``).

    Args:
        panel: As for ``new_launches``.
        products: As for ``new_launches``.
        launches: From ``new_launches``.
        horizon_months: Months to forecast.
        earlier: From ``earlier_launches`` of this panel or of a longer one, which is the same and saves time.
    """
    months = panel.months.month.to_numpy()
    category = _categories(products)
    seasons = _seasons(panel.units, months, category)
    curves = curve_launches(panel, products).without_season(seasons, months)
    usual = _usual_levels(curves)
    earlier = earlier_launches(panel, products) if earlier is None else earlier
    before = [launch for launch in earlier if len(months) - launch.start >= RAMP_MONTHS]
    curve_of = curves.curves((category[launch.row], launch.replaces) for launch in (*before, *launches))
    experience = _experience(before, curves, curve_of)
    alone = {category[launch.row] for launch in launches if launch.kind == WITHOUT_RELATIVE}
    rare_of = {name: curves.rare_launch(name) for name in sorted(alone)}
    forecasts = np.zeros((len(launches), horizon_months))
    for position, launch in enumerate(launches):
        curve, season = curve_of[category[launch.row], launch.replaces], seasons[category[launch.row]]
        known = experience.get(launch.group, Experience())
        if launch.continues:
            old = np.where(np.arange(len(months)) < launch.start, panel.units[launch.relatives], np.nan)
            curve, season, known = LEVEL_CURVE, seasonal_indices(old, months).index[0], Experience()
        age, months_until = max(len(months) - launch.start, 0), max(launch.start - len(months), 0)
        adjusted = panel.units[launch.row, launch.start :] / season[months[launch.start :] - 1]
        rare = rare_of[category[launch.row]] if launch.kind == WITHOUT_RELATIVE else None
        if rare is None:
            otherwise = usual[category[launch.row]] if np.isnan(launch.level_units) else known.level(launch.level_units)
            level = _level(adjusted, curve[:age], known, launch.level_units) or otherwise
        else:
            curve, level = rare.curve, rare.level(adjusted)
        ahead = np.concatenate([np.zeros(months_until), curve[age:], np.ones(horizon_months)])[:horizon_months]
        target_season = season[following_calendar_months(months, horizon_months) - 1]
        forecasts[position] = level * ahead * target_season
    return forecasts


def _seasons(units: Floats, months: Ints, category: Labels) -> dict[str, Floats]:
    """Return the seasonal index of the SKUs of each category with two known years."""
    settled = np.isfinite(units).sum(axis=1) >= LIKE_ITEM_MONTHS
    return {name: pooled_season(units[settled & (category == name)], months) for name in np.unique(category)}


def _usual_levels(curves: CurveLaunches) -> dict[str, float]:
    """Return the usual mature level of a launch that replaces nothing, by category."""
    mature = np.where(curves.replaces, np.nan, mature_levels(curves.units, curves.starts))
    of_market = _median_of_enough(mature, 0.0)
    return {name: _median_of_enough(mature[curves.category == name], of_market) for name in np.unique(curves.category)}


def _median_of_enough(levels: Floats, otherwise: float) -> float:
    known = levels[levels > 0]
    return float(np.median(known)) if len(known) >= LIKE_ITEMS_NEEDED else otherwise


def _experience(
    earlier: list[Launch], curves: CurveLaunches, curve_of: dict[tuple[str, bool], Floats]
) -> dict[tuple[str, bool], Experience]:
    """Return what the launches of each group with relatives did beside them."""
    experience = {}
    for group in sorted({launch.group for launch in earlier if launch.kind != WITHOUT_RELATIVE}):
        own = [launch for launch in earlier if launch.group == group]
        rows, starts = np.array([(launch.row, launch.start) for launch in own]).T
        shapes = np.array([curve_of[curves.category[row], group[1]] for row in rows])
        levels = first_levels(curves.units, rows, starts, shapes)
        experience[group] = learned_experience(np.array([launch.level_units for launch in own]), levels)
    return experience


def _level(adjusted: Floats, curve: Floats, experience: Experience, relatives_level: float) -> float:
    """Return the mature level from the months since launch and the relatives' level (NaN if none); 0 without sales."""
    known = np.isfinite(adjusted)
    sold, expected = adjusted[known].sum(), curve[known].sum()
    if sold <= 0 or expected <= 0:
        return 0.0
    own_level = sold / expected
    if np.isnan(relatives_level):
        return float(own_level)
    weight = known.sum() / (known.sum() + experience.months_worth)
    return float(own_level**weight * experience.level(relatives_level) ** (1.0 - weight))
