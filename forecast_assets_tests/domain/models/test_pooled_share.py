"""The share of pooled boosters in a market's prediction: votes of invented refits, and the mixture by hand."""

import dataclasses

import numpy as np
import pytest

from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import Refit, learned_share
from forecast_assets_tests.domain.models.invented_refits import invented_refit

RECIPE = Recipe()
ALL_BETTER, MOST_BETTER = RECIPE.share_if_all_better, RECIPE.share_if_most_better


def refit_of(own, pooled, actual=100.0) -> Refit:
    """A refit in which own and pooled boosters predict one number each for every SKU and month."""
    return invented_refit(own, actual, pooled)


BETTER, WORSE = refit_of(120, 105), refit_of(105, 130)


@pytest.mark.parametrize(
    ("refits", "expected"),
    [
        ([BETTER] * 3, ALL_BETTER),
        ([BETTER, WORSE, BETTER], MOST_BETTER),
        ([BETTER, WORSE, WORSE], 0.0),
        ([WORSE] * 3, 0.0),
        ([BETTER, BETTER], MOST_BETTER),
        ([BETTER, WORSE], 0.0),
        ([BETTER, BETTER, refit_of(100, None)], MOST_BETTER),
    ],
)
def test_the_share_follows_the_votes_of_the_refits_that_have_both(refits, expected):
    assert 0.0 < MOST_BETTER < ALL_BETTER < 1.0
    assert learned_share(refits, RECIPE, usual_weight=0.4, boosting_weight=0.4) == expected


def test_a_refit_votes_for_pooled_if_a_small_share_helps():
    # A quarter of 60 in 110 is 97.5, an error of 2.5 instead of 10; all of it errs by 40.
    assert learned_share([refit_of(110, 60)] * 3, RECIPE, usual_weight=0.4, boosting_weight=0.4) == ALL_BETTER


@pytest.mark.parametrize(("known", "expected"), [(299, 0.1), (300, MOST_BETTER)])
def test_fewer_than_300_known_cells_leave_the_usual_share(known, expected):
    actual = np.where(np.arange(360).reshape(20, 18) < known, 100.0, np.nan)
    other = dataclasses.replace(RECIPE, pooled_share_of_few=0.1)
    assert learned_share([refit_of(120, 105, actual)], other, usual_weight=0.4, boosting_weight=0.4) == expected


def test_without_any_refit_the_share_is_that_of_a_market_of_few_skus():
    assert learned_share([], RECIPE, usual_weight=0.4, boosting_weight=0.4) == RECIPE.pooled_share_of_few > 0


@pytest.mark.parametrize(("weight", "expected"), [(0.2, ALL_BETTER), (0.4, ALL_BETTER), (0.55, 0.0)])
def test_a_market_with_a_raised_boosting_weight_takes_no_share(weight, expected):
    assert learned_share([BETTER] * 3, RECIPE, usual_weight=0.4, boosting_weight=weight) == expected


def test_mixed_predictions_are_the_weighted_mean_of_boosting_and_members():
    mixed = refit_of(120, 100).mixed(0.25).predictions
    assert np.unique(mixed.boosting).tolist() == np.unique(mixed.members).tolist() == [115.0]
