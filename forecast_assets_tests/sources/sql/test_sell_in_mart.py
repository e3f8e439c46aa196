"""The sell_in mart: zero or unknown, launch and end, daily rows, repeats, and nothing known before its time."""

import pandas as pd
import pytest

from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.sql import DuckDbEngine
from forecast_assets_tests.sources.landing.deliveries import TODAY

PRODUCTS = "sku,country,category,launch_month,end_month,known_from\n"


@pytest.fixture
def run(landing):
    def run_mart(first, last=None, market="FR", missing_month="zero", name="sell_in"):
        months = (pd.Timestamp(first), pd.Timestamp(last or first))
        return DuckDbEngine(landing.folder).run(name, market, *months, today=TODAY, missing_month=missing_month)

    return run_mart


def cells(table):
    """``sku month units reason`` per row, as text a reader can check."""
    parts = zip(table["sku"], table["month"], table["sell_in_units"], table["reason"], strict=True)
    return [f"{sku} {month:%m} {units:g} {reason}" for sku, month, units, reason in parts]


def test_a_missing_row_in_a_delivered_month_is_zero(landing, run):
    landing.sell_in("FR,A,2024-01,5\nFR,B,2024-02,1\nFR,A,2024-03,4\nFR,B,2024-03,2\n")
    assert cells(run("2024-01-01", "2024-03-01")) == [
        "A 01 5 delivered",
        "A 02 0 no_sale",
        "B 02 1 delivered",
        "A 03 4 delivered",
        "B 03 2 delivered",
    ]


def test_a_missing_row_is_unknown_where_the_market_says_so(landing, run):
    landing.sell_in("FR,A,2024-01,5\nFR,B,2024-02,1\n")
    assert cells(run("2024-02-01", missing_month="unknown")) == ["A 02 nan unknown", "B 02 1 delivered"]


def test_a_month_without_any_delivery_has_no_rows(landing, run):
    landing.sell_in("FR,A,2024-01,5\nDE,A,2024-02,5\nFR,A,2024-03,5\n")
    assert cells(run("2024-01-01", "2024-04-01")) == ["A 01 5 delivered", "A 03 5 delivered"]


def test_columns_and_types_are_those_of_the_table(landing, run):
    landing.put("sell_in/a.csv", "country,sku,month,units,net_sales\nFR,A,2024-01,-5,-9.5\nFR,B,2024-02,1,\n")
    table = run("2024-01-01", "2024-02-01")
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        "sku": "object",
        "sell_in_units": "float64",
        "net_sales": "float64",
        "reason": "object",
        "restated_month": "datetime64[ns]",
        "month": "datetime64[ns]",
    }
    assert table["net_sales"].fillna(-1).tolist() == [-9.5, -1, -1]
    empty = run("2023-01-01")
    assert empty.empty
    assert empty.dtypes.to_dict() == table.dtypes.to_dict()


def test_daily_rows_are_summed_to_the_month(landing, run):
    landing.put("sell_in/a.csv", "country,sku,date,units\nFR,A,2024-01-01,5\nFR,A,2024-01-01,1\nFR,A,2024-01-31,-2\n")
    landing.put("sell_in/b.csv", "country,sku,date,units\nFR,A,2024-02-01,7\nFR,A,2024-02-02,7\n")
    landing.sell_in("FR,A,2023-12,3\n", "c.csv")
    assert cells(run("2023-12-01", "2024-02-01")) == ["A 12 3 delivered", "A 01 4 delivered", "A 02 14 delivered"]


def test_identical_repeats_across_files_count_once(landing, run):
    landing.sell_in("FR,A,2024-01,5\n", "a.csv").sell_in("FR,A,2024-01,5.0\nFR,A,2024-02,2\n", "b.csv")
    days = "country,sku,date,units\nFR,B,2024-01-03,3\nFR,B,2024-01-04,3\n"
    landing.put("sell_in/c.csv", days).put("sell_in/copy_of_c.csv", days).sell_in("FR,B,2024-01,6\n", "d.csv")
    assert cells(run("2024-01-01")) == ["A 01 5 delivered", "B 01 6 delivered"]


def test_a_restated_file_restates_the_month(landing, run):
    landing.sell_in("FR,A,2024-01,5\n")
    assert cells(run("2024-01-01")) == ["A 01 5 delivered"]
    landing.sell_in("FR,A,2024-01,6\n")
    assert cells(run("2024-01-01")) == ["A 01 6 delivered"]


@pytest.mark.parametrize("sku", ["NULL", "NA", "it's", 'say "hi"', "a/b\\c", "🍫", "$market", "{{ x }}"])
def test_odd_skus_and_markets_go_through_unchanged(landing, run, sku):
    rows = pd.DataFrame({"country": ["NO", "NA"], "sku": [sku, "other"], "month": ["2024-01"] * 2, "units": [1, 2]})
    landing.put("sell_in/a.parquet", rows)
    assert run("2024-01-01", market="NO")["sku"].tolist() == [sku]
    assert run("2024-01-01", market="NA")["sku"].tolist() == ["other"]


def test_a_launch_of_the_market_starts_rows_before_the_first_sale(landing, run):
    landing.sell_in("FR,A,2024-01,1\nFR,A,2024-02,1\nFR,A,2024-03,1\nFR,B,2024-03,1\n")
    landing.put("products/p.csv", f"{PRODUCTS}B,FR,x,2024-02,,\nC,,x,2024-02,,\n")
    assert cells(run("2024-01-01", "2024-03-01"))[1:] == [
        "A 02 1 delivered",
        "B 02 0 no_sale",
        "A 03 1 delivered",
        "B 03 1 delivered",
    ]


