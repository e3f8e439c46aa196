"""Bad deliveries: the message of each, word for word, and the markets it stops."""

import pandas as pd
import pytest

from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.landing.listing import concerns
from forecast_assets_tests.sources.landing.delivery_problems import CASES, GOOD_PARQUET


def message(landing, source="sell_in", market="FR", **months):
    with pytest.raises(LandingError) as caught:
        landing.rows(source, market, **months)
    return str(caught.value)


def one_problem(text, source="sell_in", market="FR"):
    return f"The delivery of {source} for market {market} has 1 problem:\n  1. {text}"


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_refused_with_file_column_row_and_next_step(landing, case):
    content, expected = CASES[case]
    landing.put("sell_in/all.csv", content)
    assert message(landing) == one_problem(expected)


def test_two_files_that_disagree_are_named_with_both_values(landing):
    landing.sell_in("FR,A,2024-06,1\n", "first.csv").sell_in("FR,A,2024-06,2.5\n", "second.csv")
    assert message(landing) == one_problem(
        "sell_in/first.csv, column units, row 1: found 1 and 2.5 for sku A, month 2024-06; "
        "expected the same units as in sell_in/second.csv. "
        "Next step: keep the right file and remove the other; to restate a month, replace the file that holds it."
    )


def test_daily_rows_that_do_not_add_up_to_the_monthly_file_are_a_contradiction(landing):
    landing.sell_in("FR,A,2024-06,7\n", "month.csv")
    landing.put("sell_in/days.csv", "country,sku,date,units\nFR,A,2024-06-03,3\nFR,A,2024-06-04,3\n")
    assert "found 7 and 6 for sku A, month 2024-06; expected the same units as in sell_in/days.csv" in message(landing)


@pytest.mark.parametrize("cut", [30, 4])
def test_a_truncated_parquet_file_is_unreadable(landing, cut):
    landing.put("sell_in/FR_2024-06.parquet", GOOD_PARQUET[:-cut])
    text = message(landing)
    assert text.startswith(one_problem("sell_in/FR_2024-06.parquet: found an unreadable file ("))
    assert text.endswith(
        "; expected a complete Parquet file. Next step: deliver the file again, complete, under the same name."
    )


def test_a_parquet_file_with_a_damaged_page_under_a_sound_footer_is_unreadable(landing):
    damaged = bytearray(GOOD_PARQUET)
    damaged[10:150] = bytes(140)
    landing.put("sell_in/FR.parquet", bytes(damaged))
    assert message(landing).startswith(one_problem("sell_in/FR.parquet: found an unreadable file ("))


def test_a_parquet_file_without_rows_is_empty(landing):
    landing.put("sell_in/FR.parquet", pd.DataFrame({"country": [], "sku": [], "month": [], "units": []}, dtype=str))
    assert "found no rows; expected at least one row" in message(landing)


def test_a_sku_stored_as_a_decimal_number_is_refused(landing):
    landing.put(
        "sell_in/a.parquet", pd.DataFrame({"country": ["FR"], "sku": [1.0], "month": ["2024-06"], "units": [1]})
    )
    assert message(landing) == one_problem(
        "sell_in/a.parquet, column sku: found decimal numbers; expected text or whole numbers. "
        "Next step: store sku as text: a decimal number loses leading zeros and long codes."
    )


@pytest.mark.parametrize(
    ("name", "concerned"),
    [
        ("FR_2024-06.parquet", ["FR"]),
        ("country=FR/x.parquet", ["FR"]),
        ("sell_in_FR.parquet", ["FR"]),
        ("FR-DE/x.parquet", ["FR", "DE"]),
        ("2024-06.parquet", ["FR", "DE", "NO", "NA"]),
        ("FRANCE.parquet", ["FR", "DE", "NO", "NA"]),
        ("no_2024.parquet", ["FR", "DE", "NO", "NA"]),
    ],
)
def test_an_unreadable_file_concerns_the_markets_in_its_name_else_all(landing, name, concerned):
    landing.put(f"sell_in/{name}", b"PAR1 not a parquet file")
    stopped = []
    for market in ("FR", "DE", "NO", "NA"):
        try:
            landing.rows(market=market)
        except LandingError:
            stopped.append(market)
    assert stopped == concerned


def test_the_name_of_the_source_is_not_a_market_code():
    assert concerns("sell_in/SELL_IN_2024.parquet", "sell_in", "FR", ["IN", "FR"])
    assert not concerns("sell_in/SELL_IN_IN.parquet", "sell_in", "FR", ["IN", "FR"])


def test_the_longest_code_in_a_name_wins():
    assert concerns("sell_in/AU_NSW_2024.parquet", "sell_in", "AU_NSW", ["AU", "AU_NSW"])
    assert not concerns("sell_in/AU_NSW_2024.parquet", "sell_in", "AU", ["AU", "AU_NSW"])


def test_a_file_without_units_stops_only_the_markets_whose_rows_it_holds(landing):
    landing.put("sell_in/a.csv", "country,sku,month\nFR,A,2024-06\n").sell_in("DE,A,2024-06,1\n", "b.csv")
    assert len(landing.rows(market="DE")) == 1
    assert "expected the column units" in message(landing, market="FR")


