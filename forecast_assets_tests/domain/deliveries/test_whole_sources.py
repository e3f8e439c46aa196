"""Three states of a source without rows: never delivered, missing for one market, gone altogether."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.whole_sources import promotions_stale, source_gone, source_state
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, months_before


def earlier(*counts: float) -> pd.Series:
    return pd.Series(list(counts), index=months_before(len(counts)), dtype=float)


def test_one_market_without_its_file_is_told_from_a_source_that_is_gone():
    one = source_gone("products", "FR", 0, earlier(90, 120), others_deliver=True)
    assert one.message == (
        "products has no row of FR, beside those of other markets; 2024-05 had 120. Next: deliver the file of FR, or "
        "accept the finding to publish without products"
    )
    assert one.rows["rows"].tolist() == [90.0, 120.0]
    gone = source_gone("products", "FR", 0, earlier(120), others_deliver=False)
    assert gone.message.startswith("products is gone altogether: its folder is empty or missing; 2024-05 had 120.")


def test_a_source_that_was_never_delivered_or_is_delivered_is_no_finding():
    assert source_gone("products", "FR", 0, earlier(), others_deliver=False) is None
    assert source_gone("products", "FR", 0, earlier(0, 0, 0), others_deliver=True) is None
    assert source_gone("products", "FR", 1, earlier(120), others_deliver=True) is None


def test_a_source_that_was_gone_the_month_before_has_been_found_already():
    assert source_gone("products", "FR", 0, earlier(120, 0), others_deliver=False) is None


@pytest.mark.parametrize(
    ("row_count", "rows_of_month", "before", "state"),
    [
        (90, 7, (7,), "delivered"),
        (90, 7, (), "delivered"),
        (90, 0, (7,), "delivered, nothing for the month"),
        (0, 0, (7, 8, 0), "stopped: last delivered for 2024-04"),
        # Products of a market whose SKUs the mart adds.
        (0, 7, (8,), "stopped: last delivered for 2024-05"),
        (0, 0, (0, 0), "never delivered"),
        (0, 0, (), "never delivered"),
    ],
)
def test_the_states_of_a_source_are_told_apart(row_count, rows_of_month, before, state):
    assert source_state(row_count, rows_of_month, earlier(*before)) == state


def plans(months: pd.DatetimeIndex, ahead: int) -> pd.DataFrame:
    """Promotions known in each month: one of the month itself, and so many of the months after it."""
    parts = [
        pd.DataFrame(
            {"sku": "A", "promotion_month": pd.date_range(month, periods=ahead + 1, freq="MS"), "month": month}
        )
        for month in months
    ]
    return pd.concat(parts, ignore_index=True)


NOW, WITHOUT_PLANS = pd.DatetimeIndex([JUNE]), pd.DataFrame({"sku": ["A"], "promotion_month": [JUNE]})


def test_promotions_that_end_with_the_month_are_stale_if_six_months_knew_some_ahead():
    finding = promotions_stale(WITHOUT_PLANS, plans(months_before(6), 2), JUNE)
    assert finding.message == (
        "no promotion after 2024-06 is known, the last one is of 2024-06; each month from 2023-12 to 2024-05 knew 2 or "
        "more ahead. Next: deliver the plans ahead, with known_from, or accept the finding"
    )
    assert finding.rows["promotions_ahead"].tolist() == [2] * 6


def test_one_promotion_ahead_or_no_habit_of_planning_is_no_finding():
    assert promotions_stale(plans(NOW, 1), plans(months_before(6), 2), JUNE) is None
    assert promotions_stale(WITHOUT_PLANS, plans(months_before(5), 2), JUNE) is None
    once_without = pd.concat([plans(months_before(6)[:1], 0), plans(months_before(6)[1:], 2)])
    assert promotions_stale(WITHOUT_PLANS, once_without, JUNE) is None
    # Without a row at all the source is gone, which is found elsewhere.
    assert promotions_stale(WITHOUT_PLANS.iloc[:0], plans(months_before(6), 2), JUNE) is None


def quarters(months: pd.DatetimeIndex, horizon: int = 3) -> pd.DataFrame:
    """Plans of the coming months for one SKU as each month knows them: one month is new each time."""
    rows = [("A", month + pd.DateOffset(months=ahead), month) for month in months for ahead in range(horizon + 1)]
    return pd.DataFrame(rows, columns=["sku", "promotion_month", "month"])


def test_plans_without_a_new_promotion_are_stale_if_each_month_brought_one():
    stored = quarters(months_before(7))
    last = stored[stored["month"] == "2024-05-01"].drop(columns="month")
    finding = promotions_stale(last, stored, JUNE)
    assert finding.message.startswith(
        "all 2 promotions after 2024-06 were known the month before; each month from 2023-12 to 2024-05 had 1 or "
    )
    assert finding.rows["new_promotions"].tolist() == [1] * 6
    other_sku = pd.concat([last, pd.DataFrame({"sku": ["B"], "promotion_month": [pd.Timestamp("2024-07-01")]})])
    assert promotions_stale(other_sku, stored, JUNE) is None
    assert promotions_stale(quarters(pd.DatetimeIndex([JUNE])).drop(columns="month"), stored, JUNE) is None


def test_plans_that_came_less_often_than_monthly_are_not_expected_each_month():
    """The market plans for a quarter at a time; or less than seven months are stored."""
    stored = quarters(months_before(7))
    last = stored[stored["month"] == "2024-05-01"].drop(columns="month")
    repeated = stored["month"].replace(pd.Timestamp("2024-02-01"), pd.Timestamp("2024-01-01"))
    assert promotions_stale(last, stored.assign(month=repeated), JUNE) is None
    assert promotions_stale(last, stored[stored["month"] > stored["month"].min()], JUNE) is None


def test_three_months_before_are_shown_the_latest_last():
    shuffled = earlier(10, 20, 30, 40).iloc[[3, 0, 2, 1]]
    finding = source_gone("products", "FR", 0, shuffled, others_deliver=True)
    assert finding.rows["rows"].tolist() == [20.0, 30.0, 40.0]
    assert "; 2024-05 had 40." in finding.message


def test_a_source_of_one_row_was_delivered():
    assert source_state(0, 0, earlier(1)) == "stopped: last delivered for 2024-05"


def test_one_promotion_ahead_in_each_of_six_months_is_a_habit():
    months = months_before(6)
    some = pd.concat([plans(months[:5], 2), plans(months[5:], 1)])
    assert "knew 1 or more ahead. Next" in promotions_stale(WITHOUT_PLANS, some, JUNE).message
    without_in_may = pd.concat([plans(months[:5], 2), plans(months[5:], 0)])
    assert promotions_stale(WITHOUT_PLANS, without_in_may, JUNE) is None


def test_new_promotions_are_expected_if_the_month_before_brought_some_too():
    """Each month plans three months ahead, so one is new each time; April planned four ahead, or May two SKUs."""
    stored = quarters(months_before(7))
    now = pd.DataFrame({"sku": "A", "promotion_month": pd.to_datetime(["2024-06-01", "2024-07-01", "2024-08-01"])})
    further = pd.DataFrame([("A", pd.Timestamp("2024-08-01"), pd.Timestamp("2024-04-01"))], columns=stored.columns)
    assert promotions_stale(now, stored, JUNE) is not None
    assert promotions_stale(now, pd.concat([stored, further]), JUNE) is None


def test_the_month_with_the_fewest_new_promotions_is_told():
    """Two SKUs until April, so that two were new each time; one of them in May."""
    both, now = quarters(months_before(7)), quarters(months_before(1)).drop(columns="month")
    second = quarters(months_before(7)[:-1]).assign(sku="B")
    message = promotions_stale(now, pd.concat([both, second]), JUNE).message
    assert "each month from 2023-12 to 2024-05 had 1 or more new ones" in message
