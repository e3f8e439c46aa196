"""Sell-in and sell-out with ``known_from``: each origin month stores what was known at its end, by hand."""

import pandas as pd
import pytest

from forecast_assets.domain.demand.restatements import known_rows
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.sql import DuckDbEngine
from forecast_assets_tests.sources.landing.deliveries import TODAY

JAN, FEB, MAR, APR, MAY = pd.date_range("2024-01-01", periods=5, freq="MS")
HEADER = "country,sku,month,units,known_from\n"


@pytest.fixture
def run(landing):
    def run_mart(first, last=None, name="sell_in", missing_month="zero"):
        engine = DuckDbEngine(landing.folder)
        return engine.run(name, "FR", first, last or first, today=TODAY, missing_month=missing_month)

    return run_mart


def stored(table, value="sell_in_units"):
    """``sku month value`` per row; an earlier month that is restated as ``month<restated``."""
    cells = []
    for sku, month, restated, units in table[["sku", "month", "restated_month", value]].itertuples(index=False):
        cells.append(f"{sku} {month:%m}{'' if pd.isna(restated) else f'<{restated:%m}'} {units:g}")
    return cells


def months(sku, *units, known_from=""):
    """Rows of consecutive months from January on; None leaves one out."""
    rows = zip(pd.date_range(JAN, periods=len(units), freq="MS"), units, strict=True)
    return "".join(f"FR,{sku},{month:%Y-%m},{each},{known_from}\n" for month, each in rows if each is not None)


def test_a_row_is_stored_with_the_month_in_which_it_became_known(landing, run):
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20, 30, 40) + "FR,A,2024-01,12,2024-03-31\n")
    assert stored(run(JAN, APR)) == ["A 01 10", "A 02 20", "A 03<01 12", "A 03 30", "A 04 40"]
    # In whatever range it is read.
    assert stored(run(JAN)) == ["A 01 10"]
    assert stored(run(FEB, MAR)) == ["A 02 20", "A 03<01 12", "A 03 30"]


def test_two_origins_of_a_new_store_see_two_versions(landing, run):
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20, 30, 40) + "FR,A,2024-01,12,2024-04-01\n")
    table = run(JAN, APR)
    january = {
        origin: known_rows(table, origin).query("month == @JAN")["sell_in_units"].tolist() for origin in (MAR, APR)
    }
    assert january == {MAR: [10.0], APR: [12.0]}


@pytest.mark.parametrize("written", ["2024-03-31", "20240331", "2024-03-31T00:00:00", "2024-03-31 00:00:00Z"])
def test_a_date_is_read_in_every_notation(landing, run, written):
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20, 30) + f"FR,A,2024-01,12,{written}\n")
    assert stored(run(MAR)) == ["A 03<01 12", "A 03 30"]


@pytest.mark.parametrize("kind", ["datetime64[ns]", "datetime64[us, Europe/Paris]", "date"])
def test_a_date_is_read_from_every_type_of_parquet(landing, run, kind):
    days = pd.Series(pd.to_datetime([None, None, None, "2024-03-31"]))
    known_from = days.dt.date if kind == "date" else days.dt.tz_localize(None)
    if "Paris" in kind:
        known_from = days.dt.tz_localize("Europe/Paris")
    rows = pd.DataFrame({"country": "FR", "sku": "A", "month": ["2024-01", "2024-02", "2024-03", "2024-01"]})
    landing.put("sell_in/a.parquet", rows.assign(units=[10.0, 20.0, 30.0, 12.0], known_from=known_from))
    assert stored(run(MAR)) == ["A 03<01 12", "A 03 30"]


def test_only_some_files_have_the_column(landing, run):
    landing.sell_in("FR,A,2024-01,10\nFR,A,2024-02,20\nFR,A,2024-03,30\n", "first.csv")
    landing.put("sell_in/later.csv", HEADER + "FR,A,2024-01,12,2024-03-05\nFR,B,2024-03,5,\n")
    assert stored(run(JAN, MAR)) == ["A 01 10", "A 02 20", "A 03<01 12", "A 03 30", "B 03 5"]


def test_of_several_versions_the_latest_known_counts_in_each_month(landing, run):
    later = "FR,A,2024-01,11,2024-03-01\nFR,A,2024-01,12,2024-03-20\nFR,A,2024-01,13,2024-04-09\n"
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20, 30, 40) + later)
    assert stored(run(JAN, APR)) == ["A 01 10", "A 02 20", "A 03<01 12", "A 03 30", "A 04<01 13", "A 04 40"]


def test_a_date_in_or_before_the_rows_own_month_is_known_in_it(landing, run):
    rows = "FR,A,2024-01,10,2023-07-01\nFR,A,2024-02,20,\nFR,A,2024-02,21,2024-02-29\nFR,A,2024-02,19,2023-12-31\n"
    landing.put("sell_in/a.csv", HEADER + rows)
    assert stored(run(JAN, FEB)) == ["A 01 10", "A 02 21"]


