"""Each condition of the rules on deliveries: its bound, the months that it reads, and what it counts."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.monitoring.source_drift import HISTORY_MONTHS, source_verdicts

JUNE = pd.Timestamp("2024-06-01")
SKUS = [f"S{number}" for number in range(10)]


def months_back(count):
    return JUNE - pd.DateOffset(months=count)


def delivered(units, skus=SKUS, source="sell_in"):
    """Rows of SKUs over consecutive months that end with June; units of one SKU by month."""
    months = pd.date_range(end=JUNE, periods=len(units), freq="MS")
    rows = pd.MultiIndex.from_product([months, skus], names=["month", "sku"]).to_frame(index=False)
    return rows.assign(**{f"{source}_units": np.repeat(np.asarray(units, float), len(skus))})


def judged(subject, **sources):
    (result,) = [each for each in source_verdicts(sources, JUNE) if each.subject == subject]
    return result


def without(rows, back, skus=SKUS):
    """The same rows without some SKUs in the months so many before June."""
    gone = rows["month"].isin([months_back(each) for each in back]) & rows["sku"].isin(skus)
    return rows[~gone]


def test_a_source_is_expected_after_six_months_in_a_row_and_not_after_five():
    assert judged("sell_in", sell_in=without(delivered([100] * 7), [0])).is_alarm
    assert judged("sell_in", sell_in=without(delivered([100] * 6), [0])).is_alarm is None
    assert judged("sell_in", sell_in=without(delivered([100] * 8), [0, 7])).is_alarm
    assert judged("sell_in", sell_in=without(delivered([100] * 8), [0, 1])).is_alarm is None


def test_a_source_that_came_is_none_whatever_came_before():
    for rows in (delivered([100] * 7), without(delivered([100] * 7), [2])):
        assert judged("sell_in", sell_in=rows).is_alarm is False
    usual = without(delivered([100] * 7), [1, 2], SKUS[:4])
    verdict = judged("sell_in", sell_in=usual)
    assert (verdict.weight, verdict.headline) == (10.0, "sell_in: 10 rows in 2024-06, 10 a month before")


def test_one_row_a_month_is_a_delivery_and_a_total():
    one = delivered([100] * 48, ["a"])
    assert judged("sell_in", sell_in=without(one, [0], ["a"])).is_alarm
    assert judged("sell_in volume", sell_in=one).is_alarm is False
    first = judged("sell_in", sell_in=one[one["month"] == JUNE])
    assert (first.weight, first.headline) == (0.0, "sell_in: 1 rows in 2024-06, 0 a month before")


def test_less_than_a_unit_is_sold_too():
    little = delivered([0.5] * 48, ["a"])
    assert judged("sell_in volume", sell_in=little).is_alarm is False
    assert judged("sell_in new SKUs", sell_in=little).headline.startswith("sell_in: 0 of 1 SKUs")
    assert judged("sell_in missing SKUs", sell_in=little).headline.startswith("sell_in: 0 of 1 regular SKUs")


def test_volume_is_compared_with_the_median_of_the_three_years_before():
    # June of the years before, from four years back: 9000, 100, 200, 400; the median of the last three is 200.
    units = np.full(HISTORY_MONTHS + 1, 100.0)
    units[[0, 12, 24, 36, 48]] = 9000, 100, 200, 400, 600
    verdict = judged("sell_in volume", sell_in=delivered(units))
    assert "6,000 units in 2024-06, 3.00 times the usual of the month " in verdict.headline
    assert dict(verdict.facts) == {"units": "6,000", "usual units": "2,000"}
    assert (verdict.is_alarm, verdict.weight) == (True, 4000.0)
    less = judged("sell_in volume", sell_in=delivered([*units[:-1], 100.0]))
    assert (less.is_alarm, less.weight) == (True, 1000.0)


@pytest.mark.parametrize(("units", "is_alarm"), [(150.0, False), (152.0, True), (67.0, False), (66.0, True)])
def test_volume_may_change_by_half(units, is_alarm):
    verdict = judged("sell_in volume", sell_in=delivered([*[100.0] * 48, units]))
    assert verdict.is_alarm is is_alarm


def test_a_volume_that_always_jumps_may_jump():
    # Every second month of the last year was twice the year before: 1.9 times is usual.
    jumps = [100.0] * 36 + [200.0, 100.0] * 6
    assert judged("sell_in volume", sell_in=delivered([*jumps, 190.0])).is_alarm is False


def test_eight_ratios_of_the_year_before_are_enough_and_seven_are_not():
    # A ratio needs the month a year earlier: 12 + 8 months before June and June itself.
    assert judged("sell_in volume", sell_in=delivered([100.0] * 21)).is_alarm is False
    seven = judged("sell_in volume", sell_in=delivered([100.0] * 20))
    assert (seven.is_alarm, seven.headline) == (None, "less than 8 months with a year before to judge by")


def test_a_month_without_units_is_no_volume():
    rows = delivered([100.0] * 48)
    nothing = rows.assign(sell_in_units=rows["sell_in_units"].mask(rows["month"] == JUNE, 0.0))
    unknown = rows.assign(sell_in_units=rows["sell_in_units"].mask(rows["month"] == JUNE))
    for sell_in in (nothing, unknown):
        assert judged("sell_in volume", sell_in=sell_in).is_alarm is None
    partly = rows.assign(sell_in_units=rows["sell_in_units"].mask(rows["sku"] == "S0"))
    assert judged("sell_in volume", sell_in=partly).is_alarm is False


def with_new(rows, *counts):
    """Add SKUs that sell for the first time so many months before June: pairs of months before and count."""
    new = [
        pd.DataFrame(
            {"month": months_back(back), "sku": [f"N{back}-{at}" for at in range(count)], "sell_in_units": 5.0}
        )
        for back, count in counts
    ]
    return pd.concat([rows, *new])


def test_a_share_of_new_skus_is_usual_if_one_of_the_twelve_months_before_had_it():
    rows = delivered([100.0] * 30)
    assert judged("sell_in new SKUs", sell_in=with_new(rows, (0, 3))).is_alarm
    assert judged("sell_in new SKUs", sell_in=with_new(rows, (0, 3), (12, 3))).is_alarm is False
    assert judged("sell_in new SKUs", sell_in=with_new(rows, (0, 3), (13, 3))).is_alarm
    verdict = judged("sell_in new SKUs", sell_in=with_new(rows, (0, 6)))
    assert verdict.facts == (("new SKUs", "N0-0, N0-1, N0-2, N0-3, N0-4 ..."),)
    assert verdict.weight == 6 / 16
    assert judged("sell_in new SKUs", sell_in=with_new(rows, (0, 5))).facts[0][1] == "N0-0, N0-1, N0-2, N0-3, N0-4"
    assert judged("sell_in new SKUs", sell_in=rows).facts == ()


def test_a_sku_without_units_is_not_yet_new():
    listed = with_new(delivered([100.0] * 30), (0, 3))
    zero = listed["sku"].str.startswith("N")
    rows = listed.assign(sell_in_units=listed["sell_in_units"].mask(zero, 0.0))
    assert judged("sell_in new SKUs", sell_in=rows).headline.startswith("sell_in: 0 of 10 SKUs in 2024-06 are new")


def test_new_skus_of_a_market_are_judged_after_more_than_a_year():
    assert judged("sell_in new SKUs", sell_in=delivered([100.0] * 13)).is_alarm is None
    assert judged("sell_in new SKUs", sell_in=delivered([100.0] * 14)).is_alarm is False
    assert judged("sell_in new SKUs", sell_in=without(delivered([100.0] * 30), [0])).is_alarm is None


def test_a_sku_is_regular_after_six_months_in_a_row():
    three = SKUS[:3]
    rows = delivered([100.0] * 30)
    assert judged("sell_in missing SKUs", sell_in=without(rows, [0], three)).is_alarm
    assert judged("sell_in missing SKUs", sell_in=without(rows, [0, 6], three)).facts == ()
    assert judged("sell_in missing SKUs", sell_in=without(rows, [0, 7], three)).facts[0][1] == "S0, S1, S2"
    verdict = judged("sell_in missing SKUs", sell_in=without(rows, [0], three))
    assert verdict.headline == "sell_in: 3 of 10 regular SKUs have no units in 2024-06 (30.0 %, limit 10.0 %)"


def test_a_share_of_missing_skus_is_usual_if_one_of_the_twelve_months_before_had_it():
    rows, three = delivered([100.0] * 30), SKUS[:3]
    usual = without(without(rows, [12], SKUS[5:8]), [0], three)
    assert judged("sell_in missing SKUs", sell_in=usual).is_alarm is False
    long_ago = without(without(rows, [13], SKUS[5:8]), [0], three)
    assert judged("sell_in missing SKUs", sell_in=long_ago).is_alarm
    # The share of a month is judged by the SKUs that were regular then, from six months before the first on.
    assert judged("sell_in missing SKUs", sell_in=usual[usual["month"] >= months_back(18)]).is_alarm is False


def test_a_market_of_one_regular_sku_has_a_usual_share_too():
    other = pd.DataFrame({"month": [JUNE], "sku": ["b"], "sell_in_units": [5.0]})
    rows = pd.concat([without(delivered([100.0] * 30, ["a"]), [0, 12], ["a"]), other])
    verdict = judged("sell_in missing SKUs", sell_in=rows)
    assert (verdict.is_alarm, verdict.weight) == (False, 1.0)


def test_missing_skus_need_rows_of_the_month_and_regular_skus():
    rows = delivered([100.0] * 30)
    gone = judged("sell_in missing SKUs", sell_in=without(rows, [0]))
    assert (gone.is_alarm, gone.headline) == (None, "sell_in has no rows in 2024-06")
    never = judged("sell_in missing SKUs", sell_in=without(rows, [3]))
    assert (never.is_alarm, never.headline) == (None, "no SKU was sold in each of the six months before")


def with_distribution(*points):
    """Sell-out of one SKU by month, with its distribution; the last month is June."""
    rows = delivered([100.0] * len(points), ["a"], "sell_out")
    return rows.assign(distribution_pct=np.asarray(points, float))


def test_distribution_is_compared_with_the_mean_of_the_three_months_before():
    # 90, 60 and 30 have the mean 60; the 300 before is not read.
    assert judged("sell_out distribution", sell_out=with_distribution(300, 90, 60, 30, 52)).is_alarm is False
    verdict = judged("sell_out distribution", sell_out=with_distribution(300, 90, 60, 30, 45))
    assert verdict.headline == ("Distribution of 1 SKUs -25.0 % in 2024-06 against three months before, limit -15.0 %")
    assert (verdict.is_alarm, verdict.weight, verdict.facts) == (True, 0.25, (("SKU a", "-15 points of stores"),))
    more = judged("sell_out distribution", sell_out=with_distribution(60, 60, 60, 90))
    assert (more.is_alarm, more.facts) == (False, ())


def test_a_sku_without_one_of_the_months_has_no_distribution_to_lose():
    assert judged("sell_out distribution", sell_out=with_distribution(60, np.nan, 60, 10)).is_alarm is None
    assert judged("sell_out distribution", sell_out=with_distribution(60, 60, 60, np.nan)).is_alarm is None
    assert judged("sell_out distribution", sell_out=with_distribution(0, 0, 0, 10)).is_alarm is None
    column_absent = with_distribution(60, 60, 60, 10).drop(columns="distribution_pct")
    assert judged("sell_out distribution", sell_out=column_absent).is_alarm is None


def test_the_five_skus_that_lost_most_are_named():
    skus = [f"S{number}" for number in range(7)]
    rows = delivered([100.0] * 4, skus, "sell_out").assign(distribution_pct=80.0)
    lost = rows["sku"].str[1].astype(float).where(rows["month"] == JUNE, 0.0)
    verdict = judged("sell_out distribution", sell_out=rows.assign(distribution_pct=80.0 - lost))
    assert [name for name, _ in verdict.facts] == ["SKU S6", "SKU S5", "SKU S4", "SKU S3", "SKU S2"]


def test_which_rules_apply_to_which_source():
    rows = delivered([100.0] * 30)
    sold = rows.rename(columns={"sell_in_units": "sell_out_units"})
    verdicts = source_verdicts({"sell_in": rows, "sell_out": sold, "promotions": rows}, JUNE)
    assert [each.subject for each in verdicts] == [
        "sell_in", "sell_in volume", "sell_in new SKUs", "sell_in missing SKUs",
        "sell_out", "sell_out volume", "sell_out new SKUs", "sell_out missing SKUs", "sell_out distribution",
        "promotions",
    ]  # fmt: skip
