"""Level of a launch from what earlier launches did beside their relatives. Each expected value is computed by hand."""

import dataclasses

import numpy as np
import pytest

from forecast_assets.domain.portfolio.launch_curves import CurveLaunches
from forecast_assets.domain.portfolio.launch_experience import Experience, first_levels, learned_experience
from forecast_assets.domain.portfolio.launches import earlier_launches, launch_forecasts, new_launches
from forecast_assets_tests.domain.portfolio_market import MONTHS, ORIGIN, PAST, market, products, series

NOT_ALIKE = {"brand": None, "pack": None}


def experience(relatives, own):
    return learned_experience(np.array(relatives, dtype=float), np.array(own, dtype=float))


def test_three_earlier_launches_say_nothing():
    assert experience([100] * 3, [10] * 3) == Experience()
    assert experience([100] * 4, [10, 10, 10, np.nan]) == Experience()
    assert experience([100] * 3 + [0], [10] * 4) == experience([100] * 4, [10] * 3 + [0]) == Experience()
    assert Experience().level(100.0) == pytest.approx(100)


def test_four_launches_at_half_of_their_relatives_move_the_level_by_four_fifths_of_that():
    assert experience([100] * 4, [50] * 4).level(100.0) == pytest.approx(100 * 0.5 ** (4 / 5))


def test_a_launch_is_drawn_to_the_usual_level_where_relatives_told_nothing():
    learned = experience([10, 1000, 10, 1000], [100] * 4)
    # Each relative is one decade from the centre, 100: the slope falls from 1 by 4 L^2 / (4 L^2 + 6), L = ln 10.
    slope = 1 - 4 * np.log(10) ** 2 / (4 * np.log(10) ** 2 + 6)
    assert learned.slope == pytest.approx(slope)
    assert learned.level(1000.0) == pytest.approx(100 * 10**slope)
    assert learned.level(100.0) == pytest.approx(100)


def test_relatives_are_worth_fewer_own_months_the_less_they_told():
    # Without any distance the spread is that of the prior: 3 x 0.25 / (4 + 3).
    assert experience([100] * 4, [100] * 4).months_worth == pytest.approx(0.09 / (0.75 / 7))
    # Half of the launches ten times the relatives, half a tenth: squares of ln 10.
    scattered = experience([100] * 4, [10, 1000, 10, 1000]).months_worth
    assert scattered == pytest.approx(0.09 / ((4 * np.log(10) ** 2 + 0.75) / 7))
    # All at a tenth: four fifths of that are expected, a fifth of ln 10 is left.
    below = experience([100] * 4, [10] * 4).months_worth
    assert below == pytest.approx(0.09 / ((4 * (np.log(10) / 5) ** 2 + 0.75) / 7))
    # As far from the centre as their relatives: the slope is 1 and leaves nothing.
    apart = experience([10, 1000, 10, 1000], [10, 1000, 10, 1000]).months_worth
    assert apart == pytest.approx(0.09 / (0.75 / 7))


def test_the_first_level_corrects_the_known_months_by_the_curve():
    units = np.array([[np.nan, 10.0, 30.0, np.nan, 100.0]])
    curve = np.array([[0.5, 1.5, 9.0, 2.0] + [1.0] * 8])
    levels = first_levels(units, np.array([0]), np.array([1]), curve)
    assert levels == pytest.approx([140 / 4])
    assert np.isnan(first_levels(units * np.nan, np.array([0]), np.array([1]), curve)).all()


def replaced_and_staying():
    """Four launches that replaced their reference at twice its level, four at a tenth of one that stayed on sale."""
    skus, described = {}, {}
    for at in range(4):
        skus |= {f"old{at}": series((100, 30), (0, 26)), f"by{at}": series((200, 26))}
        skus |= {f"big{at}": series((1000, 60)), f"small{at}": series((100, 26))}
        described |= {f"old{at}": {"end_month": MONTHS[PAST - 27]}, f"by{at}": {"reference_sku": f"old{at}"}}
        described |= {f"small{at}": {"reference_sku": f"big{at}"}}
    skus |= {"next": series(), "ending": series((100, 60))}
    announced = {"launch_month": MONTHS[PAST], "reference_sku": "ending"}
    return skus, {name: NOT_ALIKE | described.get(name, {}) for name in skus} | {"next": NOT_ALIKE | announced}


