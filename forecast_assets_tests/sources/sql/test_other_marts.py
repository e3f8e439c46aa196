"""The marts of sell-out, products, promotions and overrides, and the tests that come with every mart."""

import pandas as pd
import pytest

from forecast_assets.domain.month_tables import by_month as tables_by_month
from forecast_assets.sources.sql import DuckDbEngine, SqlProject, as_table
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.table_spec import to_arrow
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.sources.landing.deliveries import TODAY
from forecast_assets_tests.sources.sql.mart_columns import columns_of

JAN, FEB, MAR, APR = pd.date_range("2024-01-01", periods=4, freq="MS")


@pytest.fixture
def run(landing):
    def run_mart(name, first=JAN, last=APR, market="FR"):
        return DuckDbEngine(landing.folder).run(name, market, first, last, today=TODAY)

    return run_mart


@pytest.fixture
def failures(landing):
    def run_tests(name):
        results = DuckDbEngine(landing.folder).run_tests(name, "FR", JAN, APR, today=TODAY)
        return {result.name: result.row_count for result in results if not result.passed}

    return run_tests


def by_month(table, column):
    return {f"{month:%m}": value for month, value in zip(table["month"], table[column], strict=True)}


def test_sell_out_stays_as_delivered_and_is_not_filled(landing, run):
    landing.put(
        "sell_out/a.csv", "country,sku,month,units,price,is_promoted\nFR,A,2024-01,5,9.9,true\nFR,B,2024-02,0,,0\n"
    )
    table = run("sell_out")
    assert table["sku"].tolist() == ["A", "B"]
    assert table["sell_out_units"].tolist() == [5.0, 0.0]
    assert table["is_promoted"].tolist() == [1.0, 0.0]
    assert table["stock_units"].isna().all()
    assert [str(kind) for kind in table.dtypes] == ["object", *["float64"] * 5, *["datetime64[ns]"] * 2]


def test_of_daily_sell_out_units_add_up_and_the_last_stock_counts(landing, run):
    header = "country,sku,date,units,stock_units,distribution_pct,price,is_promoted\n"
    days = "FR,A,2024-01-01,5,100,80,2,0\nFR,A,2024-01-20,3,40,60,4,1\nFR,A,2024-01-25,1,,,,\n"
    landing.put("sell_out/a.csv", header + days)
    assert run("sell_out").drop(columns=["sku", "restated_month", "month"]).iloc[0].tolist() == [9, 40, 70, 3, 1]


def test_a_market_without_sell_out_has_an_empty_table_with_its_columns(landing, run):
    landing.sell_in("FR,A,2024-01,1\n")
    table = run("sell_out")
    assert table.empty
    assert table.columns.tolist() == columns_of(DuckDbEngine(landing.folder).project, "sell_out")


def test_without_a_product_source_every_sold_sku_has_a_row_of_nulls(landing, run):
    landing.sell_in("FR,A,2024-01,1\nFR,B,2024-03,1\nDE,C,2024-01,1\n")
    table = run("products")
    assert [f"{sku} {month:%m}" for sku, month in zip(table["sku"], table["month"], strict=True)] == [
        *("A 01", "A 02", "A 03", "B 03", "A 04", "B 04")
    ]
    assert table.drop(columns=["sku", "month"]).isna().all(axis=None)


def test_the_latest_known_row_is_in_force_and_the_markets_own_beats_the_general_one(landing, run):
    landing.put(
        "products/p.csv",
        "sku,country,category,known_from\nA,,old,\nA,,new,2024-02-29\nA,FR,own,2024-04-01\nA,DE,other,\nB,,x,2024-03-31\n",
    )
    table = run("products")
    assert by_month(table[table["sku"] == "A"], "category") == {"01": "old", "02": "new", "03": "new", "04": "own"}
    assert by_month(table[table["sku"] == "B"], "category") == {"03": "x", "04": "x"}


