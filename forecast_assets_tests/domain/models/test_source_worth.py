"""Worth of sources: the rule by hand on invented refits, the small learners on rows with a column that deceives."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.market_model import fit_market_model
from forecast_assets.domain.models.market_model_storage import model_from_parts, model_to_parts
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refit_arrays import refit_from_arrays, refit_to_arrays
from forecast_assets.domain.models.source_learner import SOURCES
from forecast_assets.domain.models.source_worth import harmful_sources
from forecast_assets.domain.publication.market_forecasts import market_baseline, market_forecasts
from forecast_assets_tests.domain.models.invented_refits import invented_refit
from forecast_assets_tests.domain.models.synthetic_rows import plain_features

MONTHS = pd.date_range("2015-01-01", periods=79, freq="MS")
ORIGIN = MONTHS[60]
SKUS = [f"S{number:02d}" for number in range(24)]
QUICK = Recipe(
    rounds=5, recursive_rounds=5, refit_rounds=5, training_rows=4000, refit_rows=4000, few_skus=2, boosting_weight=0.6
)
PLANNED = [f"promotion_planned_h{horizon:02d}" for horizon in range(1, 19)]


def refit_with(used, left_out, members=100.0, source="promotions", **more):
    """Actual units are 100: the learner forecasts ``used`` with all columns and ``left_out`` without a source's."""
    return invented_refit((100.0, members), without={"": used, source: left_out}, **more)


@pytest.mark.parametrize(("used", "expected"), [(110.2, ("products",)), (110.05, ())])
def test_a_source_that_costs_more_than_one_per_cent_is_switched_off(used, expected):
    """Errors of 10 without it at the whole weight: 10.2 costs 2 %, 10.05 half of one."""
    assert harmful_sources([refit_with(used, 110.0, source="products")] * 3, 1.0, 0.0) == expected


def test_the_blend_decides_and_not_the_learner_alone():
    """At a weight of .1 beside members that err by 10, the learner's cost of 2 % is one of .2 %."""
    assert harmful_sources([refit_with(110.2, 110.0, members=110.0, source="products")] * 3, 0.1, 0.0) == ()


def test_a_cost_in_one_refit_of_three_switches_nothing_off():
    refits = [refit_with(140.0, 110.0), refit_with(110.0, 110.0), refit_with(110.0, 110.0)]
    assert harmful_sources(refits, 1.0, 0.0) == ()
    assert harmful_sources([refits[0], refits[0], refits[1]], 1.0, 0.0) == ("promotions",)


@pytest.mark.parametrize(("source", "expected"), [("promotions", ("promotions",)), ("products", ())])
def test_without_promotions_there_are_no_planned_units(source, expected):
    """Planned units of 150 with half of the share harm as promotions; a market without products keeps them."""
    refits = [refit_with(100.0, 100.0, source=source, planned=150.0)] * 3
    assert harmful_sources(refits, 0.5, 0.5) == expected


@pytest.mark.parametrize(("skus", "expected"), [(16, ()), (17, ("promotions",))])
def test_fewer_than_300_cells_switch_nothing_off(skus, expected):
    """16 SKUs have 288 cells, 17 have 306."""
    assert harmful_sources([refit_with(150.0, 100.0, skus=skus)], 1.0, 0.0) == expected


def panel_of(units: np.ndarray) -> DemandPanel:
    return DemandPanel(np.array(SKUS, dtype=object), MONTHS[: units.shape[1]], units)


PROMOTED = np.random.default_rng(3).random((len(SKUS), len(MONTHS))) < 0.5
OLD = MONTHS[:61] < MONTHS[42]


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    """Plans of every month ahead; the statistical forecast is always 4."""
    tables = []
    for at in range(12, 61):
        planned = dict(zip(PLANNED, PROMOTED[:, at + 1 : at + 19].T.astype(float), strict=True))
        tables.append(plain_features(SKUS, MONTHS[at : at + 1], 4.0, 4.0).assign(**planned))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def deceiving() -> np.ndarray:
    """6 in a promoted month and 2 in others until 18 months before the origin, the reverse since."""
    return np.where(PROMOTED[:, :61] == OLD, 6.0, 2.0)


def test_a_source_that_deceives_is_switched_off_and_said(features, deceiving):
    model = fit_market_model(features, panel_of(deceiving), ORIGIN, QUICK)
    assert model.switched_off == ("promotions",)
    assert "promotion_planned" not in model.columns
    assert model_from_parts(model_to_parts(model)).switched_off == ("promotions",)


def test_a_source_that_helps_stays(features):
    units = np.where(PROMOTED[:, :61], 6.0, 2.0)
    model = fit_market_model(features, panel_of(units), ORIGIN, QUICK)
    assert model.switched_off == ()
    assert "promotion_planned" in model.columns


def test_months_after_the_origin_switch_nothing(features, deceiving):
    poisoned = np.hstack([deceiving, np.full((len(SKUS), 18), 1e9)])
    later = features[features["origin_month"] == ORIGIN].assign(origin_month=MONTHS[62], **dict.fromkeys(PLANNED, 1e9))
    model = fit_market_model(features, panel_of(deceiving), ORIGIN, QUICK)
    again = fit_market_model(pd.concat([features, later]), panel_of(poisoned), ORIGIN, QUICK)
    pd.testing.assert_frame_equal(model_to_parts(again), model_to_parts(model))


def test_kept_refits_keep_what_each_source_is_worth():
    """A refit from a file decides as the one that was trained, small learners and planned units included."""
    refit = refit_with(110.2, 110.0, planned=90.0)
    rows = pd.DataFrame({"sku": ["A"], "origin_month": [ORIGIN]})
    again = refit_from_arrays(refit_to_arrays((rows, refit)))[1]
    assert {name: units[0, 0] for name, units in again.without.items()} == {"": 110.2, "promotions": 110.0}
    assert again.predictions.planned_units[0, 0] == 90.0


def test_forecasts_name_what_is_switched_off(model, history, origin, origin_features, tables):
    switched = dataclasses.replace(model, switched_off=("products",))
    panel, products = history.sell_in.until(origin), tables.products[tables.products["month"] == origin]
    baseline = market_baseline(panel, origin, products)
    rows = market_forecasts(switched, None, origin_features, baseline, panel, products, origin)
    assert len(rows) > 500
    assert rows["inputs_missing"].str.split(",").map(lambda names: "products (switched off)" in names).all()


def test_every_family_of_an_input_is_a_source():
    assert SOURCES == ("sell-out", "promotions", "products", "cross-market totals", "OxCGRT")