def test_a_version_with_the_same_figures_restates_nothing(landing, run):
    """A company that delivers its whole history again every month."""
    again = months("A", 10, 20, known_from="2024-03-02") + "FR,A,2024-02,21,2024-04-02\n"
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20, 30, 40) + again)
    assert stored(run(MAR, APR)) == ["A 03 30", "A 04<02 21", "A 04 40"]


def test_rows_known_after_the_last_month_change_nothing(landing, run):
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20, 30) + months("B", None, 5, 6))
    clean = run(JAN, MAR)
    poison = "".join(
        f"FR,{sku},2024-{month:02d},1000000000,{day}\n"
        for sku in ("A", "B", "NEW")
        for month in (1, 2, 3)
        for day in ("2024-04-01", "2024-06-30", "2199-12-31")
    )
    landing.put("sell_in/late.csv", HEADER + poison)
    pd.testing.assert_frame_equal(run(JAN, MAR), clean)
    engine = DuckDbEngine(landing.folder)
    products = engine.run("products", "FR", JAN, MAR, today=TODAY)
    assert products["sku"].unique().tolist() == ["A", "B"]
    for name in ("sell_in_units", "sell_in_days"):
        assert "NEW" not in run(MAR, name=name).to_string()
    landing.sell_in("FR,A,2024-04,1\n", "april.csv")
    assert {"A 04<01 1e+09", "NEW 04<03 1e+09"} < set(stored(run(APR)))


def test_a_restated_first_sale_fills_the_months_after_it_from_then_on(landing, run):
    """B is first seen in March; in April it becomes known that it sold in January."""
    landing.put(
        "sell_in/a.csv",
        HEADER + months("A", 1, 1, 1, 1) + months("B", None, None, 5, 6) + "FR,B,2024-01,4,2024-04-09\n",
    )
    assert stored(run(JAN, APR)) == [
        *("A 01 1", "A 02 1", "A 03 1", "B 03 5", "A 04 1", "B 04<01 4", "B 04<02 0", "B 04 6"),
    ]
    assert run(APR).query("sku == 'B'")["reason"].tolist() == ["delivered", "no_sale", "delivered"]


def test_a_filled_zero_is_restated_by_a_sale(landing, run):
    landing.put("sell_in/a.csv", HEADER + months("A", 1, 1, 1) + "FR,B,2024-01,4,\nFR,B,2024-02,9,2024-03-31\n")
    assert stored(run(JAN, MAR)) == ["A 01 1", "B 01 4", "A 02 1", "B 02 0", "A 03 1", "B 03<02 9", "B 03 0"]


def test_restated_fills_end_with_the_sku(landing, run):
    landing.put("products/p.csv", "sku,country,category,end_month,known_from\nB,FR,x,2024-02,2024-01-01\n")
    landing.put("sell_in/a.csv", HEADER + months("A", 1, 1, 1, 1) + "FR,B,2024-01,4,2024-04-09\n")
    assert stored(run(APR)) == ["A 04 1", "B 04<01 4", "B 04<02 0"]


def test_what_became_known_in_a_month_without_delivery_is_stored_with_the_next_one(landing, run):
    rows = months("A", 10, 20, None, 40, 50) + "FR,A,2024-01,11,2024-02-20\nFR,A,2024-01,12,2024-03-10\n"
    landing.put("sell_in/a.csv", HEADER + rows + "FR,A,2024-01,13,2024-04-10\n")
    assert stored(run(JAN, MAY)) == ["A 01 10", "A 02<01 11", "A 02 20", "A 04<01 13", "A 04 40", "A 05 50"]
    assert run(MAR).empty


def test_unknown_months_count_from_the_last_sale_that_was_known(landing, run):
    """B is given up after a year without a row; a sale that becomes known later keeps it from then on."""
    dates = pd.date_range("2022-12-01", "2024-05-01", freq="MS")
    every = "".join(f"FR,A,{month:%Y-%m},1,\n" for month in dates)
    landing.put("sell_in/a.csv", HEADER + every + "FR,B,2023-01,4,\nFR,B,2023-06,4,2024-04-01\n")
    table = run(JAN, MAY, missing_month="unknown")
    assert stored(table[table["sku"] == "B"]) == ["B 01 nan", "B 04<06 4", "B 04 nan", "B 05 nan"]


def test_days_are_restated_one_by_one(landing, run):
    days = "country,sku,date,units,known_from\nFR,A,2024-01-03,3,\nFR,A,2024-01-04,4,\nFR,A,2024-01-04,1,\n"
    landing.put("sell_in/days.csv", days + "FR,A,2024-01-04,9,2024-02-05\nFR,A,2024-01-20,7,2024-03-05\n")
    landing.put("sell_in/later.csv", HEADER + "FR,A,2024-02,20,\nFR,A,2024-03,30,\n")
    # 3 + (4 + 1); then the fourth is 9 in all; then a day more.
    assert stored(run(JAN, MAR)) == ["A 01 8", "A 02<01 12", "A 02 20", "A 03<01 19", "A 03 30"]


