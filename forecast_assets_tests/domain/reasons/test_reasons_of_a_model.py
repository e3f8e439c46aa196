"""Reasons of a trained model's forecasts of a whole market."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.models.feature_cube import feature_cube
from forecast_assets.domain.models.gradient_boosting import predict_direct
from forecast_assets.domain.models.market_model import forecast_units
from forecast_assets.domain.models.sku_traits import TRAITS
from forecast_assets.domain.models.sku_weights import SkuWeights
from forecast_assets.domain.models.training_rows import is_intermittent
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.publication.published_forecasts import Decision, published_forecasts
from forecast_assets.domain.reasons.boosting_causes import boosting_causes, scaled_contributions
from forecast_assets.domain.reasons.causes import CAUSES
from forecast_assets.domain.reasons.forecast_reasons import forecast_reasons
from forecast_assets.domain.reasons.published_numbers import ReasonTables
from forecast_assets_tests.domain.reasons.reason_tables import NO_OVERRIDES
from forecast_assets_tests.domain.small_market import MONTHS, with_another_future

DECISION = Decision("model", "backtest WAPE model 0.2")


def tables_of(history, products, features, model, origin) -> ReasonTables:
    known = products[(products["month"] <= origin) & (products["month"] > MONTHS[60])]
    units = forecast_units(features, history.sell_in, model)
    forecasts = apply_portfolio(units, history.sell_in, origin, known[known["month"] == origin])
    forecasts = forecasts.assign(baseline_units=1.0, naive_units=1.0)
    published = published_forecasts(forecasts, DECISION, NO_OVERRIDES, "published")
    champion = pd.DataFrame({"source": [DECISION.source], "reason": [DECISION.reason]})
    return ReasonTables(published, forecasts, champion, features, NO_OVERRIDES, known, model)


@pytest.fixture(scope="module")
def stored(history, tables, origin_features, model, origin):
    return tables_of(history, tables.products, origin_features, model, origin)


@pytest.fixture(scope="module")
def reasons(stored, history, origin):
    return forecast_reasons(stored, history.sell_in, origin)


def test_units_of_every_cell_add_up_to_forecast_minus_last_year(reasons, stored, tables, origin):
    """Last year by its own rows: twelve months before the target, or 24 where that is after the origin."""
    cells = stored.published[["sku", "target_month", "forecast_units"]]
    back = np.where(cells["target_month"] <= origin + pd.DateOffset(months=12), 12, 24)
    month = [
        target - pd.DateOffset(months=int(months)) for target, months in zip(cells["target_month"], back, strict=True)
    ]
    sold = tables.sell_in[["sku", "month", "sell_in_units"]]
    cells = cells.assign(month=month).merge(sold, on=["sku", "month"], how="left", validate="m:1")
    sums = reasons.groupby(["sku", "target_month"])["units"].sum(min_count=1).rename("units").reset_index()
    both = cells.merge(sums, on=["sku", "target_month"], validate="1:1")
    difference = both["forecast_units"] - both["sell_in_units"]
    assert difference.notna().sum() > 500
    np.testing.assert_allclose(both["units"], difference, atol=1e-6)


def test_the_rest_is_at_most_a_tenth_and_promotions_are_seen(reasons):
    parts = reasons[reasons["cause"].isin(CAUSES)]
    sizes = parts.groupby("cause")["units"].agg(lambda units: units.abs().sum()) / parts["units"].abs().sum()
    assert sizes["rest"] < 0.10
    assert sizes["promotion"] > 0.10


@pytest.mark.parametrize("kind", ["regular", "intermittent", "quantile"])
def test_contributions_of_a_kind_add_up_to_its_prediction_without_the_anchor(kind, model, origin_features):
    sporadic = is_intermittent(origin_features)
    boosters = model.learned.own
    cube = feature_cube(origin_features[sporadic == (kind != "regular")], boosters.names, 18)
    predicted = predict_direct(boosters.direct, cube, kind)
    anchor = (cube.anchor("theta") + cube.anchor("statistical_mean")) / 2 if kind == "regular" else 0.0
    parts = scaled_contributions(boosters.direct, cube, kind)
    np.testing.assert_allclose(parts.sum(axis=2), predicted - anchor, atol=1e-9)


def test_the_parts_of_a_regular_sku_have_the_weight_of_the_boosting(model, origin_features):
    features = origin_features[~is_intermittent(origin_features)]
    cube = feature_cube(features, model.learned.own.names, 18)
    anchor = (cube.anchor("theta") + cube.anchor("statistical_mean")) / 2
    change = (predict_direct(model.learned.own.direct, cube, "regular") - anchor) * cube.scale_units[:, None]
    blended = dataclasses.replace(model, boosting_weight=0.25)
    causes = boosting_causes(features, blended, np.ones(change.shape))
    np.testing.assert_allclose(causes.units.sum(axis=2), change / 4, atol=1e-6)


def test_the_parts_of_a_sku_have_the_weight_of_the_boosting_for_it(model, origin_features):
    features = origin_features[~is_intermittent(origin_features)]
    centre, spread = len(TRAITS) * (0.0,), len(TRAITS) * (1.0,)
    odds = tuple((2.0 * (trait == "seasonal_strength"), 0.0) for trait in TRAITS)
    by_sku = dataclasses.replace(model, sku_weights=SkuWeights((1.0,), centre, spread, odds))
    same, moved = (boosting_causes(features, each, np.ones((len(features), 18))).units for each in (model, by_sku))
    weight = model.boosting_weight
    expected = np.exp(2.0 * features["seasonal_strength"].to_numpy(float)) * weight
    expected /= expected + 1.0 - weight
    np.testing.assert_allclose(moved, same * (expected / weight)[:, None, None], atol=1e-9)
    assert expected.max() > 1.2 * expected.min()


def test_the_parts_of_a_rare_seller_are_in_proportion_of_its_forecast(model, origin_features):
    sporadic = is_intermittent(origin_features)
    features = origin_features[sporadic]
    cube = feature_cube(features, model.learned.own.names, 18)
    mean = predict_direct(model.learned.own.direct, cube, "intermittent") * cube.scale_units[:, None]
    causes = boosting_causes(features, model, 2 * mean)
    positive = mean > 0
    np.testing.assert_allclose(causes.units.sum(axis=2)[positive], 2 * mean[positive], rtol=1e-9)


def test_reasons_do_not_read_the_future(reasons, tables, origin_features, model, origin):
    other = with_another_future(tables, origin)
    poisoned = other.history()
    stored = tables_of(poisoned, other.products, origin_features, model, origin)
    again = forecast_reasons(stored, poisoned.sell_in, origin)
    pd.testing.assert_frame_equal(again, reasons)
