"""Price levels and prices of single SKUs against the months before, by hand values."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import DeliveryFinding, delivery_until
from forecast_assets.domain.deliveries.prices import price_level
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, june, month_of

THREE = ("A", "B", "C")
USUAL = dict.fromkeys(TEN, 100.0)
NONE = float("nan")
MARKET = "the price level (price as delivered) is "


def judged(prices: Mapping[str, Sequence[float]]) -> DeliveryFinding | None:
    """Judge delivered prices by SKU, the last one of June; NaN is a row without a price."""
    months = pd.date_range(end=JUNE, periods=max(map(len, prices.values())), freq="MS")
    rows = [
        (sku, month, price)
        for sku, values in prices.items()
        for month, price in zip(months[-len(values) :], values, strict=True)
    ]
    return price_level(delivery_until(pd.DataFrame(rows, columns=["sku", "month", "price"]).assign(units=9.0), JUNE))


def by_units(price_of_june: Mapping[str, float]) -> DeliveryFinding | None:
    """Judge net sales of 2 a unit in each of the 18 months before, and of other prices in June."""
    rows = pd.concat([history(TEN, 18), month_of(USUAL)], ignore_index=True)
    prices = rows["sku"].map(price_of_june).where(rows["month"] == JUNE, 2.0)
    return price_level(delivery_until(rows.assign(net_sales=rows["units"] * prices), JUNE))


def test_a_price_level_of_packs_is_found_and_one_of_inflation_is_not():
    assert by_units(dict.fromkeys(TEN, 2.2)) is None
    finding = by_units(dict.fromkeys(TEN, 24.0))
    assert "is 12.00 times that of the half year before, limits 0.67 to 1.50" in finding.message
    assert finding.message.endswith("Check the unit of measure, the decimals and the currency of units and net_sales")
    assert not finding.is_warning


def test_one_sku_in_packs_is_found_by_its_price():
    finding = by_units(dict.fromkeys(TEN, 2.0) | {"R03": 16 / 3})
    assert finding.rows.to_dict("records") == [{"sku": "R03", "price_factor": 2.667}]
    assert finding.message.startswith(
        "1 SKUs with steady prices have another one, such as R03: factor 2.67, limit 2.5. Check"
    )
    assert finding.is_warning


@pytest.mark.parametrize(("price", "is_found"), [(4.98, False), (5.0, True), (0.803, False), (0.797, True)])
def test_a_single_price_is_found_from_two_and_a_half_times_on_either_way(price, is_found):
    assert (by_units(dict.fromkeys(TEN, 2.0) | {"R03": price}) is not None) is is_found


def test_the_price_of_sell_out_is_the_delivered_one_whatever_its_units():
    rows = pd.concat([history(TEN, 18), month_of(dict.fromkeys(TEN, 3000.0))], ignore_index=True)
    usual, packs = rows.assign(price=2.0), rows.assign(price=[2.0] * 180 + [2000.0] * 10)
    assert price_level(delivery_until(usual, JUNE)) is None
    message = price_level(delivery_until(packs, JUNE)).message
    assert MARKET + "1000.00 times that of the half year before" in message
    assert message.endswith("Check the unit of measure, the decimals and the currency of price")
    assert price_level(delivery_until(rows.assign(price=0.0), JUNE)) is None


def test_without_net_sales_there_is_no_price():
    assert price_level(june(history(TEN, 18), USUAL)) is None


@pytest.mark.parametrize(("skus", "is_found"), [(THREE, True), (THREE[:2], False)])
def test_a_level_is_that_of_three_skus_or_more(skus, is_found):
    assert (judged({sku: [2.0] * 6 + [24.0] for sku in skus}) is not None) is is_found


def test_a_price_is_compared_with_the_median_of_six_months():
    """The median of 1, 1, 1, 3, 3, 3 is 2; with one month more it would be 1, with one less 3."""
    assert MARKET + "50.00 times" in judged({key: [1, 1, 1, 1, 3, 3, 3, 100.0] for key in THREE}).message


@pytest.mark.parametrize(("before", "is_found"), [([2.0] * 3, True), ([2.0] * 2, False)])
def test_three_prices_before_are_the_least_to_compare_with(before, is_found):
    assert (judged({key: [*before, 24.0] for key in THREE}) is not None) is is_found


def test_a_level_at_its_limit_is_no_finding():
    assert judged(dict.fromkeys(THREE, [2.0] * 6 + [3.0])) is None
    assert MARKET + "1.51 times" in judged(dict.fromkeys(THREE, [2.0] * 6 + [3.02])).message


def jump(months_before: int, skus: int = 3) -> dict[str, list[float]]:
    """Two years at 2, once at 2.8 for so many SKUs, and 4 in June; the others lack a price in the month of the jump."""
    prices = [2.0] * 24 + [4.0]
    prices[-1 - months_before] = 2.8
    without = [NONE if price == 2.8 else price for price in prices]
    return {sku: prices if place < skus else without for place, sku in enumerate(THREE)}


@pytest.mark.parametrize(("months_before", "is_found"), [(1, False), (12, False), (13, True)])
def test_the_limit_is_three_times_the_largest_change_of_twelve_months(months_before, is_found):
    """A level that was 1.4 times the usual one before has the limit 1.4 cubed, 2.74."""
    assert (judged(jump(months_before)) is not None) is is_found


def test_a_change_of_two_skus_before_is_no_change_of_the_level():
    assert "limits 0.67 to 1.50" in judged(jump(12, skus=2)).message


def beside_steady(*prices: float) -> DeliveryFinding | None:
    """Judge a SKU beside three whose prices are always 2."""
    return judged(dict.fromkeys(THREE, [2.0] * 25) | {"X": prices})


@pytest.mark.parametrize(
    ("months_before", "price", "is_found"),
    [(1, 2.98, True), (1, 3.0, False), (12, 3.0, False), (13, 3.0, True)],
)
def test_a_single_price_is_steady_if_it_moved_by_less_than_half_for_a_year(months_before, price, is_found):
    prices = [2.0] * 24 + [6.0]
    prices[-1 - months_before] = price
    assert (beside_steady(*prices) is not None) is is_found


@pytest.mark.parametrize(("months", "is_found"), [(6, True), (5, False)])
def test_a_single_price_is_steady_after_three_months_to_compare(months, is_found):
    """The first three prices have no earlier ones to be compared with."""
    assert (beside_steady(*[2.0] * months, 6.0) is not None) is is_found


def test_a_level_beside_single_prices_names_both():
    finding = judged(dict.fromkeys(THREE, [2.0] * 12 + [24.0]))
    assert "12.00 times that of the half year before" in finding.message
    assert "; 3 SKUs with steady prices have another one, such as A: factor 12.00" in finding.message
    assert finding.rows["sku"].tolist() == list(THREE)


@pytest.mark.parametrize("units", [100.0, 0.0, -100.0])
def test_net_sales_or_units_that_are_not_positive_have_no_price(units):
    """Returns of June, or net sales of credit notes, are no prices; nothing is left to compare."""
    rows = history(TEN, 18).assign(net_sales=200.0)
    now = month_of(dict.fromkeys(TEN, units)).assign(net_sales=-2400.0 if units > 0 else 2400.0)
    assert price_level(delivery_until(pd.concat([rows, now]), JUNE)) is None


@pytest.mark.parametrize(("units", "net_sales"), [(0.0, 200.0), (100.0, 0.0), (-100.0, 200.0), (100.0, -200.0)])
def test_returns_and_credit_notes_before_are_no_prices_to_compare_with(units, net_sales):
    """Three of the six months before have a price of 2, the three others none."""
    rows = history(TEN, 6).assign(net_sales=200.0)
    is_other = rows["month"] >= "2024-03-01"
    rows = rows.assign(units=rows["units"].mask(is_other, units), net_sales=rows["net_sales"].mask(is_other, net_sales))
    now = month_of(USUAL, net_sales=2400.0)
    message = price_level(delivery_until(pd.concat([rows, now]), JUNE)).message
    assert "(net sales by unit) is 12.00 times that of the half year before" in message


@pytest.mark.parametrize("none", [0.0, -0.5])
def test_a_delivered_price_that_is_not_positive_is_none(none):
    assert MARKET + "12.00 times" in judged({sku: [2.0] * 3 + [none] * 3 + [24.0] for sku in THREE}).message


def test_skus_with_net_sales_and_no_units_have_no_price():
    """Four of ten SKUs have their usual price in June, the others a correction of net sales alone."""
    rows = history(TEN, 18).assign(net_sales=200.0)
    now = month_of(USUAL, net_sales=200.0)
    now = now.assign(units=now["units"].where(now["sku"].isin(TEN[:4]), 0.0))
    assert price_level(delivery_until(pd.concat([rows, now]), JUNE)) is None


def test_units_and_net_sales_of_less_than_one_have_a_price():
    rows = history(dict.fromkeys(TEN, 0.4), 18).assign(net_sales=0.8)
    now = month_of(dict.fromkeys(TEN, 0.04), net_sales=0.96)
    assert "is 12.00 times" in price_level(delivery_until(pd.concat([rows, now]), JUNE)).message
