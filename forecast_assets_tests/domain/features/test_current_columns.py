"""Names that the code builds: those of a real market, attribute values apart, and less where an input is missing."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.current_columns import current_columns
from forecast_assets_tests.domain.small_market import MONTHS

# Only where a product has a launch, an end or a reference.
OF_SOME_MARKETS = ("age_from_launch", "months_left", "reference_mean_12")
DESCRIBING = {"sku", "origin_month", "category", "abc_class", "xyz_class", "inputs_missing", "scale_units"}


def test_they_are_what_a_market_with_every_input_has(origin_features):
    built = {name for name in origin_features if "_is_" not in name} - DESCRIBING
    optional = {name for name in built if name.startswith(OF_SOME_MARKETS)}
    assert current_columns("") == built - optional
    assert len(optional) == 37


def test_a_market_with_sell_in_alone_has_those_of_its_missing_inputs(tables):
    alone = tables.history()
    empty = {name: getattr(alone, name).iloc[:0] for name in ("promotions", "totals_known")}
    products = alone.products.assign(category=None, brand=None, pack=None, launch_month=pd.NaT, end_month=pd.NaT)
    history = type(alone)(
        alone.code, alone.region, alone.iso2, alone.sell_in, {}, products.drop(columns="attribute_colour"),
        empty["promotions"], empty["totals_known"], alone.covid_policy,
    )  # fmt: skip
    features = build_features(history, MONTHS[80])
    (missing,) = features["inputs_missing"].unique()
    assert missing == "demand_totals_known,products,promotions,sell_out"
    built = {name for name in features if "_is_" not in name and not name.startswith(OF_SOME_MARKETS)} - DESCRIBING
    assert current_columns(missing) == built


@pytest.mark.parametrize("months", [1, 2, 12, 37])
def test_no_name_depends_on_the_length_of_the_history(tables, months):
    features = build_features(tables.history(MONTHS[81 - months], MONTHS[80]), MONTHS[80])
    assert current_columns("") <= set(features)


@pytest.mark.parametrize(
    ("first", "last", "promotions", "missing"),
    [(24, 78, True, "sell_out"), (80, 99, False, "promotions"), (80, 99, True, "")],
)
def test_sources_that_begin_or_stop_have_the_names_of_what_is_missing(tables, first, last, promotions, missing):
    within = tables.sell_out["month"].between(MONTHS[first], MONTHS[last])
    some = tables.promotions if promotions else tables.promotions.iloc[:0]
    features = build_features(
        dataclasses.replace(tables, sell_out=tables.sell_out[within], promotions=some).history(), MONTHS[80]
    )
    assert set(features["inputs_missing"]) == {missing}
    assert current_columns(missing) <= set(features)
