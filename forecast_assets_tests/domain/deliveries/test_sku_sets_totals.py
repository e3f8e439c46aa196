"""A SKU that is the sum of the others, so that every unit counts twice."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.sku_sets import total_as_sku
from forecast_assets_tests.domain.deliveries.deliveries import TEN, history, june, months_before

FULL = dict.fromkeys(TEN, 100.0)


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


def always(count: int, months: int = 5, units: float = 100.0) -> pd.DataFrame:
    """Months in which X9 is the sum of so many SKUs."""
    return history(dict.fromkeys(TEN[:count], units) | {"X9": count * units}, months)


def sum_of(count: int) -> dict[str, float]:
    return dict.fromkeys(TEN[:count], 100.0) | {"X9": count * 100.0}


@pytest.mark.parametrize(("parts", "is_found"), [(3, False), (4, True)])
def test_a_sum_is_one_of_four_skus_or_more(parts, is_found):
    assert (total_as_sku(june(history(TEN, 5), sum_of(parts))) is not None) is is_found
    assert (total_as_sku(june(always(parts), sum_of(parts))) is not None) is is_found


@pytest.mark.parametrize(("months", "is_found"), [(1, False), (2, True)])
def test_a_known_sku_is_a_total_if_it_is_the_sum_in_three_months(months, is_found):
    before = pd.concat([history(TEN, 5), history({"X9": 1000.0}, months)])
    assert (total_as_sku(june(before, sum_of(10))) is not None) is is_found


@pytest.mark.parametrize(("back", "is_found"), [(1, False), (6, False), (7, True)])
def test_a_total_is_the_sum_in_each_of_the_six_months_before(back, is_found):
    before = always(10, 9)
    is_other = (before["sku"] == "X9") & (before["month"] == months_before(9)[-back])
    finding = total_as_sku(june(before.assign(units=before["units"].mask(is_other, 999.0)), sum_of(10)))
    assert (finding is not None) is is_found


def test_months_with_fewer_than_four_others_do_not_tell():
    """In May three SKUs are delivered beside X9, which is not their sum."""
    before = always(10, 5)
    is_may = before["month"] == "2024-05-01"
    before = before[~is_may | before["sku"].isin([*TEN[:3], "X9"])]
    assert total_as_sku(june(before, sum_of(10))) is not None


def test_a_sum_of_the_months_before_that_is_none_now_is_no_total():
    assert total_as_sku(june(always(10), sum_of(10) | {"X9": 999.0})) is None


@pytest.mark.parametrize(("units", "is_found"), [([3.0, 4.0], True), ([7.0], False)])
def test_a_named_total_is_that_of_two_skus_or_more(units, is_found):
    now = dict(zip(TEN, units, strict=False)) | {"TOTAL": 7.0}
    assert (total_as_sku(june(history(TEN, 5), now)) is not None) is is_found


@pytest.mark.parametrize(("teas", "is_found"), [(2, True), (1, False)])
def test_a_named_total_is_that_of_a_category_with_two_skus_or_more(teas, is_found):
    products = pd.DataFrame({"sku": TEN, "category": ["Tea"] * teas + ["Ice"] * (10 - teas), "end_month": pd.NaT})
    now = FULL | {"TEA TOTAL": 100.0 * teas}
    assert (total_as_sku(june(history(TEN, 5), now, products)) is not None) is is_found


@pytest.mark.parametrize("named", ["TOTAL", "total", "Grand Total", "Sum FR", "Gesamt", "subtotal_tea", "1-ALL"])
def test_a_name_of_a_total_stands_alone_in_the_code(named):
    finding = total_as_sku(june(history(TEN, 5), dict.fromkeys(TEN[:2], 3.0) | {named: 6.0}))
    assert finding.rows.to_dict("records") == [{"sku": named, "units": 6.0}]


def test_five_totals_are_named_and_all_are_listed():
    totals = [f"TOTAL {letter}" for letter in "ABCDEF"]
    finding = total_as_sku(june(history(TEN, 5), FULL | dict.fromkeys(totals, 1000.0)))
    assert finding.message.count("has 1,000 units, the sum of other SKUs") == 5
    assert "TOTAL E has" in finding.message
    assert finding.rows["sku"].tolist() == totals


def test_a_named_sku_without_units_is_no_total_of_nothing():
    assert total_as_sku(june(history(TEN, 5), {"TOTAL": 0.0, "R00": 5.0, "R01": -5.0})) is None
