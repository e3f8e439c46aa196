"""SKUs that vanish from a delivery."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.sku_sets import vanished_skus
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, june, month_of, months_before

FULL = dict.fromkeys(TEN, 100.0)


def without(count: int) -> dict[str, float]:
    return dict.fromkeys(TEN[count:], 100.0)


@pytest.mark.parametrize(("absent", "is_found"), [(0, False), (2, False), (3, True)])
def test_a_third_of_the_skus_gone_is_found_and_a_fifth_is_not(absent, is_found):
    finding = vanished_skus(june(history(TEN, 18), without(absent)))
    assert (finding is not None) is is_found
    if finding:
        assert finding.message == (
            "3 of 10 regular SKUs vanish (30.0%), such as R00, R01, R02; the limit is 20.0%, from the 13 months "
            "before. Deliver the missing rows, or end the SKUs in products"
        )
        assert finding.rows["usual_units"].tolist() == [100.0, 100.0, 100.0]


def test_a_young_market_is_judged_from_three_months_on_with_a_wider_limit():
    assert vanished_skus(june(history(TEN, 2), without(9))) is None
    assert "the limit is 25.0%" in vanished_skus(june(history(TEN, 3), without(3))).message


def test_a_market_whose_skus_come_and_go_has_a_wider_limit():
    # Four of ten were gone in December: 1.5 times that is the limit, so five more do not stand out.
    before = history(TEN, 18)
    gone = (before["month"] == "2023-11-01") & before["sku"].isin(TEN[6:])
    assert vanished_skus(june(before[~gone], without(5))) is None


def test_a_row_of_zero_is_gone_and_a_return_is_not():
    assert vanished_skus(june(history(TEN, 12), FULL | dict.fromkeys(TEN[:4], 0.0))) is not None
    assert vanished_skus(june(history(TEN, 12), FULL | dict.fromkeys(TEN[:4], -5.0))) is None


def test_skus_whose_end_has_passed_do_not_vanish():
    products = pd.DataFrame({"sku": TEN[:4], "category": "Tea", "end_month": pd.Timestamp("2024-05-01")})
    assert vanished_skus(june(history(TEN, 12), without(4), products)) is None
    ends_now = products.assign(end_month=JUNE)
    assert vanished_skus(june(history(TEN, 12), without(4), ends_now)) is not None


def test_new_skus_in_their_place_are_named():
    renamed = {f"{sku}-X": 100.0 for sku in TEN}
    assert "while 10 new SKUs appear (R00-X, R01-X" in vanished_skus(june(history(TEN, 5), renamed)).message


def test_months_after_the_judged_one_change_nothing():
    rows = pd.concat([history(TEN, 18), month_of(without(3))], ignore_index=True)
    later = month_of(dict.fromkeys(TEN, 1e9), pd.Timestamp("2024-07-01"))
    poisoned = delivery_until(pd.concat([rows, later], ignore_index=True), JUNE)
    assert vanished_skus(poisoned).message == vanished_skus(delivery_until(rows, JUNE)).message
    whole = delivery_until(pd.concat([rows, later], ignore_index=True), pd.Timestamp("2024-07-01"))
    assert vanished_skus(whole.until(JUNE)).message == vanished_skus(delivery_until(rows, JUNE)).message


@pytest.mark.parametrize(("back", "regular"), [(1, 9), (6, 9), (7, 10)])
def test_a_sku_is_regular_if_it_sold_in_each_of_the_six_months_before(back, regular):
    before = history(TEN, 18)
    is_absent = (before["month"] == months_before(18)[-back]) & (before["sku"] == "R09")
    assert f"4 of {regular} regular SKUs vanish" in vanished_skus(june(before[~is_absent], without(4))).message


@pytest.mark.parametrize(("back", "is_found"), [(7, False), (13, False), (14, True)])
def test_the_limit_is_one_and_a_half_times_the_worst_of_thirteen_months(back, is_found):
    """Four of ten SKUs were gone once, so the limit is 60 %. Half of them are gone now."""
    before = history(TEN, 24)
    is_gone = (before["month"] == months_before(24)[-back]) & before["sku"].isin(TEN[6:])
    assert (vanished_skus(june(before[~is_gone], without(5))) is not None) is is_found


@pytest.mark.parametrize(("gone", "is_found"), [(6, False), (7, True)])
def test_a_share_at_the_learned_limit_is_no_finding(gone, is_found):
    before = history(TEN, 18)
    is_gone = (before["month"] == months_before(18)[-8]) & before["sku"].isin(TEN[6:])
    assert (vanished_skus(june(before[~is_gone], without(gone))) is not None) is is_found


@pytest.mark.parametrize(("months", "limit"), [(8, "25.0%, from the 5 months"), (9, "20.0%, from the 6 months")])
def test_six_months_to_compare_with_narrow_the_limit_to_a_fifth(months, limit):
    assert f"the limit is {limit} before" in vanished_skus(june(history(TEN, months), without(3))).message


@pytest.mark.parametrize(
    ("skus", "gone", "is_found"), [(3, 1, False), (3, 2, True), (2, 2, False), (4, 2, True), (4, 1, False)]
)
def test_two_skus_of_three_or_more_are_the_least_that_vanish(skus, gone, is_found):
    finding = vanished_skus(june(history(TEN[:skus], 12), dict.fromkeys(TEN[gone:skus], 100.0)))
    assert (finding is not None) is is_found


def test_usual_units_are_the_mean_of_six_months_the_largest_first():
    before = history({sku: 100.0 + place for place, sku in enumerate(TEN)}, 18)
    last_six = before["month"] >= months_before(6)[0]
    before = before.assign(units=before["units"].mask(~last_six, 9e9).mask(before["month"] == "2024-05-01", 400.0))
    rows = vanished_skus(june(before, without(3))).rows
    assert rows["sku"].tolist() == ["R02", "R01", "R00"]
    # Five months at 102, 101 and 100, one at 400.
    assert rows["usual_units"].tolist() == [151.7, 150.8, 150.0]


def test_a_sku_that_was_delivered_long_ago_does_not_appear_as_new():
    old = month_of({"OLD": 5.0}, months_before(18)[0])
    finding = vanished_skus(june(pd.concat([history(TEN, 18), old]), without(3) | {"OLD": 5.0, "NEW": 1.0}))
    assert ", while 1 new SKUs appear (NEW); the limit" in finding.message
