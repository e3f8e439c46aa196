"""Rules that compare deliveries of a market with its earlier ones."""

import pandas as pd
import pytest

from forecast_assets.domain.monitoring.source_drift import source_verdicts

JUNE = pd.Timestamp("2024-06-01")
MONTHS = pd.date_range(end=JUNE, periods=48, freq="MS")
SKUS = [f"S{number:02d}" for number in range(20)]


@pytest.fixture
def sell_in():
    """20 SKUs of 100 units a month, 200 in December."""
    rows = pd.MultiIndex.from_product([MONTHS, SKUS], names=["month", "sku"]).to_frame(index=False)
    return rows.assign(sell_in_units=100.0 + 100.0 * (rows["month"].dt.month == 12))


def judged(subject, month=JUNE, **sources):
    (result,) = [each for each in source_verdicts(sources, month) if each.subject == subject]
    return result


def in_june(rows):
    return rows["month"] == JUNE


def test_a_quiet_source_gives_no_alarm_in_june_or_in_december(sell_in):
    for month in (JUNE, pd.Timestamp("2023-12-01")):
        assert {each.is_alarm for each in source_verdicts({"sell_in": sell_in}, month)} == {False}


def test_volume_against_the_same_month_of_earlier_years(sell_in):
    for factor, is_alarm in ((1.49, False), (1.51, True), (0.68, False), (0.66, True)):
        changed = sell_in.assign(sell_in_units=sell_in["sell_in_units"].mask(in_june(sell_in), 100 * factor))
        assert judged("sell_in volume", sell_in=changed).is_alarm is is_alarm, factor
    assert "1,320 units in 2024-06, 0.66 times the usual" in judged("sell_in volume", sell_in=changed).headline


def test_volume_of_a_market_in_its_first_year_is_not_decided(sell_in):
    young = sell_in[sell_in["month"] >= "2023-08-01"]
    assert judged("sell_in volume", sell_in=young).is_alarm is None


def test_new_skus_count_where_they_sell_for_the_first_time(sell_in):
    def with_new(count):
        new = pd.DataFrame({"month": JUNE, "sku": [f"N{i}" for i in range(count)], "sell_in_units": 5.0})
        return judged("sell_in new SKUs", sell_in=pd.concat([sell_in, new]))

    assert with_new(3).is_alarm is False  # 3 of 23: 13.0 %
    assert with_new(4).is_alarm  # 4 of 24: 16.7 %
    assert "4 of 24 SKUs in 2024-06 are new (16.7 %, limit 15.0 %)" in with_new(4).headline


def test_regular_skus_with_zero_units_or_no_row_are_missing(sell_in):
    def without(count):
        gone = in_june(sell_in) & sell_in["sku"].isin(SKUS[:count])
        as_zero = sell_in.assign(sell_in_units=sell_in["sell_in_units"].mask(gone, 0.0))
        return [judged("sell_in missing SKUs", sell_in=rows) for rows in (as_zero, sell_in[~gone])]

    assert [each.is_alarm for each in without(2)] == [False, False]  # 10 %
    assert [each.is_alarm for each in without(3)] == [True, True]
    assert without(3)[0].facts == (("missing SKUs", "S00, S01, S02"),)


def test_a_source_that_came_each_month_and_has_no_rows_is_missing(sell_in):
    absent = sell_in[~in_june(sell_in)]
    result = judged("sell_in", sell_in=absent)
    assert result.kind == "source_missing"
    assert result.is_alarm
    assert result.headline == "sell_in: 0 rows in 2024-06, 20 a month before"
    seldom = absent[absent["month"] != "2024-03-01"]
    assert judged("sell_in", sell_in=seldom).is_alarm is None
    assert judged("promotions", promotions=absent.iloc[:0]).is_alarm is None


def test_distribution_lost_over_the_skus_that_are_in_both(sell_in):
    sell_out = sell_in.rename(columns={"sell_in_units": "sell_out_units"}).assign(distribution_pct=80.0)
    for points, is_alarm in ((70.0, False), (67.0, True)):  # -12.5 %, -16.3 %
        lost = sell_out.assign(distribution_pct=sell_out["distribution_pct"].mask(in_june(sell_out), points))
        assert judged("sell_out distribution", sell_out=lost).is_alarm is is_alarm
    assert judged("sell_out distribution", sell_out=sell_out.assign(distribution_pct=None)).is_alarm is None


def test_later_months_change_nothing(sell_in):
    for month in (pd.Timestamp("2023-12-01"), pd.Timestamp("2023-06-01")):
        poisoned = sell_in.assign(sell_in_units=sell_in["sell_in_units"].mask(sell_in["month"] > month, 1e9))
        assert source_verdicts({"sell_in": poisoned}, month) == source_verdicts({"sell_in": sell_in}, month)