def test_launch_and_end_without_known_from_show_once_they_have_passed(landing, run):
    dates = "sku,category,launch_month,end_month,known_from\nA,x,2024-02,2024-04,\nB,x,2024-06,2024-09,2024-01-01\n"
    landing.put("products/p.csv", dates + "C,x,2020-01,9999-12,2024-01-01\n")
    table = run("products")
    first = table[table["sku"] == "A"].set_index("month")
    assert first["launch_month"].tolist() == [pd.NaT, FEB, FEB, FEB]
    assert first["end_month"].tolist() == [pd.NaT, pd.NaT, pd.NaT, APR]
    assert set(table[table["sku"] == "B"]["end_month"]) == {pd.Timestamp("2024-09-01")}
    assert table[table["sku"] == "C"]["end_month"].isna().all()


def test_a_launch_or_end_that_systems_write_for_none_is_null(landing, run):
    dates = "sku,category,launch_month,end_month,known_from\nA,x,9999-12-31,9999-12-31,2024-01-01\n"
    landing.put("products/p.csv", dates + "B,x,2199-12,2199-12,2024-01-01\n")
    table = run("products").set_index("sku")[["launch_month", "end_month"]]
    assert table.loc["A"].isna().to_numpy().all()
    assert set(table.loc["B"].to_numpy().ravel()) == {pd.Timestamp("2199-12-01").to_datetime64()}


def test_further_product_columns_become_attribute_columns(landing, run):
    landing.put("products/p.csv", "sku,category,Pack size (ml),vegan\nA,x,500,\nB,x,250,yes\n")
    landing.sell_in("FR,A,2024-01,1\nFR,Z,2024-01,1\n")
    table = run("products", JAN, JAN).set_index("sku")
    assert table.loc["A", "attribute_pack_size_ml"] == "500"
    assert table.loc["B", "attribute_vegan"] == "yes"
    assert table.loc["A", "attribute_vegan"] is None
    assert table.loc["Z", "attribute_vegan"] is None
    assert "attributes" not in table


def test_product_columns_that_would_share_a_name_are_refused(landing, run):
    landing.put("products/p.csv", "sku,category,pack size,pack_size\nA,x,1,2\n")
    with pytest.raises(ValueError, match="pack size, pack_size would all be named attribute_pack_size"):
        run("products")


def test_attributes_are_columns_where_a_row_has_a_value():
    texts = ['{"vegan": "yes", "tone": null}', None]
    table = as_table(pd.DataFrame({"sku": ["A", "B"], "attributes": texts, "month": [JAN, JAN]}))
    assert table.columns.tolist() == ["sku", "month", "attribute_vegan"]
    assert table["attribute_vegan"].tolist() == ["yes", None]


@pytest.mark.parametrize("one_file", [True, False])
def test_what_a_later_product_file_brings_is_not_in_earlier_months(landing, run, one_file):
    """A column, a SKU and a category that are known from March on, in the same file or in one of its own."""
    early, late = "A,tea,2023-12-01", "A,tea,2024-03-05,yes\nB,ice,2024-03-31,no\n"
    if one_file:
        landing.put("products/p.csv", f"sku,category,known_from,vegan\n{early},\n{late}")
    else:
        landing.put("products/p.csv", f"sku,category,known_from\n{early}\n")
        landing.put("products/q.csv", f"sku,category,known_from,vegan\n{late}")
    landing.put("products/de.csv", "sku,country,category,known_from,tone\nA,DE,x,2023-01-01,warm\n")
    alone = {month: run("products", month, month).drop(columns="month") for month in (FEB, MAR)}
    assert alone[FEB].columns.tolist() == columns_of(SqlProject(), "products")[:-2]
    assert alone[FEB][["sku", "category"]].to_numpy().tolist() == [["A", "tea"]]
    assert alone[MAR][["sku", "category", "attribute_vegan"]].to_numpy().tolist() == [
        ["A", "tea", "yes"],
        ["B", "ice", "no"],
    ]
    spec, of_range = table_specs()["products"], tables_by_month(run("products"), [FEB, MAR])
    for month, rows in alone.items():
        place = PartitionKey(month, "FR")
        assert to_arrow(spec, place, of_range[month]).equals(to_arrow(spec, place, rows))