def forecast(end_month):
    skus, described = replaced_and_staying()
    described["ending"] = NOT_ALIKE | {"end_month": end_month}
    panel = market(**skus).until(ORIGIN)
    known = products(panel, **described)
    launches = new_launches(panel, known)
    return launch_forecasts(panel, known, launches, 18)[0][0], launches[0]


def test_a_launch_follows_those_that_replaced_a_sku_if_its_reference_ends():
    # Replaced: all at the same level, so twice the level to the power of 4 / 5. Staying: a tenth, the same way.
    units, launch = forecast(MONTHS[PAST + 4])
    assert launch.replaces
    assert units == pytest.approx(100 * 2 ** (4 / 5), rel=0.01)
    units, launch = forecast(MONTHS[PAST + 5])
    assert not launch.replaces
    # Slope 1: the references of the four are alike, so only their level tells.
    assert units == pytest.approx(100 * 0.1 ** (4 / 5), rel=0.01)


def test_earlier_launches_of_a_longer_panel_know_nothing_more():
    skus, described = replaced_and_staying()
    panel = market(after_origin=1e9, **skus)
    known = products(panel, **described)
    # The earlier launches are 11 months old then, in the longer panel 44.
    before = panel.until(MONTHS[PAST - 16])
    launches = new_launches(before, known)
    alone = launch_forecasts(before, known, launches, 18)
    assert len(launches)
    np.testing.assert_array_equal(launch_forecasts(before, known, launches, 18, earlier_launches(panel, known)), alone)


def test_the_curve_is_that_of_launches_of_the_same_kind_in_the_category_first():
    def behind(*groups):
        """Return the launches behind the curve of one that replaces a tea, of (category, replaces, number) groups."""
        category = np.concatenate([np.full(count, name, dtype=object) for name, _, count in groups])
        replaces = np.concatenate([np.full(count, kind) for _, kind, count in groups])
        units = np.ones((len(category), 24))
        chosen = CurveLaunches(units, np.zeros(len(category)), category, replaces).behind("tea", True)
        return sorted(set(zip(category[chosen], replaces[chosen].tolist(), strict=True)))

    replacing, new = ("tea", True), ("tea", False)
    assert behind(("tea", True, 5), ("tea", False, 5), ("coffee", True, 5)) == [replacing]
    assert behind(("tea", True, 4), ("tea", False, 5), ("coffee", True, 1)) == [("coffee", True), replacing]
    assert behind(("tea", True, 3), ("tea", False, 2), ("coffee", True, 1)) == [new, replacing]
    assert behind(("tea", True, 3), ("coffee", False, 2)) == [("coffee", False), replacing]
    assert behind(("tea", True, 4)) == []


def test_a_launch_that_sold_nothing_in_its_second_year_makes_no_curve():
    sold, gone = np.ones(24), np.r_[np.ones(12), np.zeros(12)]
    assert not launches_in(*[sold] * 4, gone).behind("tea", False).any()
    assert launches_in(*[sold] * 5, gone).behind("tea", False).tolist() == [True] * 5 + [False]


def test_a_curve_is_made_from_launches_of_small_units_too_and_from_one_known_month():
    units = np.r_[np.full(12, 0.25), np.full(12, 0.5)]
    without_third = np.where(np.arange(24) == 2, np.nan, units)
    first = np.where(np.arange(24) == 2, 2.0, units)
    curve = launches_in(first, *[without_third] * 4).curves([("tea", False)])["tea", False]
    assert curve == pytest.approx([0.5, 0.5, 4.0] + [0.5] * 9)


