"""Alarm rules by hand on small markets."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.domain.monitoring.kpi_alarms import (
    AlarmLimits,
    bias_of_one_sign,
    kpi_verdicts,
    wape_above_its_level,
)
from forecast_assets_tests.domain.performance_cells import month_cells, verdict, with_wapes
from forecast_assets_tests.domain.simulated_performance import LAST

LIMITS = AlarmLimits(max_wape=0.5, max_bias=0.3)


def test_wape_and_bias_over_their_limits_name_figure_limit_and_worst_skus():
    # Errors +60, -10, 0 of 100 units: WAPE 70 %, bias +50 %.
    result = kpi_verdicts(month_cells(LAST, [20, 30, 50], [80, 20, 50]), LAST, LIMITS)
    over = verdict(result, "wape")
    assert over.is_alarm
    assert over.headline == "WAPE 70.0 % in 2024-06, limit 50.0 %"
    assert over.top_skus == (("S0", 60 / 70), ("S1", 10 / 70))
    assert over.weight == pytest.approx(20)
    assert verdict(result, "bias").is_alarm
    assert verdict(result, "bias").headline == "Bias +50.0 % in 2024-06, limit 30.0 % either way"


def test_a_forecast_too_low_is_an_alarm_and_at_the_limit_is_none():
    low = kpi_verdicts(month_cells(LAST, [100], [60]), LAST, LIMITS)
    assert verdict(low, "bias").is_alarm
    exactly = kpi_verdicts(month_cells(LAST, [100], [150]), LAST, dataclasses.replace(LIMITS, max_bias=0.5))
    assert verdict(exactly, "wape").is_alarm is False
    assert verdict(exactly, "bias").is_alarm is False


def test_backfilled_old_or_later_forecasts_are_not_read():
    bad = [200.0]
    others = [
        month_cells(LAST, [100], bad, status="backfilled"),
        month_cells(LAST, [100], bad, lag=4),
        month_cells(LAST + pd.DateOffset(months=1), [100], bad),
    ]
    good = month_cells(LAST, [100], [100])
    assert not any(each.is_alarm for each in kpi_verdicts(pd.concat([good, *others]), LAST, LIMITS))
    assert {each.is_alarm for each in kpi_verdicts(pd.concat(others), LAST, LIMITS)} == {None}


def test_a_month_without_sales_or_without_any_cell_is_not_decided():
    for cells in (month_cells(LAST, [0, 0], [5, 5]), month_cells(LAST, [1], [1]).iloc[:0]):
        result = kpi_verdicts(cells, LAST, LIMITS)
        assert verdict(result, "wape").is_alarm is None
        assert verdict(result, "bias").is_alarm is None


HISTORY = [0.20, 0.22, 0.18, 0.21, 0.19, 0.20, 0.22, 0.18, 0.21, 0.19, 0.20, 0.20]


def test_wape_far_above_its_past_is_an_alarm_and_within_ten_per_cent_not():
    # Logs of the 12: mean -1.6115, s 0.06765; t(.995, 11) = 3.1058, sqrt(13/12) = 1.0408: exp(-1.3929) = 0.2484.
    assert wape_above_its_level(with_wapes([*HISTORY, 0.2, 0.2, 0.249]), LAST).is_alarm
    assert wape_above_its_level(with_wapes([*HISTORY, 0.2, 0.2, 0.248]), LAST).is_alarm is False
    steady = [0.2] * 14
    assert wape_above_its_level(with_wapes([*steady, 0.219]), LAST).is_alarm is False
    assert wape_above_its_level(with_wapes([*steady, 0.225]), LAST).is_alarm


def test_of_a_low_level_two_points_more_are_needed_not_ten_per_cent():
    steady = [0.05] * 14
    assert wape_above_its_level(with_wapes([*steady, 0.069]), LAST).is_alarm is False
    assert wape_above_its_level(with_wapes([*steady, 0.071]), LAST).is_alarm


def test_the_two_latest_months_are_no_part_of_what_a_month_is_compared_with():
    assert wape_above_its_level(with_wapes([*HISTORY, 0.9, 0.2, 0.249]), LAST).is_alarm
    assert wape_above_its_level(with_wapes([*HISTORY, 0.1, 0.1, 0.248]), LAST).is_alarm is False


def test_two_months_in_a_row_need_less_than_one():
    # The limit of 3 %: t(.97, 11) = 2.0961, exp(-1.6115 + 2.0961 * 0.06765 * 1.0408) = 0.2313.
    assert wape_above_its_level(with_wapes([*HISTORY, 0.2, 0.232, 0.24]), LAST).is_alarm
    assert wape_above_its_level(with_wapes([*HISTORY, 0.2, 0.231, 0.24]), LAST).is_alarm is False


def test_a_month_that_is_hard_every_year_raises_no_alarm():
    hard = list(HISTORY)
    hard[2] = 0.45
    cells = with_wapes([*hard, 0.2, 0.2, 0.46])
    assert wape_above_its_level(cells, LAST).is_alarm is False
    assert wape_above_its_level(with_wapes([*hard, 0.2, 0.2, 0.51]), LAST).is_alarm


def test_months_with_other_lags_are_not_compared():
    young = pd.concat([with_wapes([*HISTORY, 0.2, 0.2, 0.9]), month_cells(LAST, [100], [190], lag=2)])
    assert wape_above_its_level(young, LAST).is_alarm is None


def test_bias_of_one_sign_needs_every_month_and_size():
    limits = dataclasses.replace(LIMITS, bias_months=4, min_bias=0.05)

    def judged(*biases):
        months = pd.date_range(end=LAST, periods=len(biases), freq="MS")
        return bias_of_one_sign(
            pd.concat([month_cells(m, [100] * 6, [100 * (1 + b)] * 6) for m, b in zip(months, biases, strict=True)]),
            LAST, limits,
        )  # fmt: skip

    assert judged(0.06, 0.05, 0.06, 0.05).is_alarm
    assert judged(-0.06, -0.05, -0.06, -0.05).is_alarm
    assert "too low 4 months in a row: bias -5.5 %" in judged(-0.06, -0.05, -0.06, -0.05).headline
    assert judged(0.2, -0.1, 0.2, 0.2).is_alarm is False
    assert judged(0.2, 0.02, 0.2, 0.2).is_alarm is False
    assert judged(0.04, 0.04, 0.05, 0.04).is_alarm is False
    assert judged(0.06, 0.05, 0.06).is_alarm is None


def test_a_bias_that_one_sku_makes_is_no_bias_of_the_market():
    # +200 and nine times -10 of 1,000 units: +11 % each month, but without the one SKU the forecast is too low.
    months = pd.date_range(end=LAST, periods=4, freq="MS")
    cells = pd.concat([month_cells(m, [100] * 10, [300] + [90] * 9) for m in months])
    result = bias_of_one_sign(cells, LAST, LIMITS)
    assert result.is_alarm is False
    assert result.headline.startswith("Bias +11.0 %")


def test_worse_than_holt_winters_beyond_tolerance_and_chance():
    def judged(error, baseline_error, skus=40):
        months = pd.date_range(end=LAST, periods=3, freq="MS")
        return verdict(
            kpi_verdicts(
                pd.concat(
                    [
                        month_cells(m, [100] * skus, [100 + error] * skus, [100 - baseline_error] * skus)
                        for m in months
                    ]
                ),
                LAST, LIMITS,
            ), "worse_than_baseline",
        )  # fmt: skip

    assert judged(21, 19).is_alarm
    assert judged(21, 19).headline.startswith("1.11 times the error of Holt-Winters over 3 months")
    assert judged(21, 20.5).is_alarm is False
    assert judged(19, 21).is_alarm is False
    assert judged(21, 19, skus=4).is_alarm is None


def test_one_bad_sku_is_no_market_worse_than_holt_winters():
    months = pd.date_range(end=LAST, periods=3, freq="MS")
    cells = pd.concat([month_cells(m, [100] * 40, [500] + [109] * 39, [90] * 40) for m in months])
    assert verdict(kpi_verdicts(cells, LAST, LIMITS), "worse_than_baseline").is_alarm is False
