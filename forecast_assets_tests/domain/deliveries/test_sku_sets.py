"""SKUs that vanish, and a SKU that is the sum of the others."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.sku_sets import total_as_sku, vanished_skus
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, june, month_of

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


def test_a_total_among_the_skus_is_named():
    finding = total_as_sku(june(history(TEN, 5), FULL | {"X9": 1000.0}))
    assert finding.message.startswith("X9 has 1,000 units, the sum of other SKUs. Deliver SKUs alone")
    assert total_as_sku(june(history(TEN, 5), FULL | {"X9": 1001.0})) is None


def test_a_known_sku_that_is_the_sum_once_is_chance_and_always_is_a_total():
    units = FULL | {"X9": 1000.0}
    once = pd.concat([history(TEN, 5), history({"X9": 900.0}, 5)])
    assert total_as_sku(june(once, units)) is None
    always = pd.concat([history(TEN, 5), history({"X9": 1000.0}, 5)])
    assert total_as_sku(june(always, units)) is not None


def test_of_four_skus_one_may_be_the_sum_of_three():
    assert total_as_sku(june(history(TEN[:3], 5), {"A": 1.0, "B": 2.0, "C": 3.0, "X9": 6.0})) is None


def test_a_total_beside_subtotals_is_found_by_its_name():
    categories = ["Tea"] * 5 + ["Coffee"] * 5
    products = pd.DataFrame({"sku": TEN, "category": categories, "end_month": pd.NaT})
    units = FULL | {"TOTAL": 1000.0, "Subtotal Tea": 500.0}
    finding = total_as_sku(june(history(TEN, 5), units, products))
    assert finding.rows["sku"].tolist() == ["Subtotal Tea", "TOTAL"]
    assert total_as_sku(june(history(TEN, 5), FULL | {"TOTALLY": 700.0}, products)) is None
