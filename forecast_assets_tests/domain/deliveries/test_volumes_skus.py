"""Jumps of single SKUs, by hand values: ten SKUs that sell 100 a month."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import DeliveryFinding
from forecast_assets.domain.deliveries.volumes import sku_volume
from forecast_assets_tests.domain.deliveries.deliveries import TEN, history, june, months_before

USUAL = dict.fromkeys(TEN, 100.0)


def judged(units: float, months: int = 30, changed: dict[int, float] | None = None) -> DeliveryFinding | None:
    """Judge R04 with so many units in June; ``changed`` has its units so many months before."""
    before = history(USUAL, months)
    for back, value in (changed or {}).items():
        is_cell = (before["sku"] == "R04") & (
            before["month"] == pd.Timestamp("2024-06-01") - pd.DateOffset(months=back)
        )
        before = before.assign(units=before["units"].mask(is_cell, value))
    return sku_volume(june(before, USUAL | {"R04": units}))


@pytest.mark.parametrize(("units", "is_found"), [(400.0, False), (401.0, True), (12.5, False), (12.4, True)])
def test_a_sku_jumps_beyond_four_times_its_best_or_an_eighth_of_its_worst(units, is_found):
    assert (judged(units) is not None) is is_found


@pytest.mark.parametrize(("months", "is_found"), [(7, False), (8, True)])
def test_skus_are_judged_after_eight_months(months, is_found):
    assert (judged(1000.0, months) is not None) is is_found


@pytest.mark.parametrize(("back", "is_found"), [(1, False), (24, False), (25, True)])
def test_the_best_month_is_that_of_the_24_before(back, is_found):
    """300 units at that time: 1,000 is less than four times that."""
    assert (judged(1000.0, 30, {back: 300.0}) is not None) is is_found


@pytest.mark.parametrize(("back", "is_found"), [(1, False), (12, False), (13, True)])
def test_the_worst_month_is_that_of_the_twelve_before(back, is_found):
    """60 units at that time: 10 units are a sixth of it."""
    assert (judged(10.0, 30, {back: 60.0}) is not None) is is_found


@pytest.mark.parametrize(("back", "is_found"), [(1, False), (12, False), (13, True)])
def test_the_limit_is_one_and_a_half_times_the_largest_jump_of_a_year(back, is_found):
    """Another SKU had five times its best month, then the limit is 7.5."""
    before = history(USUAL, 30)
    is_jump = (before["sku"] == "R09") & (before["month"] == months_before(30)[-back])
    finding = sku_volume(june(before.assign(units=before["units"].mask(is_jump, 500.0)), USUAL | {"R04": 750.0}))
    assert (finding is not None) is is_found


def test_a_jump_in_the_first_half_year_does_not_widen_the_limit():
    """With five months before there is no telling yet what a jump is; with six there is."""
    before = history(USUAL, 10)
    for place, is_found in ((5, True), (6, False)):
        is_jump = (before["sku"] == "R09") & (before["month"] == months_before(10)[place])
        jumped = before.assign(units=before["units"].mask(is_jump, 500.0))
        assert (sku_volume(june(jumped, USUAL | {"R04": 750.0})) is not None) is is_found


@pytest.mark.parametrize(("months_sold", "is_found"), [(6, True), (5, False)])
def test_a_rise_is_judged_with_six_months_sold_in_the_year(months_sold, is_found):
    changed = dict.fromkeys(range(1, 25), 0.0) | dict.fromkeys(range(1, 1 + months_sold), 100.0)
    assert (judged(1000.0, 30, changed) is not None) is is_found


def test_a_fall_is_judged_only_if_all_twelve_months_were_sold():
    assert judged(5.0) is not None
    assert judged(5.0, 30, {7: 0.0}) is None
    assert judged(0.0) is None


def test_differences_of_exactly_half_an_average_month_count():
    """Two SKUs with 190 and 10 a month sell 100 on average: 10 to 60 is a difference of 50, 59 is less."""
    before = history({"A": 190.0, "B": 10.0}, 30)
    assert sku_volume(june(before, {"A": 190.0, "B": 60.0})).rows["sku"].tolist() == ["B"]
    assert sku_volume(june(before, {"A": 190.0, "B": 59.0})) is None
    # 146 and 54: a fall from 54 to 4 counts, one to 5 does not.
    before = history({"A": 146.0, "B": 54.0}, 30)
    assert sku_volume(june(before, {"A": 146.0, "B": 4.0})).rows["sku"].tolist() == ["B"]
    assert sku_volume(june(before, {"A": 146.0, "B": 5.0})) is None


@pytest.mark.parametrize(("total", "warns"), [(10_000.0, False), (10_001.0, True)])
def test_jumps_of_a_tenth_of_the_markets_month_stop_it(total, warns):
    """One SKU jumps from 200 to 1,200 units, in a market of 10,000 and in a larger one."""
    usual = {"A": 200.0} | dict.fromkeys(TEN[:8], (total - 200) / 8)
    finding = sku_volume(june(history(usual, 30), usual | {"A": 1200.0}))
    assert finding.is_warning is warns


def test_the_largest_three_differences_are_named_with_factor_and_limits():
    now = USUAL | {"R01": 1000.0, "R02": 5000.0, "R03": 10.0, "R04": 1200.0}
    finding = sku_volume(june(history(USUAL, 30), now))
    assert finding.message == (
        "4 SKUs jump: SKU R02 has 5,000 units, usually 100: factor 50; SKU R04 has 1,200 units, usually 100: factor 12 "
        "(about x 12: another unit of measure?); SKU R01 has 1,000 units, usually 100: factor 10 (about x 10: another "
        "unit of measure?); limits are 4.0 times the best month and 1/8.0 of the worst one, from the market's year "
        "before. Correct the unit or the decimals, or accept the finding"
    )
    assert finding.rows.to_dict("records")[3] == {"sku": "R03", "units": 10.0, "usual_units": 100.0, "factor": 0.1}
    assert finding.rows.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("back", "usual"), [(12, 150.0), (13, 100.0)])
def test_usual_units_are_the_median_of_the_twelve_months_before(back, usual):
    """Six of twelve months at 200, or five of them and a thirteenth."""
    changed = dict.fromkeys([*range(1, 6), back], 200.0)
    assert judged(2000.0, 30, changed).rows["usual_units"].tolist() == [usual]


@pytest.mark.parametrize("units", [5.0, 0.05])
def test_skus_of_less_than_a_unit_jump_too(units):
    half = dict.fromkeys(TEN, 0.5)
    assert sku_volume(june(history(half, 30), half | {"R04": units})).rows["sku"].tolist() == ["R04"]


def test_the_larger_difference_comes_first_though_its_units_are_fewer():
    """A rises from 100 to 1,000, B falls from 1,000 to 50: differences of 900 and 950."""
    usual = dict.fromkeys(TEN, 100.0) | {"B": 1000.0}
    finding = sku_volume(june(history(usual, 30), usual | {"R00": 1000.0, "B": 50.0}))
    assert finding.rows["sku"].tolist() == ["B", "R00"]


def test_the_markets_month_is_the_median_of_the_twelve_before():
    """Half of twelve months had 10,002 units, the others and the thirteenth 10,000: the median is 10,001."""
    usual = {"A": 200.0} | dict.fromkeys(TEN[:8], 1225.0)
    before = history(usual, 30)
    is_more = before["month"].isin(months_before(12)[:6]) & (before["sku"] == "R00")
    before = before.assign(units=before["units"].mask(is_more, 1227.0))
    assert sku_volume(june(before, usual | {"A": 1200.0})).is_warning
