"""Ages and counts at which the rules of new SKUs begin and end, exactly."""

import numpy as np
import pytest

from forecast_assets.domain.portfolio.launch_curves import launch_curve
from forecast_assets.domain.portfolio.launches import launch_columns, launch_forecasts
from forecast_assets_tests.domain.portfolio_market import (
    MONTHS,
    ORIGIN,
    PAST,
    UNKNOWN,
    launches_of,
    market,
    series,
)


def forecast(described=None, **skus):
    panel, known, launches = launches_of(described, **skus)
    return launch_forecasts(panel, known, launches, 18)


def launched(months, first=50.0):
    """A SKU of this age with half its level in the first month."""
    return series((first, 1), (100, months - 1))


def test_a_launch_of_exactly_two_years_shapes_the_curve_and_one_a_month_younger_not():
    def first_of_curve(months):
        panel = market(**{f"s{at}": launched(months) for at in range(5)}).until(ORIGIN)
        return launch_curve(panel.units, np.full(5, float(PAST - months)))[0]

    assert first_of_curve(24) == 0.5
    assert first_of_curve(23) == 1.0


def test_the_mature_level_is_that_of_the_second_year_from_its_first_month_to_its_last():
    # 40 in the first year, 100 in the second, 700 after it.
    panel = market(**{f"s{at}": series((40, 12), (100, 12), (700, 6)) for at in range(5)}).until(ORIGIN)
    assert launch_curve(panel.units, np.full(5, 30.0)).tolist() == [0.4] * 12


@pytest.mark.parametrize(("known", "expected"), [(6, 0.5), (5, 1.0)])
def test_six_known_months_of_the_second_year_are_enough(known, expected):
    units = launched(24)
    units[PAST - 12 : PAST - known] = UNKNOWN
    panel = market(**{f"s{at}": units for at in range(5)}).until(ORIGIN)
    assert launch_curve(panel.units, np.full(5, 36.0))[0] == expected


def test_a_sku_is_new_for_eleven_months():
    _, _, launches = launches_of(a=series((50, 11)), b=series((50, 12)), c=series((50, 60)))
    assert [(each.row, each.start) for each in launches] == [(0, 49)]


def test_the_launch_month_of_a_later_month_than_the_horizon_is_not_observed():
    units = series()[None]
    for ahead, column in ((18, PAST + 17), (19, UNKNOWN)):
        month = np.array([ORIGIN.to_datetime64().astype("datetime64[M]") + ahead], dtype="datetime64[ns]")
        assert launch_columns(units, ORIGIN, month)[0] == pytest.approx(column, nan_ok=True)


@pytest.mark.parametrize(("months", "kind"), [(12, "new_with_reference"), (11, "new_without_relative")])
def test_a_reference_needs_a_year_before_the_launch(months, kind):
    reference = series((100, months + 4))
    _, _, launches = launches_of(
        {"a": {"reference_sku": "b", "brand": None, "pack": None}}, a=series((50, 4)), b=reference
    )
    assert launches[0].kind == kind


@pytest.mark.parametrize(("months", "kind"), [(24, "new_with_like_items"), (23, "new_without_relative")])
def test_like_items_need_two_years_before_the_launch_and_three_of_them(months, kind):
    like = {f"like{at}": series((100, months + 4)) for at in range(3)}
    assert launches_of(a=series((50, 4)), **like)[2][0].kind == kind
    del like["like2"]
    assert launches_of(a=series((50, 4)), **like)[2][0].kind == "new_without_relative"


def test_the_level_of_a_like_item_is_that_of_its_last_twelve_known_months():
    like = {f"like{at}": series((900, 30), (100, 12), (5, 4)) for at in range(3)}
    (launch,) = launches_of(a=series((50, 4)), **like)[2]
    assert launch.level_units == 100


def test_a_like_item_that_sells_nothing_is_none():
    like = {f"like{at}": series((100 if at else 0, 60)) for at in range(3)}
    assert launches_of(a=series((50, 4)), **like)[2][0].kind == "new_without_relative"


def test_three_earlier_launches_of_the_category_give_its_usual_level_and_two_that_of_the_market():
    def third_month(coffees):
        skus = {f"cof{at}": series((20, 30)) for at in range(coffees)} | {
            f"tea{at}": series((90, 30)) for at in range(5)
        }
        described = {"a": {"category": "coffee", "launch_month": MONTHS[PAST]}}
        described |= {name: {"category": "coffee", "brand": None, "pack": None} for name in skus if name[0] == "c"}
        return forecast(described, a=series(), **skus)[0][2]

    assert third_month(3) == pytest.approx(20)
    assert third_month(2) == pytest.approx(90)


def test_an_earlier_launch_that_failed_has_no_usual_level():
    # Of three launches of the category one sold nothing in its second year: two are too few, the market's level counts.
    skus = {"cof0": series((20, 30)), "cof1": series((20, 30)), "cof2": series((20, 12), (0, 18))}
    described = {"a": {"category": "coffee", "brand": None, "pack": None, "launch_month": MONTHS[PAST]}}
    described |= {name: {"category": "coffee"} for name in skus}
    teas = {f"tea{at}": series((90, 30)) for at in range(5)}
    assert forecast(described, a=series(), **skus, **teas)[0][2] == pytest.approx(90, rel=0.1)


def test_earlier_launches_are_dated_by_their_launch_month_too():
    past = {f"past{at}": series((50, 1), (150, 1), (100, 28)) for at in range(5)}
    described = {name: {"launch_month": MONTHS[PAST - 30]} for name in past} | {"a": {"category": "coffee"}}
    # Without relatives: 40 in the first month is 80 a month, and one and a half times that in the second.
    assert forecast(described, a=series((40, 1)), **past)[0][:3] == pytest.approx([120, 80, 80])


def test_the_season_of_a_category_is_that_of_its_skus_with_two_years():
    december = np.where(MONTHS[:PAST].month == 12, 300.0, 100.0)

    def peak(months):
        young = np.concatenate([np.full(PAST - months, UNKNOWN), december[PAST - months :]])
        described = {"a": {"reference_sku": "b", "brand": None}, "b": {"category": "coffee"}}
        result = forecast(described, a=series((100, 1)), b=series((100, 60)), **{f"y{at}": young for at in range(3)})
        return result[0].max() / np.median(result[0])

    assert peak(24) > 1.4
    assert peak(23) == pytest.approx(1)
