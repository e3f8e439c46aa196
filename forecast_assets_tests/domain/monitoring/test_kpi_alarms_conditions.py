"""Each condition of the alarm rules alone decides: exactly at its bound, and on the months that it reads."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.paired_comparison import PairedComparison
from forecast_assets.domain.monitoring import kpi_alarms
from forecast_assets.domain.monitoring.kpi_alarms import (
    HISTORY_MONTHS,
    AlarmLimits,
    bias_of_one_sign,
    kpi_verdicts,
    wape_above_its_level,
    worse_than_baseline,
)
from forecast_assets_tests.domain.performance_cells import month_cells, verdict, with_wapes
from forecast_assets_tests.domain.simulated_performance import LAST

# Halves and quarters: a figure can be exactly at its limit.
LIMITS = AlarmLimits(max_wape=0.5, max_bias=0.25, baseline_tolerance=0.25, min_bias=0.5)
# From the fifteenth month before the judged one to the month before it; the first and the last two are no reference.
EARLIER = [0.05, *[0.1] * 6, *[0.3] * 6, 0.9, 0.9]


def by_month(*months, **columns):
    """Cells of consecutive months that end with the judged one; each month is what ``month_cells`` takes."""
    ends = pd.date_range(end=LAST, periods=len(months), freq="MS")
    return pd.concat([month_cells(at, *cells, **columns) for at, cells in zip(ends, months, strict=True)])


def test_the_reference_is_the_twelve_months_before_the_two_latest():
    verdict = wape_above_its_level(with_wapes([*EARLIER, 0.2]), LAST)
    assert dict(verdict.facts)["median of 12 months"] == "20.0 %"
    assert "usually 20.0 %" in verdict.headline


def test_the_months_read_are_those_of_the_reference_and_no_more():
    every, cells = with_wapes([*EARLIER, 0.2]), with_wapes([*EARLIER, 0.2][-HISTORY_MONTHS:])
    assert kpi_verdicts(cells, LAST, LIMITS) == kpi_verdicts(every, LAST, LIMITS)
    fewer = wape_above_its_level(with_wapes([*EARLIER, 0.2][1 - HISTORY_MONTHS :]), LAST)
    assert "median of 11 months" in dict(fewer.facts)


def test_eight_months_are_enough_to_compare_with_and_a_month_without_sales_is_none():
    assert wape_above_its_level(with_wapes([*[0.2] * 10, 0.5]), LAST).is_alarm
    assert wape_above_its_level(with_wapes([*[0.2] * 9, 0.5]), LAST).is_alarm is None
    cells = with_wapes([*[0.2] * 14, 0.5])
    unsold = cells["month"] == LAST - pd.DateOffset(months=5)
    verdict = wape_above_its_level(cells.assign(actual_units=cells["actual_units"].mask(unsold, 0.0)), LAST)
    assert dict(verdict.facts)["median of 11 months"] == "20.0 %"


def test_a_small_wape_must_rise_by_two_points():
    # 10 % of a level of 5 % is half a point.
    steady = [0.05] * 14
    assert wape_above_its_level(with_wapes([*steady, 0.069]), LAST).is_alarm is False
    assert wape_above_its_level(with_wapes([*steady, 0.071]), LAST).is_alarm


def test_at_the_limit_of_its_level_a_month_is_none():
    # Level 0.25 and no spread: the limit is 0.25 * 1.1.
    steady = [*[0.25] * 14]
    at_limit = with_wapes([*steady, 0.5])
    limit = 0.25 * (1 + 0.10)
    cells = at_limit.assign(
        published_units=at_limit["published_units"].mask(at_limit["month"] == LAST, 100 + 100 * limit)
    )
    figure = wape_above_its_level(cells, LAST)
    assert figure.is_alarm is False
    assert figure.weight == 0.0


def test_a_verdict_shows_the_twelve_months_that_end_with_its_own_and_the_units_above_the_limit():
    last_verdict = wape_above_its_level(with_wapes([*[0.25] * 13, 0.125, 0.5]), LAST)
    assert last_verdict.trend == (*[0.25] * 10, 0.125, 0.5)
    assert last_verdict.weight == pytest.approx((0.5 - 0.275) * 100)
    assert last_verdict.top_skus == (("S0", 1.0),)
    over = verdict(kpi_verdicts(with_wapes([0.25, 0.75]), LAST, LIMITS), "wape")
    assert over.trend == (*[None] * 10, 0.25, 0.75)


def test_the_five_worst_skus_are_named():
    over = verdict(kpi_verdicts(month_cells(LAST, [10] * 7, [11, 12, 13, 14, 15, 16, 17]), LAST, LIMITS), "wape")
    assert over.top_skus == tuple((f"S{number}", (number + 1) / 28) for number in (6, 5, 4, 3, 2))


def test_a_sku_with_less_than_a_unit_of_error_is_named_too():
    over = verdict(kpi_verdicts(month_cells(LAST, [1, 1], [1.25, 1]), LAST, LIMITS), "wape")
    assert over.top_skus == (("S0", 1.0),)


def test_forecasts_of_the_largest_lag_and_of_the_month_itself_are_read():
    result = kpi_verdicts(month_cells(LAST, [100], [200], lag=3), LAST, LIMITS)
    assert verdict(result, "wape").headline == "WAPE 100.0 % in 2024-06, limit 50.0 %"


def test_holt_winters_is_a_fact_where_it_is_known():
    cells = month_cells(LAST, [100, 100], [200, 150], [110, 110])
    facts = dict(verdict(kpi_verdicts(cells, LAST, LIMITS), "wape").facts)
    assert facts == {"WAPE": "75.0 %", "limit": "50.0 %", "WAPE Holt-Winters": "10.0 %"}
    unknown = verdict(kpi_verdicts(cells.assign(baseline_units=np.nan), LAST, LIMITS), "wape")
    assert dict(unknown.facts) == {"WAPE": "75.0 %", "limit": "50.0 %"}


def test_the_weight_of_a_bias_is_what_lies_beyond_the_limit_either_way():
    for published in (150, 50):
        low = verdict(kpi_verdicts(month_cells(LAST, [100], [published]), LAST, LIMITS), "bias")
        assert (low.is_alarm, low.weight) == (True, 25.0)


def beside_baseline(published, baseline, skus=5, months=3, **columns):
    """Markets of equal SKUs with these errors in every month."""
    return by_month(
        *[([100] * skus, [100 + error] * skus, [100 - baseline] * skus) for error in [published] * months], **columns
    )


def test_five_skus_and_three_origins_can_be_compared_and_a_ratio_at_the_tolerance_is_none():
    assert worse_than_baseline(beside_baseline(26, 20), LAST, LIMITS).is_alarm
    assert worse_than_baseline(beside_baseline(25, 20), LAST, LIMITS).is_alarm is False
    two = worse_than_baseline(beside_baseline(26, 20, months=2), LAST, LIMITS)
    assert (two.is_alarm, two.headline) == (None, "2 origins, 5 SKUs; needs 3, 5")
    few = worse_than_baseline(beside_baseline(26, 20, skus=4), LAST, LIMITS)
    assert (few.is_alarm, few.headline) == (None, "3 origins, 4 SKUs; needs 3, 5")


def test_the_comparison_reads_three_months_and_weighs_the_units_of_more_error():
    skus = [100] * 5
    terrible, bad, good = (([*skus], [100 + error] * 5, [80] * 5) for error in (900, 40, 0))
    # Errors of 40, 40, 0 against 20 each: ratio 80 / 60, 20 units more a SKU.
    verdict = worse_than_baseline(by_month(terrible, bad, bad, good), LAST, LIMITS)
    assert (verdict.is_alarm, verdict.weight) == (True, 100.0)
    assert verdict.headline == "1.33 times the error of Holt-Winters over 3 months to 2024-06, limit 1.25"
    better = worse_than_baseline(beside_baseline(10, 20), LAST, LIMITS)
    assert (better.is_alarm, better.weight) == (False, 0.0)


def test_nothing_is_compared_in_a_month_without_a_score():
    cells = beside_baseline(26, 20, months=5)
    verdict = worse_than_baseline(cells[cells["month"] != LAST], LAST, LIMITS)
    assert (verdict.is_alarm, verdict.headline) == (None, "nothing scored in 2024-06")


@pytest.mark.parametrize(("doubt", "is_alarm"), [(0.005, True), (0.0055, False)])
def test_one_resampled_market_in_two_hundred_may_contradict_holt_winters(monkeypatch, doubt, is_alarm):
    monkeypatch.setattr(kpi_alarms, "compare_paired", lambda *_: PairedComparison(2.0, 1.0, 3.0, doubt, 40, 3))
    assert worse_than_baseline(beside_baseline(26, 20), LAST, LIMITS).is_alarm is is_alarm


@pytest.mark.parametrize(("contradict", "is_alarm"), [(10, True), (11, False)])
@pytest.mark.parametrize("error", [75, -75])
def test_one_resampled_market_in_two_hundred_may_contradict_a_bias(monkeypatch, error, contradict, is_alarm):
    sums = np.full((2000, 1), float(error))
    sums[:contradict] *= -1
    monkeypatch.setattr(kpi_alarms, "resampled_sums", lambda _: sums)
    cells = by_month(*[([100], [100 + error])] * 4)
    assert bias_of_one_sign(cells, LAST, LIMITS).is_alarm is is_alarm


def test_a_bias_that_one_sku_alone_makes_is_none_of_the_market():
    # One SKU of 40 is forecast at 22 times its sales, the others a little too low: +51 % in total.
    cells = by_month(*[([100] * 40, [2200] + [98.5] * 39)] * 4)
    verdict = bias_of_one_sign(cells, LAST, LIMITS)
    assert verdict.is_alarm is False
    assert verdict.headline == "Bias +51.0 % over 4 months to 2024-06"


def biased(*biases):
    return bias_of_one_sign(by_month(*[([100] * 4, [100 * (1 + each)] * 4) for each in biases]), LAST, LIMITS)


def test_a_bias_of_four_months_counts_from_its_least_size_and_half_of_it_in_a_month():
    assert biased(0.25, 0.75, 0.5, 0.5).is_alarm
    assert biased(-0.25, -0.75, -0.5, -0.5).is_alarm
    assert biased(0.25, 0.5, 0.5, 0.5).is_alarm is False
    assert biased(0.125, 0.75, 0.75, 0.75).is_alarm is False
    assert biased(-0.5, 0.5, 0.5, 0.5, 0.5).is_alarm
    assert biased(0.5, 0.5, 0.5).headline == "3 of 4 months have a bias"


def test_a_lasting_bias_names_months_units_and_skus():
    verdict = biased(0.75, 0.25, 0.5, 0.5)
    assert verdict.headline == "Forecast too high 4 months in a row: bias +50.0 % to 2024-06, limit 50.0 %"
    assert verdict.facts[0] == ("bias 2024-03", "+75.0 %")
    assert (verdict.trend, verdict.weight, len(verdict.top_skus)) == ((0.75, 0.25, 0.5, 0.5), 800.0, 4)
    assert biased(-0.75, -0.25, -0.5, -0.5).weight == 800.0


def test_the_months_compared_are_those_of_the_settings():
    limits = dataclasses.replace(LIMITS, baseline_months=4, bias_months=2)
    skus = [100] * 5
    terrible, good = ((skus, [100 + error] * 5, [80] * 5) for error in (900, 0))
    assert worse_than_baseline(by_month(terrible, good, good, good), LAST, limits).is_alarm
    assert bias_of_one_sign(by_month(good, terrible, terrible), LAST, limits).is_alarm
