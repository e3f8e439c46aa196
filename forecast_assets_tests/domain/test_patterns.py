"""Patterns of portfolios through the whole path: features, model, rules, and the baseline that is published without."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.publication.fallback import forecasts_of_baseline
from forecast_assets.domain.statistical.baseline import baseline_forecasts
from forecast_assets_tests.domain.portfolio_market import MONTHS, ORIGIN, PAST, products
from forecast_assets_tests.domain.small_market import feature_stack

pytestmark = pytest.mark.heavy

CALENDAR = MONTHS[:PAST].month.to_numpy()
SEASON = 1 + 0.3 * np.cos(2 * np.pi * CALENDAR / 12)
RECIPE = dataclasses.replace(Recipe(), training_rows=4000, rounds=30, recursive_rounds=30, min_rows_per_leaf=20)
TRAINED_MONTHS_BACK = (*range(34, 0, -3), 18, 12, 6, 0)
RNG = np.random.default_rng(8)


def around(level):
    return np.round(level * np.exp(RNG.normal(0, 0.08, PAST)))


def ending(*values):
    units = around(np.full(PAST, 100.0))
    units[-len(values) :] = values
    return units


EXTREMES = {
    "spike": ending(5000), "nothing": ending(0), "return": ending(-5000), "two spikes": ending(5000, 5000),
    "nothing twice": ending(0, 0), "spike and return": ending(5000, -4900), "spike before": ending(5000, 100),
}  # fmt: skip
CHANGES = {
    f"{before} to {after}, {months}{' seasonal' if seasonal else ''}": around(
        np.where(np.arange(PAST) < PAST - months, before, after) * (SEASON if seasonal else 1.0)
    )
    for before, after in ((1200, 100), (100, 1200))
    for months in (3, 4, 8, 12)
    for seasonal in (False, True)
}
REGULAR = {f"regular {number}": around(SEASON * level) for number, level in enumerate(np.geomspace(50, 1500, 40))}


def history_of(skus):
    units = np.array([skus[sku] for sku in sorted(skus)])
    panel = DemandPanel(np.array(sorted(skus), dtype=object), MONTHS[:PAST], units)
    described = products(panel)
    return MarketHistory(
        code="XX",
        region="EU",
        iso2="",
        sell_in=panel,
        sell_out={},
        products=pd.concat([described.assign(month=month) for month in MONTHS[:PAST]], ignore_index=True),
        promotions=pd.DataFrame(columns=["month", "sku", "promotion_month", "is_promoted", "discount_pct"]),
        totals_known=pd.DataFrame(columns=["month"]),
        covid_policy=pd.DataFrame({"month": MONTHS[:PAST], "stringency_index": 0.0, "economic_support_index": 0.0}),
    )


def of_model(skus):
    """Forecasts by SKU, (18,) each, of the model with the portfolio rules."""
    origins = [add_months(ORIGIN, -back) for back in sorted(set(TRAINED_MONTHS_BACK), reverse=True)]
    history = history_of(skus).marked(origins)
    features = feature_stack(history, origins)
    model = fit_market_model(features, history.sell_in, ORIGIN, RECIPE)
    at_origin = features[features["origin_month"] == ORIGIN].reset_index(drop=True)
    rows = forecast_units(at_origin, history.sell_in, model)
    return by_sku(apply_portfolio(rows, history.sell_in, ORIGIN, products(history.sell_in)))


def of_baseline(skus):
    """Forecasts by SKU, (18,) each, as they are published without a model."""
    history = history_of(skus).marked([ORIGIN])
    rows = baseline_forecasts(history.sell_in, ORIGIN, history.sell_in.skus)
    nothing = pd.DataFrame()
    return by_sku(forecasts_of_baseline(rows, nothing, nothing, history.sell_in, products(history.sell_in)))


def by_sku(rows):
    wide = rows.pivot(index="sku", columns="horizon_months", values="forecast_units")
    return dict(zip(wide.index, wide.to_numpy(), strict=True))


def wrong(forecasts):
    """Forecasts of an extreme that are not its usual 100 a month, and of a changed level that are 25 % off it."""
    off = {}
    for sku, units in forecasts.items():
        if sku in EXTREMES and not ((units > 66) & (units < 150)).all():
            off[sku] = units
        if sku in CHANGES:
            level = 100 if sku.startswith("1200") else 1200
            expected = level * (np.concatenate([SEASON, SEASON])[:18] if "seasonal" in sku else 1.0)
            if (np.abs(units - expected) > 0.25 * level).any():
                off[sku] = units
    return off


def test_extremes_and_changed_levels_do_not_decide_the_forecast_of_a_model():
    assert wrong(of_model(EXTREMES | REGULAR)) == {}
    changed = {sku: units for sku, units in CHANGES.items() if "4" in sku or "8" in sku}
    assert wrong(of_model(changed | REGULAR)) == {}


def test_extremes_and_changed_levels_do_not_decide_the_baseline():
    assert wrong(of_baseline(EXTREMES | CHANGES | REGULAR)) == {}


@pytest.mark.parametrize("sku", [*EXTREMES, "1200 to 100, 4", "100 to 1200, 8 seasonal"])
def test_a_market_of_one_sku_is_no_other_case(sku):
    assert wrong(of_baseline({sku: (EXTREMES | CHANGES)[sku]})) == {}


def test_the_forecast_of_the_others_does_not_move_with_an_extreme():
    alone, beside = of_baseline(REGULAR), of_baseline(EXTREMES | REGULAR)
    for sku in REGULAR:
        np.testing.assert_array_equal(alone[sku], beside[sku])