def test_a_monthly_row_known_later_replaces_the_sum_of_the_days_and_the_other_way_round(landing, run):
    days = "country,sku,date,units,known_from\nFR,A,2024-01-03,3,\nFR,A,2024-01-04,4,\nFR,A,2024-01-04,9,2024-03-05\n"
    landing.put("sell_in/days.csv", days)
    landing.put("sell_in/months.csv", HEADER + "FR,A,2024-01,5,2024-02-05\nFR,A,2024-02,20,\nFR,A,2024-03,30,\n")
    assert stored(run(JAN, MAR)) == ["A 01 7", "A 02<01 5", "A 02 20", "A 03<01 12", "A 03 30"]


def test_net_sales_are_restated_with_their_row(landing, run):
    header = "country,sku,month,units,net_sales,known_from\n"
    rows = "FR,A,2024-01,10,100,\nFR,A,2024-01,10,90,2024-02-29\nFR,A,2024-02,20,200,\nFR,A,2024-03,30,300,\n"
    landing.put("sell_in/a.csv", header + rows)
    landing.put("sell_in/b.csv", HEADER + "FR,A,2024-01,11,2024-03-05\n")
    assert stored(run(JAN, MAR), "net_sales") == ["A 01 100", "A 02<01 90", "A 02 200", "A 03<01 nan", "A 03 300"]


def test_sell_out_is_restated_in_every_measure(landing, run):
    header = "country,sku,month,units,stock_units,price,known_from\n"
    rows = "FR,A,2024-01,10,100,2,\nFR,A,2024-01,10,100,2,2024-02-01\nFR,A,2024-01,10,100,3,2024-03-31\n"
    landing.put("sell_out/a.csv", header + rows + "FR,A,2024-02,20,90,2,\nFR,A,2024-03,30,80,2,\n")
    table = run(JAN, MAR, name="sell_out")
    assert stored(table, "price") == ["A 01 2", "A 02 2", "A 03<01 3", "A 03 2"]
    assert stored(table, "stock_units") == ["A 01 100", "A 02 90", "A 03<01 100", "A 03 80"]
    assert stored(run(FEB, name="sell_out"), "price") == ["A 02 2"]


@pytest.mark.parametrize("column", ["sell_out_units", "stock_units", "distribution_pct", "price", "is_promoted"])
def test_a_change_of_one_measure_of_sell_out_is_a_restatement(landing, run, column):
    delivered = {"sell_out_units": 10, "stock_units": 5, "distribution_pct": 50, "price": 2, "is_promoted": 0}
    names = ["units", *list(delivered)[1:]]
    lines = [
        [month, *(delivered | changes).values(), known_from]
        for month, changes, known_from in (
            ("2024-01", {}, ""),
            ("2024-02", {}, ""),
            ("2024-01", {column: 1}, "2024-02-10"),
        )
    ]
    rows = "".join(f"FR,A,{','.join(map(str, line))}\n" for line in lines)
    landing.put("sell_out/a.csv", f"country,sku,month,{','.join(names)},known_from\n{rows}")
    assert stored(run(FEB, name="sell_out"), column)[0] == "A 02<01 1"


def test_sell_out_known_in_a_month_without_delivery_comes_with_the_next_one(landing, run):
    header = "country,sku,month,units,known_from\n"
    rows = "FR,A,2024-01,1,\nFR,A,2024-03,3,\nFR,A,2024-01,2,2024-02-10\nFR,A,2024-01,9,2024-04-10\n"
    landing.put("sell_out/a.csv", header + rows)
    assert stored(run(JAN, APR, name="sell_out"), "sell_out_units") == ["A 01 1", "A 03<01 2", "A 03 3"]


def test_the_tests_of_the_marts_hold_with_restatements(landing):
    rows = months("A", 10, 20, 30, 40) + months("B", None, None, 5, 6) + "FR,B,2024-01,4,2024-04-09\n"
    landing.put("sell_in/a.csv", HEADER + rows + "FR,A,2024-01,-12,2024-03-31\n")
    landing.put("sell_out/a.csv", HEADER + rows)
    engine = DuckDbEngine(landing.folder)
    for name in ("sell_in", "sell_out", "products"):
        results = engine.run_tests(name, "FR", JAN, APR, today=TODAY)
        assert [each.name for each in results if not each.passed] == []


def problems(run, *arguments, **options):
    with pytest.raises(LandingError) as caught:
        run(*arguments, **options)
    return [str(problem) for problem in caught.value.problems]