def test_a_launch_counts_only_in_months_that_knew_it(landing, run):
    landing.sell_in("FR,A,2024-01,1\nFR,A,2024-02,1\nFR,A,2024-03,1\n")
    landing.put("products/p.csv", f"{PRODUCTS}B,FR,x,2024-01,,2024-02-29\n")
    assert [cell for cell in cells(run("2024-01-01", "2024-03-01")) if cell[0] == "B"] == [
        "B 02 0 no_sale",
        "B 03 0 no_sale",
    ]


def test_after_its_end_a_sku_has_delivered_rows_only(landing, run):
    landing.sell_in("FR,A,2024-01,1\nFR,B,2024-02,1\nFR,B,2024-03,1\nFR,A,2024-04,-1\nFR,B,2024-05,1\n")
    landing.put("products/p.csv", f"{PRODUCTS}A,,x,,2024-02,\n")
    assert [cell for cell in cells(run("2024-01-01", "2024-05-01")) if cell[0] == "A"] == [
        "A 01 1 delivered",
        "A 02 0 no_sale",
        "A 04 -1 delivered",
    ]


def test_an_end_announced_later_does_not_reach_back(landing, run):
    landing.sell_in("FR,A,2024-01,1\nFR,B,2024-02,1\nFR,B,2024-03,1\nFR,B,2024-04,1\n")
    landing.put("products/p.csv", f"{PRODUCTS}A,,x,,2024-01,2024-03-15\n")
    filled = [cell for cell in cells(run("2024-01-01", "2024-04-01")) if cell[0] == "A"]
    assert filled == ["A 01 1 delivered", "A 02 0 no_sale"]


def test_unknown_rows_stop_twelve_months_after_the_last_delivered_one(landing, run):
    months = pd.date_range("2022-01-01", "2024-06-01", freq="MS")
    landing.sell_in("FR,A,2022-06,1\n" + "".join(f"FR,B,{month:%Y-%m},1\n" for month in months))
    table = run("2022-01-01", "2024-06-01", missing_month="unknown")
    ended = table[table["sku"] == "A"]["month"]
    assert (ended.min(), ended.max(), len(ended)) == (pd.Timestamp("2022-06-01"), pd.Timestamp("2023-06-01"), 13)
    assert "A" in set(run("2023-06-01", missing_month="unknown")["sku"])
    assert "A" not in set(run("2023-07-01", missing_month="unknown")["sku"])
    assert "A" in set(run("2024-06-01")["sku"])


def test_one_month_reads_the_same_alone_and_in_a_range(landing, run):
    landing.sell_in("FR,A,2023-01,1\nFR,B,2023-03,1\nFR,B,2024-02,1\nFR,C,2024-03,3\nFR,B,2024-04,1\n")
    landing.put("products/p.csv", f"{PRODUCTS}A,,x,,2024-03,2024-02-01\nD,FR,x,2024-02,,\n")
    for rule in ("zero", "unknown"):
        table = run("2023-01-01", "2024-04-01", missing_month=rule)
        for month in (pd.Timestamp(day) for day in ("2023-01-01", "2023-03-01", "2024-02-01", "2024-04-01")):
            alone = run(f"{month:%Y-%m-%d}", missing_month=rule)
            pd.testing.assert_frame_equal(
                alone, table[table["month"] == month].reset_index(drop=True), check_dtype=False
            )


def test_a_month_does_not_read_later_deliveries_or_later_knowledge(landing, run):
    landing.sell_in("FR,A,2024-01,1\nFR,B,2024-02,1\nFR,B,2024-03,1\n")
    landing.put("products/p.csv", f"{PRODUCTS}A,FR,x,,,2024-01-01\n")
    before = run("2024-01-01", "2024-03-01")
    products_before = run("2024-01-01", "2024-03-01", name="products")
    landing.sell_in("FR,A,2024-04,1e9\nFR,Z,2024-04,1e9\nFR,B,2024-05,x\n", "later.csv")
    poison = "A,FR,poison,2020-01,2024-01,2024-04-01\nZ,FR,poison,2020-01,,2024-04-01\nB,,poison,,,2024-05-31\n"
    landing.put("products/p.csv", f"{PRODUCTS}A,FR,x,,,2024-01-01\n{poison}")
    pd.testing.assert_frame_equal(run("2024-01-01", "2024-03-01"), before)
    pd.testing.assert_frame_equal(run("2024-01-01", "2024-03-01", name="products"), products_before)


def test_a_bad_delivery_of_the_month_raises_and_other_months_run(landing, run):
    landing.sell_in("FR,A,2024-01,1\nFR,A,2024-02,x\n")
    assert cells(run("2024-01-01")) == ["A 01 1 delivered"]
    with pytest.raises(LandingError, match="column units, row 2"):
        run("2024-02-01")


def test_equal_deliveries_give_equal_tables_to_the_last_digit(landing, run):
    days = pd.date_range("2024-01-01", "2024-01-31", freq="h").strftime("%Y-%m-%d")
    frame = pd.DataFrame(
        {"country": "FR", "sku": "A", "date": days, "units": [0.1 + 1e-9 * n for n in range(len(days))]}
    )
    landing.put("sell_in/a.parquet", frame)
    assert len({run("2024-01-01")["sell_in_units"].iloc[0] for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"missing_month": "nul"}, "missing_month is 'nul'; known: zero, unknown"),
        ({"first": "2024-01-02"}, "months are first-of-month dates, got 2024-01-02"),
        ({"last": "2023-01-01"}, "first_month 2024-01 is after last_month 2023-01"),
    ],
)
def test_arguments_are_checked(run, arguments, message):
    with pytest.raises(ValueError, match=message):
        run(**{"first": "2024-01-01"} | arguments)
