"""Optional columns that were always delivered and are empty now."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.vanished_columns import columns_gone, vanished_columns
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, june, month_of, months_before


def with_sales(filled: int, count: int = 7) -> pd.DataFrame:
    """Months before June in which so many of ten SKUs have net sales."""
    rows = history(TEN, count)
    return rows.assign(net_sales=rows["units"].where(rows["sku"].isin(TEN[:filled])))


def test_net_sales_that_are_empty_for_all_skus_warn_if_most_always_had_them():
    units = dict.fromkeys(TEN, 100.0)
    finding = vanished_columns(june(with_sales(6), units))
    assert finding.message == (
        "net_sales is empty for all 10 SKUs; in each month from 2023-12 to 2024-05 most had it. Next: deliver it "
        "again, or accept the finding"
    )
    assert finding.is_warning
    assert finding.rows["skus_with_net_sales"].tolist() == [6] * 6
    assert vanished_columns(june(with_sales(5), units)) is None


def test_a_market_without_net_sales_in_one_of_six_months_or_with_some_now_is_no_finding():
    units = dict.fromkeys(TEN, 100.0)
    before = with_sales(10)
    one_without = before.assign(net_sales=before["net_sales"].where(before["month"] != months_before(6)[0]))
    assert vanished_columns(june(one_without, units)) is None
    assert vanished_columns(june(with_sales(10, 5), units)) is None
    assert vanished_columns(june(with_sales(10, 6), units)) is not None
    now = month_of(units).assign(net_sales=[1.0] + [None] * 9)
    some = june(pd.concat([before, now]), {})
    assert vanished_columns(some) is None
    assert vanished_columns(june(before, {})) is None


def test_columns_of_sell_out_are_named_together():
    units = dict.fromkeys(TEN, 100.0)
    rows = history(TEN, 7).assign(stock_units=50.0, price=1.5, distribution_pct=80.0)
    now = month_of(units).assign(stock_units=float("nan"), price=float("nan"), distribution_pct=80.0)
    finding = vanished_columns(june(pd.concat([rows, now]), {}))
    assert finding.message == (
        "stock_units and price are empty for all 10 SKUs; in each month from 2023-12 to 2024-05 most had them. Next: "
        "deliver them again, or accept the finding"
    )
    assert finding.rows["skus_with_price"].tolist() == [10] * 6


MAY = pd.Timestamp("2024-05-01")
EARLIER = pd.DataFrame(
    {"sku": ["A", "B", "C"], "brand": ["x", "y", None], "end_month": [None, JUNE, JUNE], "month": MAY}
)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"sku": ["A", "B", "C"], "brand": ["x", "y", "z"]}, ["end_month"]),
        ({"sku": ["A", "B", "C"], "brand": [None] * 3, "end_month": [None] * 3}, ["brand", "end_month"]),
        ({"sku": ["A", "B", "C"], "brand": ["x", None, None], "end_month": [None, None, JUNE]}, []),
        # One of the two SKUs with an end is listed no more: the other one's was taken back.
        ({"sku": ["A", "B"], "brand": ["x", "y"]}, []),
        ({"sku": ["D"], "brand": [None]}, []),
    ],
)
def test_a_column_of_products_is_gone_if_two_skus_had_it_and_none_has(now, expected):
    finding = columns_gone(pd.DataFrame(now), EARLIER, JUNE)
    assert (finding.rows["column"].tolist() if finding else []) == expected


def test_the_message_on_products_names_columns_and_rows():
    now = pd.DataFrame({"sku": ["A", "B", "C"], "brand": ["x", "y", "z"]})
    assert columns_gone(now, EARLIER, JUNE).message == (
        "columns are empty in all 3 rows and had values in 2024-05: end_month (of 2 rows). Next: deliver the columns "
        "again, or accept the finding"
    )
    april = EARLIER.assign(month=pd.Timestamp("2024-04-01"))
    assert columns_gone(now, april, JUNE) is None
    assert columns_gone(now, EARLIER.iloc[:0], JUNE) is None


def test_the_message_counts_the_skus_with_units_in_the_month():
    """Eleven SKUs have rows: one of zero, one of a single unit and one that returns a unit. May has ten, March two."""
    now = dict.fromkeys(TEN, 100.0) | {"R07": 0.0, "R08": 1.0, "R09": -1.0, "NEW": 5.0}
    before = with_sales(10)
    before = before[(before["month"] != months_before(7)[0]) | before["sku"].isin(TEN[:2])]
    assert vanished_columns(june(before, now)).message.startswith("net_sales is empty for all 10 SKUs; ")
    now["R06"] = 0.0
    assert vanished_columns(june(before, now)).message.startswith("net_sales is empty for all 9 SKUs; ")


def test_a_column_of_products_that_is_gone_warns():
    assert columns_gone(pd.DataFrame({"sku": ["A", "B", "C"], "brand": ["x", "y", "z"]}), EARLIER, JUNE).is_warning
