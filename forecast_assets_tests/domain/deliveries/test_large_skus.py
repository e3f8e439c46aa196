"""Large SKUs that do not sell, by hand values: L has a tenth of the units, nine others share the rest."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.large_skus import large_skus
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, history, month_of, months_before

UNITS = {"L": 100.0} | {f"S{number}": 100.0 for number in range(9)}
WITHOUT = {sku: units for sku, units in UNITS.items() if sku != "L"}


def judged(june: dict[str, float], before: pd.DataFrame | None = None, products: pd.DataFrame | None = None):
    before = history(UNITS, 14) if before is None else before
    return large_skus(delivery_until(pd.concat([before, month_of(june)], ignore_index=True), JUNE, None, products))


def test_a_large_regular_sku_without_a_row_is_named_with_its_share():
    finding = judged(WITHOUT)
    assert finding.message == (
        "SKU L has no row, usually 10% of the market; sold in every month before. Deliver the rows, or end it in "
        "products, unless it is out of stock"
    )
    assert finding.is_warning
    assert finding.rows["sku"].tolist() == ["L"]
    assert finding.rows["usual_share"].tolist() == [0.1]


@pytest.mark.parametrize(("units", "is_found"), [(0.0, True), (-100.0, True), (1.0, False), (100.0, False)])
def test_zero_and_returns_are_no_sale(units, is_found):
    finding = judged(WITHOUT | {"L": units})
    assert (finding is not None) is is_found
    if is_found:
        assert f"SKU L has {units:,.0f} units" in finding.message


def test_a_tenth_of_the_units_is_the_least():
    smaller = history(UNITS | {"L": 99.0}, 14)
    assert judged(WITHOUT, smaller) is None


def test_the_share_is_that_of_the_month_a_year_before_if_it_is_larger():
    """L has a twelfth of the half year's units; last June it had a half."""
    for months in (12, 14):
        before = history(UNITS | {"L": 80.0}, months)
        is_last_june = (before["sku"] == "L") & (before["month"] == "2023-06-01")
        before["units"] = before["units"].mask(is_last_june, 900.0)
        assert "usually 50% of the market" in judged(WITHOUT, before).message
        assert judged(WITHOUT, before[before["month"] > "2023-06-01"]) is None


def test_the_largest_of_several_comes_first():
    finding = judged({f"S{number}": 100.0 for number in range(9)}, history({"M": 300.0, "N": 600.0} | WITHOUT, 14))
    assert finding.rows["sku"].to_dict() == {0: "N", 1: "M"}


def test_a_sku_that_missed_one_month_of_the_year_is_not_regular():
    before = history(UNITS, 14)
    for missed, is_found in ((months_before(12)[0], False), (months_before(13)[0], True)):
        rows = before[(before["sku"] != "L") | (before["month"] != missed)]
        assert (judged(WITHOUT, rows) is not None) is is_found


def test_in_a_young_market_a_sku_is_regular_that_sold_from_its_first_month_on():
    young = history(UNITS, 8)
    assert judged(WITHOUT, young) is not None
    assert judged(WITHOUT, young[(young["sku"] != "L") | (young["month"] != months_before(8)[0])]) is None


def test_a_young_market_is_judged_from_the_seventh_month_on():
    assert judged(WITHOUT, history(UNITS, 6)) is not None
    assert judged(WITHOUT, history(UNITS, 5)) is None


def test_returns_of_the_past_are_no_share_of_the_market():
    before = history(UNITS | {"R": -500.0}, 14)
    assert judged(WITHOUT | {"R": -500.0}, before).rows["usual_share"].tolist() == [0.1]


def test_a_sku_that_has_ended_is_not_missing():
    products = pd.DataFrame({"sku": ["L"], "category": "tea", "end_month": pd.to_datetime(["2024-05-01"])})
    assert judged(WITHOUT, products=products) is None
    assert judged(WITHOUT, products=products.assign(end_month=pd.to_datetime(["2024-06-01"]))) is not None


def test_the_largest_is_named_first_and_three_are_named():
    """The first four SKUs are gone; S0 has twice the units of the others."""
    units = {f"T{number}": 100.0 for number in range(4)} | {"U": 200.0, "rest": 1.0}
    finding = judged({"rest": 1.0}, history(units, 14))
    assert finding.rows["sku"].tolist()[0] == "U"
    assert finding.message.count("SKU ") == 3
    assert len(finding.rows) == 5
