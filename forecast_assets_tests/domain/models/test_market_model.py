import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.market_model_storage import model_from_parts, model_to_parts
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TooFewRowsError
from forecast_assets.validation.schema_check import schema_check
from forecast_assets_tests.domain.models.synthetic_rows import plain_features
from forecast_assets_tests.domain.small_market import INTERMITTENT, SKUS

MONTHS = pd.date_range("2019-01-01", periods=60, freq="MS")
ORIGIN = MONTHS[50]
QUICK = Recipe(rounds=5, min_rows_per_leaf=20, training_rows=2000, recursive_rounds=5)


def with_weight(model, boosting_weight):
    return dataclasses.replace(model, boosting_weight=boosting_weight)


def with_units(units, skus=("a", "b")):
    return DemandPanel(np.array(skus, dtype=object), MONTHS, np.full((len(skus), 60), units))


def plain_market(units_each_month=2.0, statistical=4.0, skus=("a", "b")):
    """SKUs that sell the same every month, forecast by the statistical methods at ``statistical``."""
    panel = DemandPanel(np.array(skus, dtype=object), MONTHS, np.full((len(skus), 60), units_each_month))
    features = plain_features(list(skus), MONTHS[20:50], statistical, statistical)
    return features, panel


def at_origin(skus=("a", "b"), statistical=4.0, **columns):
    return plain_features(list(skus), MONTHS[50:51], statistical, statistical, **columns)


@pytest.fixture(scope="module")
def plain_model():
    return fit_market_model(*plain_market(), ORIGIN, QUICK)


def test_a_forecast_has_every_sku_and_the_18_months_after_the_origin(plain_model):
    rows = forecast_units(at_origin(), plain_market()[1], plain_model)
    assert rows["sku"].tolist() == ["a"] * 18 + ["b"] * 18
    assert rows["horizon_months"].tolist() == list(range(1, 19)) * 2
    assert rows["origin_month"].unique().tolist() == [pd.Timestamp("2023-03-01")]
    assert rows["target_month"].iloc[[0, 9, 17, 18]].dt.strftime("%Y-%m").tolist() == [
        "2023-04", "2024-01", "2024-09", "2023-04",
    ]  # fmt: skip


def test_a_regular_sku_is_the_weighted_mean_of_boosting_and_members(plain_model):
    # Every label is 2 and every statistical forecast 4, so the boosting answers near 2; members continue the history.
    rows = {
        weight: forecast_units(at_origin(), with_units(6.0), with_weight(plain_model, weight))["forecast_units"]
        for weight in (0.0, 0.4, 1.0)
    }
    np.testing.assert_allclose(rows[0.0], 6.0, rtol=1e-3)
    np.testing.assert_allclose(rows[1.0], 2.0, rtol=0.01)
    np.testing.assert_allclose(rows[0.4], 0.4 * rows[1.0] + 0.6 * rows[0.0])


def test_the_weight_is_the_recipes_unless_refits_suggest_another(plain_model):
    # Boosting and members are right about a constant: nothing beats the recipe's weight.
    assert plain_model.refits == 2
    assert plain_model.boosting_weight == QUICK.boosting_weight_of_few == 0.2
    features, panel = plain_market()
    other = fit_market_model(features, panel, ORIGIN, dataclasses.replace(QUICK, boosting_weight=0.6, few_skus=2))
    assert other.boosting_weight == 0.6


def test_a_market_of_few_skus_leans_on_the_members():
    assert [Recipe().usual_weight(skus) for skus in (1, 49, 50, 5000)] == [0.2, 0.2, 0.3, 0.3]


