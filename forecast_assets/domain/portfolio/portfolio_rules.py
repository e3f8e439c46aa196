"""Portfolio rules: the one rule that applies to each SKU at an origin, and its forecast.

Here belong the rules, their order and their effect on the model's forecast. Not here: forecasts of launches
(``launches``) and of seasonal SKUs (``seasonal_skus``), phases of a SKU's life (``lifecycle``), jumps of the level
(``level_shift``, ``level_change``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Ints, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, months_since
from forecast_assets.domain.cleaning.level_change import has_new_level
from forecast_assets.domain.cleaning.level_shift import level_shift_columns
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.segmentation import zero_share
from forecast_assets.domain.evaluation.quantiles import (
    QUANTILE_COLUMNS,
    around_forecast,
    quantiles_of,
    with_quantiles,
)
from forecast_assets.domain.models.recipe import INTERMITTENT_ZERO_SHARE
from forecast_assets.domain.portfolio.launch_intervals import launch_errors, launch_multiples, launch_quantiles
from forecast_assets.domain.portfolio.launches import WITHOUT_RELATIVE, Launch, launch_forecasts, new_launches
from forecast_assets.domain.portfolio.lifecycle import (
    faded,
    is_after_end,
    is_fading,
    is_silent,
    level_since,
    return_column,
)
from forecast_assets.domain.portfolio.seasonal_skus import SeasonalSkus, seasonal_skus

HISTORY_MONTHS = 84
KNOWN_YEAR = 12
# The quantiles of a return are those of the model, widened in proportion to the forecast. A model forecast near zero
# would make them infinite.
LARGEST_WIDENING = 5.0
PORTFOLIO_RULES = (
    "end_of_life", "new_with_reference", "new_with_like_items", "seasonal", "all_zero", "new_without_relative",
    "short_history", "returned", "dying", "intermittent", "level_shift", "regular",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Portfolio:
    """The selected SKUs, in their order, as the market was known at the origin.

    Attributes:
        market: Panel of all SKUs, up to the origin month, at the current level (``DemandPanel.at_level``).
        products: One row per SKU of the market, in its order.
        rows: (n,) rows of the selected SKUs in the market's panel.
        launches: The new SKUs among all SKUs of the market.
        seasonal: The strictly seasonal ones, and their forecasts.
        months_until_end: (n,), NaN if no end is known.
        without_end: (n,) text: the rule that would apply if no end were known.
    """

    market: DemandPanel
    products: pd.DataFrame
    rows: Ints
    launches: list[Launch]
    seasonal: SeasonalSkus
    months_until_end: Floats
    without_end: Labels

    @property
    def units(self) -> Floats:
        """Units of the selected SKUs, (n, T)."""
        return self.market.units[self.rows]

    @property
    def calendar_months(self) -> Ints:
        """Calendar months 1 .. 12 of the columns of ``units``."""
        return self.market.months.month.to_numpy()

    @property
    def is_zero(self) -> Bools:
        """Cells (n, 18) that are zero for certain: all of a silent SKU, and those after a known end."""
        is_silent_sku: Bools = (self.without_end == "all_zero")[:, None]
        return is_after_end(self.months_until_end, HORIZON_MONTHS) | is_silent_sku

    @property
    def rules(self) -> Labels:
        """Rule of each SKU, (n,) text; an end within the horizon precedes all other rules."""
        ends = self.months_until_end <= HORIZON_MONTHS
        return np.where(ends, "end_of_life", self.without_end).astype(object)


def portfolio_rules(panel: DemandPanel, skus: Labels, origin: pd.Timestamp, products: pd.DataFrame) -> Labels:
    """Return the rule of each SKU at an origin, (n,) text: the first of ``PORTFOLIO_RULES`` that applies.

    ============================ =======================================================================
    ``end_of_life``              its ``end_month`` lies within the 18 months after the origin, or before them
    ``new_with_reference``       first sale within 11 months before, or launch announced for the 18 months after;
                                 its ``reference_sku`` is established
    ``new_with_like_items``      the same without one, but at least 3 like items
    ``seasonal``                 sold in a few months of each year, or around a festival (``seasonal_skus``)
    ``all_zero``                 no sale in the last 12 months
    ``new_without_relative``     new, and nothing to compare with
    ``short_history``            fewer than 12 known months, and no launch was observed
    ``returned``                 sold again after at least 12 silent months (``lifecycle.return_column``)
    ``dying``                    fading without a known end (``lifecycle.is_fading``), not at a new level
    ``intermittent``             more than 15 % of the last 24 known months without a sale
    ``level_shift``              its level jumped within the last 36 months (``level_shift``), or changed by a factor of
                                 3 at least 3 months ago (``level_change``)
    ``regular``                  all others
    ============================ =======================================================================

    Extremes of the last two months and the level before a large change are no sign of a rule (``at_level``).

    Args:
        panel: The market; months after the origin are not read.
        skus: SKUs of the panel to judge.
        origin: The origin month.
        products: ``sku, category, brand, pack, launch_month, end_month, reference_sku`` and ``attribute_*`` as known at
            the origin; SKUs without a row have no attributes.
    """
    return portfolio(panel, skus, origin, products).rules


def portfolio(panel: DemandPanel, skus: Labels, origin: pd.Timestamp, products: pd.DataFrame) -> Portfolio:
    """Collect the facts that the rules use.

    Args:
        panel: As for ``portfolio_rules``.
        skus: As for ``portfolio_rules``.
        origin: As for ``portfolio_rules``.
        products: As for ``portfolio_rules``.

    Raises:
        ValueError: If a SKU is not in the panel.
    """
    market = panel.at_level(origin, HISTORY_MONTHS)
    rows = pd.Index(market.skus).get_indexer(pd.Index(skus, dtype=object))
    if (rows < 0).any():
        missing = np.asarray(skus, dtype=object)[rows < 0][:5].tolist()
        raise ValueError(f"no sell-in for {(rows < 0).sum()} SKUs to forecast, first: {missing}")
    described = products.set_index("sku").reindex(market.skus)
    launches = new_launches(market, described)
    kinds = np.full(len(market.skus), "", dtype=object)
    kinds[[launch.row for launch in launches]] = [launch.kind for launch in launches]
    until_end = 0.0 - months_since(described["end_month"].to_numpy()[rows], origin)
    announced = np.isin(rows, [launch.row for launch in launches if launch.start >= len(market.months)])
    calendar_months = market.months.month.to_numpy()
    changed = has_new_level(panel.until(origin, HISTORY_MONTHS).units[rows], calendar_months)
    seasonal = seasonal_skus(market.units[rows], market.months, HORIZON_MONTHS)
    without_end = _without_end(
        market.units[rows], calendar_months, kinds[rows], announced, changed, seasonal.is_seasonal
    )
    return Portfolio(market, described, rows, launches, seasonal, until_end, without_end)


def _without_end(
    units: Floats,
    calendar_months: Ints,
    launch_kind: Labels,
    announced: Bools,
    at_new_level: Bools,
    is_seasonal: Bools,
) -> Labels:
    """Return the first rule that applies to (n, T) units; ``launch_kind`` is empty if neither new nor announced."""
    is_new = launch_kind != ""
    with_relative = is_new & (launch_kind != WITHOUT_RELATIVE)
    fits = {
        "with_relative": with_relative | announced,
        "seasonal": is_seasonal,
        "all_zero": is_silent(units),
        "new": is_new,
        "short_history": np.isfinite(units).sum(axis=1) < KNOWN_YEAR,
        "returned": return_column(units) >= 0,
        "dying": is_fading(units, calendar_months) & ~at_new_level,
        "intermittent": zero_share(units) > INTERMITTENT_ZERO_SHARE,
        "level_shift": (level_shift_columns(units, calendar_months)[0] >= 0) | at_new_level,
    }
    # An announced SKU cannot have sold yet: it is not silent, even with nothing to compare with.
    first = np.select(list(fits.values()), list(fits), default="regular").astype(object)
    return np.where(np.isin(first, ["with_relative", "new"]), launch_kind, first)


def apply_portfolio(
    forecasts: pd.DataFrame, panel: DemandPanel, origin: pd.Timestamp, products: pd.DataFrame
) -> pd.DataFrame:
    """Return the model's forecasts of an origin with ``rule``, changed by the rule.

    ============================ =======================================================================
    new SKUs                     the launch forecast; the quantiles from errors of earlier launches
    ``seasonal``                 the mean of earlier seasons, with quantiles of its own
    ``returned``                 the level since the return
    ``dying``                    a forecast that fades
    ``all_zero``                 0, and 0 at every quantile
    months after a known end     0, and 0 at every quantile, whatever the rule
    all others                   the model's numbers
    ============================ =======================================================================

    The quantiles of an existing SKU move with the forecast. Their distances from it keep their proportion, at most 5 x
    the model's.

    Args:
        forecasts: ``sku, horizon_months, forecast_units``, the quantiles and more, 18 rows per SKU in any order; not
            changed.
        panel: As for ``portfolio_rules``.
        origin: As for ``portfolio_rules``.
        products: As for ``portfolio_rules``.

    Returns:
        The rows in their order with ``rule``; quantiles >= 0 and in order, the forecast between p10 and p90.

    Raises:
        ValueError: If a SKU does not have each of the 18 months once, or is not in the panel.
    """
    order = np.lexsort((forecasts["horizon_months"], forecasts["sku"]))
    skus = _skus_with_whole_horizon(forecasts.iloc[order])
    model = forecasts["forecast_units"].to_numpy(float)[order].reshape(-1, HORIZON_MONTHS)
    quantiles = quantiles_of(forecasts)[order].reshape(-1, HORIZON_MONTHS, len(QUANTILE_COLUMNS))
    known = portfolio(panel, skus, origin, products)
    point = forecast_by_rule(model, known)
    quantiles = _moved_quantiles(model, quantiles, point)
    new, launches = _new(known)
    if launches:
        multiples = launch_multiples(launch_errors(known.market, known.products))
        ages = len(known.market.months) - np.array([launch.start for launch in launches])
        quantiles[new] = launch_quantiles(point[new], np.maximum(ages, 0), multiples)
    by_season = known.without_end == "seasonal"
    quantiles[by_season] = known.seasonal.of_rows(np.flatnonzero(by_season)).quantiles()
    quantiles[known.is_zero] = 0.0
    back = np.argsort(order)
    rules = np.repeat(known.rules, HORIZON_MONTHS)[back]
    ruled = forecasts.assign(forecast_units=point.ravel()[back], rule=rules)
    return with_quantiles(ruled, quantiles.reshape(-1, len(QUANTILE_COLUMNS))[back])


def _skus_with_whole_horizon(ordered: pd.DataFrame) -> Labels:
    skus, horizons = ordered["sku"].to_numpy(dtype=object), ordered["horizon_months"].to_numpy()
    unique, counts = np.unique(skus, return_counts=True)
    if (counts != HORIZON_MONTHS).any() or (horizons != np.tile(np.arange(1, HORIZON_MONTHS + 1), len(unique))).any():
        raise ValueError(
            f"each SKU needs the {HORIZON_MONTHS} months after the origin once; got {len(skus)} rows of {len(unique)} "
            f"SKUs, first with another number of rows: {unique[counts != HORIZON_MONTHS][:5].tolist()}"
        )
    return unique


def forecast_by_rule(model: Floats, known: Portfolio) -> Floats:
    """Return the forecasts (n, 18) of the rules from those of the model."""
    point, rule, units = model.copy(), known.without_end, known.units
    new, launches = _new(known)
    point[new] = launch_forecasts(known.market, known.products, launches, HORIZON_MONTHS)
    point[rule == "seasonal"] = known.seasonal.forecast_units[rule == "seasonal"]
    back = rule == "returned"
    point[back] = level_since(units[back], known.calendar_months, return_column(units[back]), HORIZON_MONTHS)
    point[rule == "dying"] = faded(model[rule == "dying"])
    return np.where(known.is_zero, 0.0, point)


def _new(known: Portfolio) -> tuple[Ints, list[Launch]]:
    """Return the positions of the SKUs that are forecast as launches, and their launches."""
    of_row = {launch.row: launch for launch in known.launches}
    new = np.flatnonzero(np.char.startswith(known.without_end.astype(str), "new_"))
    return new, [of_row[row] for row in known.rows[new]]


def _moved_quantiles(model: Floats, quantiles: Floats, point: Floats) -> Floats:
    """Return quantiles around ``point``, in proportion as far from it as from ``model``; unchanged if equal."""
    ratio = np.divide(point, model, out=np.ones_like(point), where=model > 0)
    width = np.clip(ratio, 0.0, LARGEST_WIDENING)[..., None]
    moved = around_forecast(point[..., None] + (quantiles - model[..., None]) * width, point)
    return np.where((point == model)[..., None], quantiles, moved)
