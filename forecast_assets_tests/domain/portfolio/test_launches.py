import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.portfolio.launch_curves import launch_curve, pooled_season
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

NOT_KNOWN = np.array(["NaT"], dtype="datetime64[ns]")


def month_at(column):
    return np.array([MONTHS[column]])


def forecast(described=None, **skus):
    panel, known, launches = launches_of(described, **skus)
    (result,) = launch_forecasts(panel, known, launches, 18)
    return result


def earlier_launches(count, first=50.0, second=150.0, later=100.0):
    """SKUs that began 30 months ago with an unusual first and second month; their second year is at ``later``."""
    return {f"past{at}": series((first, 1), (second, 1), (later, 28)) for at in range(count)}


@pytest.mark.parametrize(
    ("units", "launch_month", "column"),
    [
        (series((5, 4)), NOT_KNOWN, 56),
        (series((0, 2), (5, 2)), NOT_KNOWN, 58),
        (series((5, 60)), NOT_KNOWN, UNKNOWN),
        (series((5, 60)), month_at(0), 0),
        (series((0, 4)), NOT_KNOWN, UNKNOWN),
        (series((0, 4)), month_at(56), 56),
        (series((5, 4)), month_at(45), 56),
        (series((5, 4)), month_at(44), UNKNOWN),
        (series((5, 4)), np.array([pd.Timestamp("2010-01-01")]), UNKNOWN),
        (series(), month_at(PAST), 60),
        (series((0, 4)), month_at(PAST + 17), 77),
        (series(), np.array([MONTHS[-1] + pd.DateOffset(months=1)]), UNKNOWN),
        (series((5, 4)), month_at(PAST), UNKNOWN),
    ],
)
def test_a_launch_is_the_first_sale_or_the_launch_month_until_then(units, launch_month, column):
    assert launch_columns(units[None], ORIGIN, launch_month)[0] == pytest.approx(column, nan_ok=True)


def test_a_launch_curve_is_the_median_ratio_to_the_second_year():
    panel = market(**earlier_launches(4), odd=series((900, 12), (100, 18))).until(ORIGIN)
    starts = np.full(5, 30.0)
    assert launch_curve(panel.units, starts).tolist() == pytest.approx([0.5, 1.5] + [1] * 10)


def test_four_launches_are_too_few_for_a_curve():
    panel = market(**earlier_launches(4)).until(ORIGIN)
    assert launch_curve(panel.units, np.full(4, 30.0)).tolist() == [1] * 12
    with_failed = market(**earlier_launches(4), x=series((100, 12), (0, 18))).until(ORIGIN)
    assert launch_curve(with_failed.units, np.full(5, 30.0)).tolist() == [1] * 12


def test_launches_that_failed_or_are_too_young_do_not_shape_the_curve():
    failed, young = series((100, 12), (0, 18)), series((500, 23))
    panel = market(**earlier_launches(5), x=failed, y=young).until(ORIGIN)
    starts = np.array([30.0] * 5 + [30.0, 37.0])
    assert launch_curve(panel.units, starts).tolist() == pytest.approx([0.5, 1.5] + [1] * 10)


def test_the_level_of_a_reference_is_that_of_the_year_before_the_launch():
    phased_out = series((100, 56), (1, 4))
    _, _, (launch,) = launches_of({"a": {"reference_sku": "b"}}, a=series((50, 4)), b=phased_out)
    assert (launch.kind, launch.start, launch.level_units) == ("new_with_reference", 56, 100)


def test_an_ended_reference_counts_by_its_last_known_year():
    ended = np.where(np.arange(PAST) >= 50, UNKNOWN, series((40, 60)))
    _, _, (launch,) = launches_of({"a": {"reference_sku": "b"}}, a=series((50, 4)), b=ended)
    assert launch.level_units == 40


@pytest.mark.parametrize("reference", [series((100, 15)), series((0, 60)), series((100, 3))])
def test_a_reference_that_is_young_or_sells_nothing_is_none(reference):
    _, _, launches = launches_of({"a": {"reference_sku": "b"}}, a=series((50, 4)), b=reference)
    assert next(launch.kind for launch in launches if launch.row == 0) == "new_without_relative"


def test_like_items_are_those_of_the_category_that_share_most_attributes():
    described = {"like0": {"pack": "tin"}, "like1": {"pack": "tin"}, "other": {"category": "coffee"}}
    skus = {f"like{at}": series((100 * (at + 1), 56), (1, 4)) for at in range(5)}
    panel, _, (launch,) = launches_of(described, a=series((50, 4)), other=series((9999, 60)), **skus)
    assert launch.kind == "new_with_like_items"
    assert panel.skus[launch.relatives].tolist() == ["like2", "like3", "like4"]
    assert launch.level_units == 400


def test_an_unknown_attribute_is_not_shared():
    described = {name: {"brand": None, "pack": None} for name in ("a", "b", "c", "d")}
    skus = {name: series((100, 60)) for name in ("b", "c", "d")}
    _, _, (launch,) = launches_of(described, a=series((50, 4)), **skus)
    assert launch.kind == "new_without_relative"


