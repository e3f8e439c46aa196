"""Errors of refits on what followed them, computed by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.models.market_model import MarketModel, OwnAlone
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refit_accuracy import COLUMNS, refit_errors
from forecast_assets.domain.models.sku_traits import TRAITS
from forecast_assets.domain.models.sku_weights import SkuWeights
from forecast_assets_tests.domain.models.invented_refits import invented_refit


def model(weight=0.5, **fields) -> MarketModel:
    return MarketModel(pd.Timestamp("2024-06-01"), Recipe(), OwnAlone(None), weight, pd.DataFrame(), 1, 2, **fields)


def test_errors_are_those_of_the_blend_over_all_refits_by_horizon():
    # Blended 0.5 x 120 + 0.5 x 100 = 110 against 100: 2 SKUs of each refit.
    refits = [invented_refit((120.0, 100.0), 100.0, skus=2), invented_refit((80.0, 100.0), 100.0, skus=2)]
    errors = refit_errors(refits, model())
    assert list(errors) == COLUMNS
    assert len(errors) == 18
    assert errors.iloc[0].tolist() == [1, 400.0, 400.0, 40.0, 0.0]


def test_months_that_are_not_known_are_left_out():
    actual = np.full(18, np.nan)
    actual[1] = 50.0
    errors = refit_errors([invented_refit(60.0, np.tile(actual, (3, 1)), skus=3)], model())
    assert errors.to_numpy().tolist() == [[2, 150.0, 150.0, 30.0, 30.0]]


def test_planned_units_count_as_the_model_uses_them():
    errors = refit_errors([invented_refit((100.0, 100.0), 100.0, skus=1, planned=140.0)], model(0.0, planned_share=0.5))
    assert errors["error_units"].iloc[0] == pytest.approx(20.0)


def test_errors_are_those_of_the_weights_by_sku():
    # The only trait doubles the odds of the boosting: its weight is 2/3 instead of 1/2.
    refit = invented_refit((130.0, 100.0), 100.0, skus=1)
    odds = tuple((math.log(2.0) * (trait == 0), 0.0) for trait in range(len(TRAITS)))
    by_sku = SkuWeights((1.0,), (-1.0,) + (0.0,) * (len(TRAITS) - 1), (1.0,) * len(TRAITS), odds)
    errors = refit_errors([refit], model(sku_weights=by_sku))
    assert errors["error_units"].iloc[0] == pytest.approx(20.0)


def test_without_a_refit_there_are_no_rows():
    assert refit_errors([], model()).empty