def test_the_weight_of_the_better_part_in_the_refits_is_learned():
    # Demand alternates between its months as theta says at each origin, 1 or 3, which members cannot know.
    rng = np.random.default_rng(3)
    skus = [f"s{number:02d}" for number in range(20)]
    drawn = rng.choice([1.0, 3.0], (20, 60)) * 50
    panel = DemandPanel(np.array(skus, dtype=object), MONTHS, drawn)
    features = plain_features(skus, MONTHS[20:50], 100.0, 100.0, scale_units=100.0, ses_one_step_mae=50.0)
    places = np.repeat(np.arange(20, 50), 20)
    ahead = {
        f"{name}_h{h:02d}": drawn[np.tile(np.arange(20), 30), np.minimum(places + h, 59)]
        for name in ("theta", "statistical_mean")
        for h in range(1, 19)
    }
    fitted = fit_market_model(features.assign(**ahead), panel, ORIGIN, QUICK)
    assert (fitted.refits, fitted.boosting_weight) == (3, 1.0)


def test_a_forecast_is_at_most_four_times_the_recent_maximum(plain_model):
    units = np.full((2, 60), 2.0)
    # Only month 50 - 35 .. 50 count: neither the peak before nor the one after the origin.
    units[:, 14], units[:, 15], units[:, 51] = 1e6, 3.0, 1e6
    panel = DemandPanel(np.array(["a", "b"], dtype=object), MONTHS, units)
    boosting = with_weight(plain_model, 1.0)
    assert forecast_units(at_origin(statistical=1e9), panel, boosting)["forecast_units"].unique().tolist() == [12.0]


def test_a_model_that_learned_from_returns_alone_forecasts_zero():
    only_boosting = with_weight(fit_market_model(*plain_market(units_each_month=-10.0), ORIGIN, QUICK), 1.0)
    rows = forecast_units(at_origin(), plain_market()[1], only_boosting)
    assert rows["forecast_units"].unique().tolist() == [0.0]
    assert rows["forecast_units_p10"].unique().tolist() == [0.0]


def test_a_forecast_lies_in_its_interval_and_none_is_negative_or_missing(model, history, origin_features):
    rows = forecast_units(origin_features, history.sell_in, model)
    assert (rows["forecast_units_p10"] >= 0).all()
    assert (rows["forecast_units_p10"] <= rows["forecast_units"]).all()
    assert (rows["forecast_units"] <= rows["forecast_units_p90"]).all()
    assert (rows["forecast_units_p90"] > rows["forecast_units_p10"]).mean() > 0.9


def test_a_planned_promotion_is_forecast_better_than_by_statistics(model, history, tables, origin, origin_features):
    rows = forecast_units(origin_features, history.sell_in, model)
    mean = pd.wide_to_long(
        origin_features.filter(regex="^sku$|^statistical_mean_h").rename(columns=lambda name: name.replace("_h", "_")),
        "statistical_mean", i="sku", j="horizon_months", sep="_",
    )["statistical_mean"].reset_index()  # fmt: skip
    actual = tables.sell_in.rename(columns={"month": "target_month"})
    promoted = tables.promotions[tables.promotions["month"] == origin].rename(
        columns={"promotion_month": "target_month"}
    )
    cells = rows.merge(mean, on=["sku", "horizon_months"], validate="1:1")
    cells = cells.merge(actual, on=["sku", "target_month"], validate="1:1")
    cells = cells.merge(promoted[["sku", "target_month"]], on=["sku", "target_month"], validate="1:1")
    cells = cells[~cells["sku"].isin([SKUS[place] for place in INTERMITTENT])]
    wrong = {
        name: (cells[name] - cells["sell_in_units"]).abs().sum() for name in ("forecast_units", "statistical_mean")
    }
    assert len(cells) > 40
    assert wrong["forecast_units"] < 0.7 * wrong["statistical_mean"]


def test_the_same_inputs_in_any_order_give_the_same_model_and_forecast(
    model, earlier_features, history, origin, recipe, origin_features
):
    shuffled = earlier_features.sample(frac=1, random_state=4)
    again = fit_market_model(shuffled, history.sell_in, origin, recipe)
    pd.testing.assert_frame_equal(model_to_parts(again), model_to_parts(model))
    first, second = (forecast_units(origin_features, history.sell_in, each) for each in (model, again))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_a_stored_model_reads_back_to_the_same_forecasts(model, history, origin_features, origin):
    parts = model_to_parts(model)
    assert schema_check("model").find(parts, origin).message == ""
    restored = model_from_parts(parts.sample(frac=1, random_state=0))
    for field in ("cutoff", "learned", "recipe", "boosting_weight", "rows", "refits"):
        assert getattr(restored, field) == getattr(model, field), field
    assert model.refits == 3
    before, after = (forecast_units(origin_features, history.sell_in, each) for each in (model, restored))
    pd.testing.assert_frame_equal(after, before, check_exact=True)