def test_promotions_are_seen_from_the_month_they_were_known(landing, run):
    header = "country,sku,month,is_promoted,discount_pct,known_from\n"
    plan = "FR,A,2024-04,1,25,2024-02-10\nFR,A,2024-04,1,30,2024-03-31\nFR,B,2024-03,,10,\nFR,C,2024-02,0,,\n"
    landing.put("promotions/p.csv", header + plan)
    table = run("promotions")
    assert by_month(table[table["sku"] == "A"], "discount_pct") == {"02": 0.25, "03": 0.3, "04": 0.3}
    assert by_month(table[table["sku"] == "B"], "is_promoted") == {"03": 1.0, "04": 1.0}
    assert by_month(table[table["sku"] == "C"], "is_promoted") == {"02": 0.0, "03": 0.0, "04": 0.0}


def test_promotions_reach_24_months_back_and_18_ahead(landing, run):
    months = pd.date_range("2020-01-01", "2028-12-01", freq="MS")
    rows = "".join(f"FR,A,{month:%Y-%m},1,2019-12-01\n" for month in months)
    landing.put("promotions/p.csv", "country,sku,month,is_promoted,known_from\n" + rows)
    ahead = run("promotions", JAN, JAN)["promotion_month"]
    assert (ahead.min(), ahead.max(), len(ahead)) == (pd.Timestamp("2022-01-01"), pd.Timestamp("2025-07-01"), 43)


def test_overrides_belong_to_their_origin_and_the_latest_known_counts(landing, run):
    header = "country,sku,origin_month,target_month,forecast_units,author,reason,known_from\n"
    rows = "FR,A,2024-01,2024-03,5,Ann,new,\nFR,A,2024-02,2024-03,6,Ann,x,2024-02-01\n"
    more = "FR,A,2024-02,2024-03,7,Bob,y,2024-02-20\nFR,A,2024-02,2024-03,9,Eve,late,2024-03-01\n"
    landing.put("overrides/o.csv", header + rows + more)
    table = run("overrides")
    assert table[["month", "forecast_units", "author"]].to_numpy().tolist() == [[JAN, 5.0, "Ann"], [FEB, 7.0, "Bob"]]


def test_sources_that_were_never_delivered_are_empty_tables(landing, run):
    landing.sell_in("FR,A,2024-01,1\n")
    for name in ("promotions", "overrides"):
        table = run(name)
        assert table.empty
        assert table.columns.tolist() == columns_of(DuckDbEngine(landing.folder).project, name)


def test_the_tests_of_a_mart_name_and_count_what_must_not_exist(landing, failures):
    stock = "".join(f"FR,S{number:02d},2024-01,1,-1,101\n" for number in range(12))
    landing.put("sell_out/a.csv", "country,sku,month,units,stock_units,distribution_pct\n" + stock)
    assert failures("sell_out") == {"sell_out_not_negative_stock": 12, "sell_out_distribution_between_0_and_100": 12}
    results = DuckDbEngine(landing.folder).run_tests("sell_out", "FR", JAN, APR, today=TODAY)
    assert max(len(result.rows) for result in results) == 10


def test_a_price_of_zero_or_less_is_found(landing, failures):
    header = "country,sku,month,units,price\n"
    landing.put(
        "sell_out/a.csv", header + "FR,A,2024-01,1,0\nFR,B,2024-01,1,-1\nFR,C,2024-01,1,\nFR,D,2024-01,1,0.01\n"
    )
    assert failures("sell_out") == {"sell_out_price_positive": 2}


def test_odd_products_promotions_and_overrides_are_found(landing, failures):
    landing.put("products/p.csv", "sku,category,launch_month,end_month,reference_sku\nA,x,2024-02,2024-01,A\n")
    landing.put("promotions/p.csv", "country,sku,month,discount_pct\nFR,A,2024-04,-5\nFR,B,2024-04,150\n")
    header = "country,sku,origin_month,target_month,forecast_units,author,reason\n"
    landing.put("overrides/o.csv", header + "FR,A,2024-02,2024-02,-1,a,b\nFR,A,2024-02,2025-08,1,a,b\n")
    assert failures("products") == {"products_end_not_before_launch": 3, "products_not_its_own_reference": 4}
    assert failures("promotions") == {"promotions_discount_between_0_and_1": 2}
    assert failures("overrides") == {"overrides_target_after_origin": 1, "overrides_units_not_negative": 1}
