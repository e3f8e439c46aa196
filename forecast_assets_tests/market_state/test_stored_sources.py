"""Rows of the months before, as they were stored."""

import pandas as pd
import pytest

from forecast_assets.market_state.stored_sources import delivered_before, stored_measures
from forecast_assets.storage import TableStore
from forecast_assets_tests.market_state.stored_rows import store_rows, store_sell_in

FEBRUARY, MARCH, APRIL, MAY, JUNE = (pd.Timestamp(f"2024-{month:02d}-01") for month in (2, 3, 4, 5, 6))
PROMOTION = {"promotion_month": JUNE, "is_promoted": 1.0, "discount_pct": 0.2}


def promotions(count: int) -> pd.DataFrame:
    return pd.DataFrame({"sku": [f"S{number}" for number in range(count)], **PROMOTION})


def test_rows_of_the_three_months_before_are_counted(tmp_path):
    store = TableStore(str(tmp_path))
    for count, month in enumerate((FEBRUARY, MARCH, APRIL, MAY, JUNE), start=1):
        store_rows(store, "promotions", month, promotions(count))
    store_rows(store, "promotions", APRIL, promotions(9), country="DE")
    assert delivered_before(store, "promotions", "FR", JUNE).to_dict() == {MARCH: 2.0, APRIL: 3.0, MAY: 4.0}
    assert delivered_before(store, "promotions", "IT", JUNE).empty


def test_product_rows_that_the_table_adds_are_not_counted(tmp_path):
    """A SKU that is sold without a product row has neither category nor brand nor pack."""
    store = TableStore(str(tmp_path))
    rows = pd.DataFrame({"sku": list("ABCD"), "category": ["Tea", None, None, None], "brand": [None, "x", None, None]})
    for name in ("launch_month", "end_month"):
        rows[name] = pd.to_datetime([None] * 4)
    store_rows(store, "products", MAY, rows.assign(pack=[None, None, "can", None]))
    assert delivered_before(store, "products", "FR", JUNE).to_dict() == {MAY: 3}
    assert delivered_before(store, "products", "FR", MAY).empty


def test_stored_measures_have_the_month_they_are_of_and_the_one_they_came_with(tmp_path):
    store = TableStore(str(tmp_path))
    store_sell_in(store, APRIL, {"A": 10.0})
    store_sell_in(store, MAY, {"A": 20.0}, {("A", APRIL): 11.0})
    store_sell_in(store, JUNE, {"A": 30.0})
    store_sell_in(store, MAY, {"A": 99.0}, country="DE")
    rows = stored_measures(store, "sell_in", "FR", JUNE)
    assert {"sku", "month", "known_month", "units", "net_sales"} <= set(rows)
    cells = rows.sort_values(["month", "known_month"])[["month", "known_month", "units"]]
    assert cells.to_numpy().tolist() == [[APRIL, APRIL, 10.0], [APRIL, MAY, 11.0], [MAY, MAY, 20.0]]


@pytest.mark.parametrize(("first", "count"), [("2019-06-01", 1), ("2019-05-01", 0)])
def test_five_years_of_stored_months_are_compared(tmp_path, first, count):
    store = TableStore(str(tmp_path))
    store_sell_in(store, pd.Timestamp(first), {"A": 10.0})
    assert len(stored_measures(store, "sell_in", "FR", JUNE)) == count
