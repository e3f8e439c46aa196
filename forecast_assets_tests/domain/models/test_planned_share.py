"""Votes of the refits on the planned units and on the weight of the boosting: errors that are computed in the head.

Actual units are 100 throughout, so a forecast of 110 errs by 10. The boosting forecasts what the members do.
"""

import numpy as np
import pytest

from forecast_assets.domain.models.refits import learned_planned_share, learned_weight
from forecast_assets_tests.domain.models.invented_refits import invented_refit


def planned(units, members=110.0, **more):
    return invented_refit((100.0, members), planned=units, **more)


def test_planned_units_that_are_right_take_the_place_of_the_members():
    assert learned_planned_share([planned(100.0)] * 3, 0.3) == 1.0


def test_planned_units_that_no_refit_gains_from_have_no_share():
    assert learned_planned_share([planned(120.0)] * 3, 0.3) == 0.0


def test_a_market_without_planned_units_has_no_share_of_them():
    assert learned_planned_share([planned(np.nan)] * 3, 0.3) == 0.0


def test_the_share_ends_where_errors_of_opposite_signs_cancel():
    """Members of 110 and plans of 90: half of each is right, a quarter and three quarters err by 5."""
    assert learned_planned_share([planned(90.0)] * 3, 0.0) == 0.5


def test_one_era_that_gains_much_does_not_outvote_two_that_lose():
    """In sums the first refit would win: it gains 50, the others lose 20."""
    refits = [planned(100.0, members=150.0), planned(120.0, members=100.0), planned(120.0, members=100.0)]
    assert learned_planned_share(refits, 0.3) == 0.0


def test_one_refit_of_three_is_no_majority():
    """In two refits the planned units are those of the members: they neither gain nor lose."""
    assert learned_planned_share([planned(100.0), planned(110.0), planned(110.0)], 0.3) == 0.0
    assert learned_planned_share([planned(100.0), planned(100.0), planned(110.0)], 0.3) == 1.0


@pytest.mark.parametrize(("harmed", "share"), [(110.1, 1.0), (110.3, 0.0)])
def test_a_refit_that_loses_more_than_half_a_per_cent_stops_the_share(harmed, share):
    """A step of a quarter towards plans of 110.1 costs .025 of an error of 10, towards 110.3 .075."""
    refits = [planned(100.0), planned(100.0), planned(harmed)]
    assert learned_planned_share(refits, 0.0) == share


@pytest.mark.parametrize(("skus", "share"), [(16, 0.5), (17, 1.0)])
def test_with_fewer_than_300_cells_half_is_planned(skus, share):
    """16 SKUs have 288 cells, 17 have 306."""
    assert learned_planned_share([planned(100.0, skus=skus)], 0.3) == share


def test_without_refits_half_is_planned():
    assert learned_planned_share([], 0.3) == 0.5


def test_intermittent_skus_have_no_vote():
    refit = planned(np.where(np.arange(20) < 3, np.nan, 100.0)[:, None], intermittent=(0, 1, 2))
    assert learned_planned_share([refit], 0.3) == 1.0


def test_one_era_does_not_outvote_two_on_the_weight_of_the_boosting():
    """A full weight would lower the sum of errors: by 42 in the first refit against 2 x 14."""
    refits = [invented_refit((100.0, 160.0)), invented_refit((120.0, 100.0)), invented_refit((120.0, 100.0))]
    assert learned_weight(refits, 0.3) == 0.3


def test_a_weight_that_most_refits_lower_goes_down_one_step_at_a_time():
    """Boosting 130, members 90: .2 errs by 2, .3 by 2 on the other side, so nothing moves from .3."""
    assert learned_weight([invented_refit((130.0, 90.0))] * 3, 0.3) == 0.3
    assert learned_weight([invented_refit((130.0, 95.0))] * 3, 0.3) == 0.2