def test_a_broken_file_of_another_market_does_not_hide_bad_cells_of_this_one(landing):
    landing.sell_in("DE,A,2024-06\n", "DE.csv").sell_in("FR,A,2024-06,x\n", "FR.csv")
    assert message(landing).startswith(one_problem('sell_in/FR.csv, column units, row 1: found "x"'))


def test_all_problems_are_collected_in_one_message(landing):
    landing.put("sell_in/FR_1.csv", "").sell_in("FR,A,bad,1\nFR,,2024-06,x\n", "FR_2.csv")
    lines = message(landing).splitlines()
    assert lines[0] == "The delivery of sell_in for market FR has 4 problems:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "1. sell_in/FR_1.csv",
        "2. sell_in/FR_2.csv, column month, row 1",
        "3. sell_in/FR_2.csv, column sku, row 2",
        "4. sell_in/FR_2.csv, column units, row 2",
    ]


def test_the_error_carries_its_parts_for_check_metadata(landing):
    landing.sell_in("".join(f"FR,S{number},2024-06,x\n" for number in range(12)))
    with pytest.raises(LandingError) as caught:
        landing.rows()
    (problem,) = caught.value.problems
    assert (caught.value.source, caught.value.market) == ("sell_in", "FR")
    assert (problem.file, problem.column, problem.row_count) == ("sell_in/all.csv", "units", 12)
    assert problem.rows == tuple(range(1, 11))
    assert "rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more:" in str(problem)


def test_a_bad_month_does_not_fail_the_good_ones(landing):
    landing.sell_in("FR,A,2024-04,1\nFR,A,2024-05,x\nFR,A,2024-06,1\nFR,A,2024-06,2\n")
    april, june = pd.Timestamp("2024-04-01"), pd.Timestamp("2024-06-01")
    assert len(landing.rows(first_month=april, last_month=april)) == 4
    june_alone = message(landing, first_month=june, last_month=june)
    assert "has 1 problem:" in june_alone
    assert "key more than once" in june_alone
    assert "has 2 problems" in message(landing, first_month=april, last_month=june)


def test_products_may_have_a_row_for_all_markets_and_one_of_the_market(landing):
    landing.put("products/p.csv", "sku,country,category\nA,,x\nA,FR,y\n")
    assert sorted(landing.rows("products")["category"]) == ["x", "y"]


def test_product_rows_that_contradict_each_other_are_shown(landing):
    landing.put("products/p.csv", "sku,category\nA,x\n").put("products/q.csv", "sku,category\nA,y\n")
    assert message(landing, "products") == one_problem(
        "products/p.csv, row 1: found category x, attributes {} and category y, attributes {} for sku A; "
        "expected the same row as in products/q.csv. "
        "Next step: keep the right file and remove the other; to restate a month, replace the file that holds it.",
        source="products",
    )


def test_a_promotion_flag_is_zero_or_one(landing):
    landing.put("promotions/p.csv", "country,sku,month,is_promoted\nFR,A,2024-06,2\nFR,B,2024-06,true\n")
    assert 'column is_promoted, row 1: found "2"; expected 1 or 0 (or true, false)' in message(landing, "promotions")


def test_promotions_need_a_flag_or_a_discount(landing):
    landing.put("promotions/p.csv", "country,sku,month\nFR,A,2024-06\n")
    assert "expected the column is_promoted or discount_pct" in message(landing, "promotions")


@pytest.mark.parametrize("column", ["stock_units", "distribution_pct", "price", "is_promoted"])
def test_files_with_equal_units_and_another_figure_contradict_each_other(landing, column):
    header = f"country,sku,month,units,{column}\n"
    landing.put("sell_out/a.csv", f"{header}FR,A,2024-06,5,1\nFR,B,2024-06,6,1\n")
    landing.put("sell_out/b.csv", f"{header}FR,A,2024-06,5,0\nFR,B,2024-06,6,1\n")
    text = message(landing, "sell_out")
    assert f"sell_out/a.csv, column {column}, row 1: found 1 and 0 for sku A, month 2024-06" in text
    assert f"expected the same {column} as in sell_out/b.csv" in text


def test_net_sales_of_days_are_compared_day_by_day(landing):
    header = "country,sku,date,units,net_sales\n"
    landing.put("sell_in/a.csv", f"{header}FR,A,2024-06-01,5,10\nFR,A,2024-06-01,1,2\nFR,A,2024-06-02,5,10\n")
    landing.put("sell_in/b.csv", f"{header}FR,A,2024-06-01,6,12\nFR,A,2024-06-02,5,11\n")
    text = message(landing)
    assert "column net_sales, row 3: found 10 and 11 for sku A, month 2024-06" in text
    assert text.count("found") == 1


def test_a_file_without_a_figure_contradicts_none(landing):
    landing.put("sell_out/a.csv", "country,sku,month,units,price\nFR,A,2024-06,5,2.5\n")
    landing.put("sell_out/b.csv", "country,sku,month,units\nFR,A,2024-06,5\n")
    landing.put("sell_out/c.csv", "country,sku,month,units,price\nFR,A,2024-06,5,\n")
    assert landing.rows("sell_out")["price"].max() == 2.5