def test_two_rows_of_a_key_known_from_one_day_with_different_units_are_named(landing, run):
    landing.put(
        "sell_in/a.csv", HEADER + months("A", 10, 20) + "FR,A,2024-01,12,2024-02-05\nFR,A,2024-01,13,20240205\n"
    )
    (problem,) = problems(run, FEB)
    assert problem == (
        "sell_in/a.csv, rows 3, 4: found 1 key more than once, such as sku A, month 2024-01, known_from 2024-02-05 "
        "(units 12.0 and 13.0); expected one row per country, sku, month, known_from. Next step: keep one row per key; "
        "if the rows are daily or transactions, name the column date and they are summed."
    )
    assert stored(run(JAN)) == ["A 01 10"]


def test_two_files_that_differ_in_a_row_known_from_one_day_are_named(landing, run):
    landing.sell_in("FR,A,2024-01,10\nFR,A,2024-02,20\n", "first.csv")
    landing.put("sell_in/late_1.csv", HEADER + "FR,A,2024-01,12,2024-02-05\n")
    landing.put("sell_in/late_2.csv", HEADER + "FR,A,2024-01,13,2024-02-05\n")
    (problem,) = problems(run, FEB)
    assert problem.startswith(
        "sell_in/late_1.csv, column units, row 1: found 12 and 13 for sku A, month 2024-01, known_from 2024-02-05; "
        "expected the same units as in sell_in/late_2.csv."
    )
    assert stored(run(JAN)) == ["A 01 10"]
    landing.put("sell_in/late_2.csv", HEADER + "FR,A,2024-01,12,2024-02-05\n")
    assert stored(run(FEB)) == ["A 02<01 12", "A 02 20"]


@pytest.mark.parametrize("later", ["", "2024-02-05"])
def test_days_and_a_monthly_row_known_from_one_day_contradict_each_other(landing, run, later):
    days = f"country,sku,date,units,known_from\nFR,A,2024-01-03,3,\nFR,A,2024-01-04,4,{later}\n"
    landing.put("sell_in/days.csv", days)
    landing.put("sell_in/months.csv", HEADER + f"FR,A,2024-01,6,{later}\nFR,A,2024-02,20,\n")
    (problem,) = problems(run, FEB if later else JAN)
    assert "found 6 and 7 for sku A, month 2024-01" in problem
    landing.put("sell_in/months.csv", HEADER + f"FR,A,2024-01,7,{later}\nFR,A,2024-02,20,\n")
    assert stored(run(JAN, FEB)) == (["A 01 7", "A 02 20"] if not later else ["A 01 3", "A 02<01 7", "A 02 20"])


def test_a_known_from_that_is_no_date_stops_every_month(landing, run):
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20) + "FR,A,2024-01,12,soon\n")
    expected = (
        'sell_in/a.csv, column known_from, row 3: found "soon"; expected a date written 2024-06-15 or 20240615. '
        "Next step: correct the cells and deliver the file again under the same name."
    )
    assert expected in problems(run, JAN)
    assert expected in problems(run, FEB)


@pytest.mark.parametrize(("source", "row"), [("sell_in", "FR,A,2024-01,12"), ("sell_out", "FR,A,2024-01,12")])
def test_a_known_from_that_never_comes_is_refused(landing, run, source, row):
    landing.sell_in("FR,A,2024-01,10\nFR,A,2024-02,20\n").put(f"{source}/late.csv", f"{HEADER}{row},9999-12-31\n")
    (problem,) = problems(run, FEB, name=source)
    assert "column known_from, row 1: found 9999-12-31; expected a date before 2200." in problem


def test_a_bad_cell_of_a_restatement_stops_the_month_that_would_know_it_first(landing, run):
    landing.put("sell_in/a.csv", HEADER + months("A", 10, 20, 30) + "FR,A,2024-01,many,2024-02-05\n")
    assert 'row 4: found "many"' in problems(run, FEB)[0]
    assert stored(run(JAN)) == ["A 01 10"]
    assert stored(run(MAR)) == ["A 03 30"]


def test_a_month_all_of_whose_rows_became_known_later_is_missing_with_the_reason(landing):
    landing.put("sell_in/a.csv", HEADER + "FR,A,2024-01,10,\nFR,A,2024-02,20,2024-03-05\nFR,A,2024-02,21,2024-04-05\n")
    assert landing.folder.delivered_months("sell_in", "FR") == [JAN]
    with pytest.raises(LandingError) as caught:
        landing.folder.require_delivered("sell_in", "FR", [JAN, FEB])
    assert [str(problem) for problem in caught.value.problems] == [
        "sell_in/, column known_from: found rows known from 2024-03-05 on; expected rows of FR in month 2024-02 that "
        "are known at its end. Next step: leave known_from of a first delivery empty: it is the date of a restatement."
    ]