def test_own_and_reference_level_are_combined_in_a_geometric_mean():
    described = {"a": {"reference_sku": "b"}}
    # One month: (400 x 100)^(1/2). Three months: (400^3 x 100)^(1/4).
    assert forecast(described, a=series((400, 1)), b=series((100, 60))) == pytest.approx(np.full(18, 200.0))
    assert forecast(described, a=series((400, 3)), b=series((100, 60)))[0] == pytest.approx((400**3 * 100) ** 0.25)


def test_a_launch_without_a_sale_is_forecast_at_the_reference_level():
    described = {"a": {"reference_sku": "b", "launch_month": MONTHS[PAST - 2]}}
    assert forecast(described, a=series((0, 2)), b=series((100, 60))) == pytest.approx(np.full(18, 100.0))


def test_the_own_level_is_corrected_by_the_past_part_of_the_curve():
    # The first month of launches is half the mature level, the second one and a half.
    result = forecast(a=series((40, 1)), **earlier_launches(5))
    assert new_kinds(a=series((40, 1)), **earlier_launches(5)) == ["new_with_like_items"]
    # Own level 40 / 0.5 = 80, like items 100 x 12 months: (80 x 100)^(1/2).
    level = 8000**0.5
    assert result[:2] == pytest.approx([1.5 * level, level], rel=0.01)


def new_kinds(**skus):
    _, _, launches = launches_of(**skus)
    return [launch.kind for launch in launches]


def test_without_relatives_the_own_level_decides_alone():
    described = {"a": {"category": "coffee"}}
    result = forecast(described, a=series((40, 1)), **earlier_launches(5))
    assert result[:3] == pytest.approx([120, 80, 80])


def test_the_season_of_a_launch_is_that_of_its_category():
    december = np.where(MONTHS[:PAST].month == 12, 300.0, 100.0)
    described = {"a": {"reference_sku": "b"}}
    # November and December of its own are 100 and 300: the same level as the reference.
    result = forecast(described, a=series((100, 1), (300, 1)), b=december, c=3 * december)
    level = december.mean()
    assert forecast(described, a=series((level, 2)), b=series((level, 60))) == pytest.approx(np.full(18, level))
    assert result == pytest.approx(np.where(MONTHS[PAST:].month == 12, 300.0, 100.0), rel=0.05)


def test_every_sku_counts_the_same_in_a_pooled_season():
    months = MONTHS[:PAST].month.to_numpy()
    summer, winter = np.where(months == 7, 2.0, 1.0), np.where(months == 1, 2000.0, 1000.0)
    index = pooled_season(np.array([summer, winter]), months)
    assert index[0] == pytest.approx(index[6], rel=0.01)
    # Returns alone are no level.
    returns = -0.5 * summer / summer.mean()
    assert pooled_season(np.array([summer, winter, returns]), months) == pytest.approx(index)
    assert pooled_season(np.empty((0, PAST)), months).tolist() == [1] * 12


def announced(months_ahead, **described):
    return {"a": {"launch_month": MONTHS[PAST - 1 + months_ahead]} | described}


def test_an_announced_sku_begins_with_the_curve_in_its_launch_month():
    result = forecast(announced(3, reference_sku="b"), a=series(), b=series((200, 60)), **earlier_launches(5))
    # The curve is 0.5, 1.5, 1 ..: two months before the launch, then 200 times the curve.
    assert result == pytest.approx([0, 0, 100, 300] + [200] * 14)


def test_a_launch_in_the_last_month_of_the_horizon_has_one_month():
    result = forecast(announced(18, reference_sku="b"), a=series(), b=series((200, 60)))
    assert result == pytest.approx([0] * 17 + [200])


def test_an_announced_sku_has_the_season_of_its_target_months():
    december = np.where(MONTHS[:PAST].month == 12, 300.0, 100.0)
    result = forecast(announced(4, reference_sku="b"), a=series(), b=december, c=3 * december)
    expected = np.where(MONTHS[PAST:].month == 12, 300.0, 100.0)
    assert result == pytest.approx([0, 0, 0, *expected[3:]], rel=0.05)


def test_a_launch_without_relatives_starts_like_those_of_its_category():
    coffee = {f"cof{at}": series((units, 30)) for at, units in enumerate((10, 20, 90))}
    described = announced(1, category="coffee", brand="new", pack="new") | {
        name: {"category": "coffee", "brand": None, "pack": None} for name in coffee
    }
    _, _, launches = launches_of(described, a=series(), **coffee, **earlier_launches(5))
    assert [launch.kind for launch in launches] == ["new_without_relative"]
    result = forecast(described, a=series(), **coffee, **earlier_launches(5))
    # Three launches in the category: their median is 20. The curve is the market's, over eight launches: (1, 1, 1, .5 x
    # 5) and (1, 1, 1, 1.5 x 5) have the medians 0.5 and 1.5.
    assert result[:3] == pytest.approx([10, 30, 20], rel=0.01)


def test_the_level_falls_back_from_category_to_market_to_zero():
    described = announced(1, category="coffee")
    assert forecast(described, a=series(), **earlier_launches(5))[2] == pytest.approx(100, rel=0.01)
    assert forecast(described, a=series(), b=series((100, 60))).tolist() == [0] * 18