def test_a_launch_that_is_only_announced_is_no_earlier_launch_of_rare_items():
    begun = launches_in(*[RARE] * 5)
    announced = dataclasses.replace(begun, starts=np.array([0.0, 0.0, 0.0, 0.0, 24.0]))
    assert begun.rare_launch("tea") is not None
    assert announced.rare_launch("tea") is None


def launches_in(*rows, category=None):
    """Return launches of teas that began in the first column and replace nothing."""
    units = np.array(rows, dtype=float)
    kind = np.array(category or ["tea"] * len(units), dtype=object)
    return CurveLaunches(units, np.zeros(len(units)), kind, np.zeros(len(units), dtype=bool))


RARE = np.array([8.0, 0.0, 4.0] + [0.0, 6.0] * 10 + [0.0])


def test_the_mean_launch_of_rare_items_is_that_of_their_months_of_life():
    # A sixth has sold for one month only.
    young = np.array([20.0] + [np.nan] * 23)
    rare = launches_in(*[RARE] * 5, young).rare_launch("tea")
    level = 60 / 21
    assert rare.level_units == pytest.approx(level)
    assert rare.curve[:4] * level == pytest.approx([10, 0, 4, 0])
    # 34 units in three months that usually bring 14, and 8 months at the usual level.
    assert rare.level(np.array([30.0, np.nan, 4.0])) == pytest.approx((34 + 8 * level) / (14 / level + 8))
    assert rare.level(np.empty(0)) == pytest.approx(level)


def test_launches_are_rare_from_fifteen_per_cent_without_a_sale_and_five_launches_on():
    three_zeros, four_zeros = np.full(24, 5.0), np.full(24, 5.0)
    three_zeros[4:7], four_zeros[4:8] = 0.0, 0.0
    # Of the 21 months from the fourth on: 3 are 14.3 %, 4 are 19 %.
    assert launches_in(*[three_zeros] * 5).rare_launch("tea") is None
    assert launches_in(*[four_zeros] * 5).rare_launch("tea") is not None
    assert launches_in(*[four_zeros] * 4).rare_launch("tea") is None


def test_the_rare_launches_of_the_category_count_before_those_of_the_market():
    other = np.where(RARE > 0, 60.0, 0.0)
    both = launches_in(*[RARE] * 5, *[other] * 5, category=["tea"] * 5 + ["coffee"] * 5)
    assert both.rare_launch("tea").level_units == pytest.approx(60 / 21)
    assert both.rare_launch("milk").level_units == pytest.approx((60 + 600) / 42)


def test_a_launch_of_rare_items_starts_with_their_mean_launch():
    past = {f"past{at}": series(*((units, 1) for units in RARE)) for at in range(5)}
    panel = market(**past, next=series()).until(ORIGIN)
    described = dict.fromkeys(past, NOT_ALIKE) | {"next": NOT_ALIKE | {"launch_month": MONTHS[PAST]}}
    known = products(panel, **described)
    ahead = launch_forecasts(panel, known, new_launches(panel, known), 18)[0]
    # The launches began two years ago, so the season of the month cancels out.
    assert ahead[:3] == pytest.approx([8, 0, 4])


@pytest.mark.parametrize("kind", ["rare", "with_relatives"])
def test_months_after_the_origin_change_no_launch(kind):
    def forecast_with(future):
        skus, described = replaced_and_staying()
        if kind == "rare":
            skus = {f"past{at}": series(*((units, 1) for units in RARE)) for at in range(5)} | {"next": series()}
            described = dict.fromkeys(skus, NOT_ALIKE) | {"next": NOT_ALIKE | {"launch_month": MONTHS[PAST]}}
        panel = market(after_origin=future, **skus)
        known, before = products(panel, **described), panel.until(ORIGIN)
        return launch_forecasts(before, known, new_launches(before, known), 18)

    np.testing.assert_array_equal(forecast_with(np.nan), forecast_with(1e9))