def test_the_stored_model_is_a_manifest_and_lightgbm_texts(model):
    parts = model_to_parts(model)
    manifest = json.loads(parts["content"].iloc[0])
    assert parts["part"].iloc[0] == "manifest.json"
    assert manifest["cutoff"] == "2020-09-01"
    recipe = json.loads(json.dumps(dataclasses.asdict(model.recipe)))
    assert manifest["recipe"] | {"threads": model.recipe.threads} == recipe
    assert (manifest["boosting_weight"], manifest["refits"]) == (model.boosting_weight, 3)
    assert "threads" not in manifest["recipe"]
    assert not parts["content"].str.contains("num_threads: 1").any()
    assert "promotion_planned" in manifest["features"]["by_horizon"]
    assert "log_scale_units" in manifest["features"]["origin"]
    assert len(manifest["quantiles"]) == 18
    assert manifest["rows"] == model.recipe.training_rows
    assert set(parts["part"].iloc[1:]) == {
        "theta_residual", "log_ratio", "mean", "tweedie", "quantile", "recursive_l1", "recursive_l2",
    }  # fmt: skip
    assert parts["content"].iloc[1:].str.startswith("tree\n").all()


def test_parts_without_a_manifest_are_no_model(model):
    parts = model_to_parts(model)
    with pytest.raises(KeyError, match=r"manifest\.json"):
        model_from_parts(parts.iloc[1:])


@pytest.mark.parametrize(("cutoff", "refused"), [(MONTHS[51], True), (MONTHS[50], False), (MONTHS[49], False)])
def test_a_model_that_has_seen_months_after_the_origin_is_rejected(plain_model, cutoff, refused):
    model = dataclasses.replace(plain_model, cutoff=cutoff)
    if refused:
        with pytest.raises(ValueError, match="cutoff 2023-04 has seen months after the origin 2023-03"):
            forecast_units(at_origin(), plain_market()[1], model)
    else:
        assert len(forecast_units(at_origin(), plain_market()[1], model)) == 36


def test_features_of_two_origins_are_rejected(plain_model):
    features, panel = plain_market()
    with pytest.raises(ValueError, match="expected features of one origin month, got 30"):
        forecast_units(features, panel, plain_model)


def test_a_sku_without_sell_in_is_rejected_by_name(plain_model):
    with pytest.raises(ValueError, match=r"no sell-in for 1 SKUs.*'stranger'"):
        forecast_units(at_origin(("a", "stranger")), plain_market()[1], plain_model)


def test_columns_that_only_later_origins_have_are_not_learned_from():
    features, panel = plain_market()
    later = plain_features(["a", "b"], MONTHS[50:55], 4.0, 4.0, news=[0.0, 1.0] * 5)
    model = fit_market_model(pd.concat([features.assign(news=0.0), later]), panel, ORIGIN, QUICK)
    assert "news" not in model.learned.own.names.origin


def test_a_market_that_never_sold_anything_is_forecast_at_zero():
    features, panel = plain_market(units_each_month=0.0, statistical=0.0)
    rows = forecast_units(at_origin(statistical=0.0), panel, fit_market_model(features, panel, ORIGIN, QUICK))
    assert rows["forecast_units"].unique().tolist() == [0.0]


def test_too_little_history_is_no_model():
    features, panel = plain_market()
    with pytest.raises(TooFewRowsError, match="expected at least 200"):
        fit_market_model(features[features["origin_month"] > MONTHS[48]], panel, ORIGIN, QUICK)
