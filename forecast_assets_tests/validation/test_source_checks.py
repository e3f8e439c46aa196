"""Checks of a delivered month against values computed by hand."""

import pandas as pd
import pytest

from forecast_assets.sources.country_spellings import CountryCodes
from forecast_assets.sources.delivered import DeliveredSellIn, LeftOut
from forecast_assets.sources.landing.delivered_file import UnreadFile
from forecast_assets.sources.sql import SqlTestResult
from forecast_assets.validation.source_checks import FILES_READ, covid_policy_checks, sell_in_checks, sourced_checks
from forecast_assets.validation.table_checks import Finding
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")
YEAR_BEFORE = pd.date_range("2023-06-01", "2024-05-01", freq="MS")


def month_of(units: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"sku": list(units), "sell_in_units": list(units.values())})


def history(units: dict[str, float], months: pd.DatetimeIndex = YEAR_BEFORE) -> pd.DataFrame:
    return pd.concat([month_of(units).assign(month=month) for month in months], ignore_index=True)


def look(
    check: str, june: dict[str, float], before: pd.DataFrame | None = None, *, products=None, tests=(), countries=None
) -> Finding:
    """Return the finding of a check in June, with the year before it."""
    table = month_of(june)
    before = history({"A": 100.0, "B": 50.0}) if before is None else before
    rows = pd.concat([before, table.assign(month=JUNE)], ignore_index=True)
    countries_left_out = LeftOut(countries=CountryCodes(unknown=countries or {}))
    delivered = DeliveredSellIn(rows, products, list(tests), countries_left_out)
    checks = {each.name: each for each in sell_in_checks(delivered, loaded().checks)}
    return checks[check].find(table, JUNE)


@pytest.mark.parametrize(
    ("total", "violations"), [(150.0, 0), (600.0, 0), (601.0, 1), (37.5, 0), (37.0, 1), (0.0, 1), (-150.0, 1)]
)
def test_a_total_beyond_four_times_the_usual_one_either_way_is_implausible(total, violations):
    assert look("market_total_plausible", {"A": total}).violations == violations


def test_an_implausible_total_shows_the_largest_skus_and_says_what_to_do():
    finding = look("market_total_plausible", {"A": 1.0, "B": 1000.0, "C": -5.0})
    assert finding.message == (
        "total 996 units, median of the year before 150: ratio 6.64, expected 0.25 to 4.00. "
        "Correct the delivery, or set FORECAST_MAX_TOTAL_CHANGE if it is right"
    )
    assert finding.rows["sku"].tolist() == ["B", "C", "A"]


def test_the_usual_total_is_a_median_that_one_odd_month_does_not_move():
    odd = history({"A": 1e9}, YEAR_BEFORE[:1])
    before = pd.concat([odd, history({"A": 100.0}, YEAR_BEFORE[1:])])
    assert look("market_total_plausible", {"A": 100.0}, before).violations == 0


def test_months_before_the_year_do_not_count():
    earlier = history({"A": 1e6}, pd.date_range("2021-01-01", "2023-05-01", freq="MS"))
    before = pd.concat([earlier, history({"A": 100.0})])
    assert look("market_total_plausible", {"A": 100.0}, before).violations == 0


def test_two_months_are_too_few_to_judge_by_and_three_are_enough():
    assert look("market_total_plausible", {"A": 1e6}, history({"A": 100.0}, YEAR_BEFORE[-2:])).violations == 0
    assert look("market_total_plausible", {"A": 1e6}, history({"A": 100.0}, YEAR_BEFORE[-3:])).violations == 1


@pytest.mark.parametrize(("units", "violations"), [(-300.0, 0), (-301.0, 1)])
def test_a_sku_may_return_three_times_its_best_month_and_not_more(units, violations):
    finding = look("returns_plausible", {"A": units, "B": 10.0})
    assert finding.violations == violations
    if violations:
        assert finding.rows.to_dict("records") == [{"sku": "A", "sell_in_units": -301.0, "best_month_units": 100.0}]


@pytest.mark.parametrize(("units", "violations"), [(-300.0, 0), (-301.0, 1)])
def test_a_sku_without_a_year_is_held_against_a_usual_sku(units, violations):
    """Three SKUs, 300 units: a usual one sells 100."""
    assert look("returns_plausible", {"NEW": units, "A": 200.0, "B": 100.0}).violations == violations


def products(*listed: str) -> pd.DataFrame:
    return pd.DataFrame({"sku": list(listed), "month": JUNE, "category": "Soups", "brand": None, "pack": None})


@pytest.mark.parametrize(
    ("unknown_units", "violations", "is_warning"), [(0.0, 0, True), (5.0, 1, True), (6.0, 1, False), (-6.0, 1, False)]
)
def test_skus_without_a_product_are_a_warning_up_to_a_twentieth_of_the_units(unknown_units, violations, is_warning):
    june = {"A": 100.0 - abs(unknown_units), "X": unknown_units}
    finding = look("unknown_skus", june, products=products("A"))
    assert finding.violations == violations
    assert finding.is_warning == is_warning
    assert finding.figures["share_of_units"] == abs(unknown_units) / 100


def test_skus_without_a_product_are_named_with_their_units():
    finding = look("unknown_skus", {"A": 90.0, "X": 10.0}, products=products("A"))
    assert finding.rows.to_dict("records") == [{"sku": "X", "sell_in_units": 10.0}]
    assert finding.message.startswith("1 SKUs are in no product list, 10.0% of the units (limit 5.0%).")


def test_a_company_without_products_has_no_unknown_skus():
    assert look("unknown_skus", {"A": 90.0}, products=None).violations == 0


def test_countries_that_are_no_market_are_counted_and_stop_nothing():
    finding = look("unknown_countries", {"A": 1.0}, countries={"XX": 3, "YY": 1})
    assert finding.rows.to_dict("records") == [{"country": "XX", "rows": 3}, {"country": "YY", "rows": 1}]
    assert finding.message == (
        "rows of XX, YY are in no market: add the market to markets.yaml or drop the rows from sell_in"
    )


def test_rows_under_another_spelling_of_the_market_block_and_are_counted():
    checks = sourced_checks("overrides", [], LeftOut(countries=CountryCodes({"Fr": 2, "FRA": 1})))
    (check,) = [each for each in checks if each.name == "country_spelling"]
    finding = check.find(month_of({}), JUNE)
    assert (check.blocking, finding.is_warning) == (True, False)
    assert finding.rows.to_dict("records") == [{"country": "Fr", "rows": 2}, {"country": "FRA", "rows": 1}]
    assert finding.message.startswith(
        "rows of 'Fr' (2 rows), 'FRA' (1 rows) in overrides are not read: the code is another spelling of the market's"
    )


def test_rows_that_a_sql_test_found_belong_to_their_month():
    rows = pd.DataFrame({"sku": ["A", "B"], "month": [JUNE, YEAR_BEFORE[-1]]})
    result = SqlTestResult("sell_in_one_row_per_sku_and_month", "One row per SKU.", 2, rows)
    finding = look("sell_in_one_row_per_sku_and_month", {"A": 1.0}, tests=[result])
    assert finding.rows["sku"].tolist() == ["A"]
    assert finding.message == "1 rows that must not exist, 2 in all months: One row per SKU."


@pytest.mark.parametrize(("reason", "violations"), [("observed", 0), ("no_file", 0), ("no_data", 1)])
def test_a_month_of_the_tracker_without_the_country_is_a_warning(reason, violations):
    checks = {each.name: each for each in covid_policy_checks("FRX", [UnreadFile("oxcgrt/a.zip", "why")])}
    finding = checks["policy_known"].find(pd.DataFrame({"reason": [reason]}), JUNE)
    assert (finding.violations, checks["policy_known"].blocking) == (violations, False)
    assert finding.message.startswith("the tracker files have no value of FRX in 2024-06: deliver those")
    assert checks["files_read"].find(None, JUNE).violations == 1


def test_files_that_are_not_read_are_named_with_the_reason_and_block_nothing():
    unread = [UnreadFile("sell_in/a\nb.zip", "only .csv"), *(UnreadFile(f"sell_in/{n}", "hidden") for n in range(10))]
    checks = {each.name: each for each in sourced_checks("sell_in", [], LeftOut(unread))}
    finding = checks["files_read"].find(month_of({"A": 1.0}), JUNE)
    assert (finding.violations, checks["files_read"].blocking, FILES_READ.blocking) == (11, False, False)
    assert finding.message.startswith(
        r"11 files in sell_in are not read: sell_in/a\nb.zip (only .csv); sell_in/0 (hidden)"
    )
    assert finding.message.endswith(
        "sell_in/8 (hidden) and 1 more. Deliver their rows in a format that is read, or remove them"
    )
    assert {each.name: each for each in sourced_checks("sell_in", [])}["files_read"].find(None, JUNE).violations == 0


@pytest.mark.parametrize(("first", "violations"), [("2023-06-01", 1), ("2023-05-01", 0)])
def test_the_year_before_begins_twelve_months_ago(first, violations):
    """Of the three months from the first on, all count or only two."""
    before = history({"A": 100.0}, pd.date_range(first, periods=3, freq="MS"))
    assert look("market_total_plausible", {"A": 1e6}, before).violations == violations


@pytest.mark.parametrize(("usual", "violations"), [(-1.0, 0), (0.0, 0), (0.5, 1)])
def test_a_market_that_usually_sells_nothing_is_not_judged_by_its_total(usual, violations):
    finding = look("market_total_plausible", {"A": 100.0}, history({"A": usual}))
    assert finding.violations == violations
    assert finding.figures["total_units"] == 100.0


def test_ten_skus_are_shown_and_the_ratio_to_four_places():
    finding = look("market_total_plausible", {f"S{number}": 100.0 for number in range(11)})
    assert (len(finding.rows), finding.figures["ratio"]) == (10, 7.3333)


@pytest.mark.parametrize(("units", "violations"), [(-0.59, 0), (-0.61, 1)])
def test_returns_of_a_new_sku_are_held_against_small_sales_too(units, violations):
    """Three SKUs, 0.6 units sold: a usual one sells 0.2."""
    assert look("returns_plausible", {"NEW": units, "A": 0.5, "B": 0.1}).violations == violations


def test_a_market_of_returns_alone_has_no_usual_sale():
    assert look("returns_plausible", {"NEW": -0.1}).violations == 1
    assert look("returns_plausible", {}).violations == 0


def test_the_best_month_is_one_of_the_year_before():
    old = history({"A": 1000.0}, pd.DatetimeIndex(["2023-05-01"]))
    assert look("returns_plausible", {"A": -301.0, "B": 1.0}, pd.concat([old, history({"A": 100.0})])).violations == 1


@pytest.mark.parametrize("units", [1.0, -1.0])
def test_a_single_unit_of_a_sku_without_a_product_counts(units):
    finding = look("unknown_skus", {"A": 299.0, "X": units}, products=products("A"))
    assert (finding.violations, finding.figures["share_of_units"]) == (1, 0.0033)


def test_a_month_without_units_has_no_share_of_unknown_skus():
    finding = look("unknown_skus", {"X": 0.0}, products=products("A"))
    assert (finding.violations, finding.figures["share_of_units"]) == (0, 0.0)


def test_products_of_other_months_and_rows_without_attributes_list_no_sku():
    listed = products("A", "X")
    later = listed.assign(month=listed["month"].mask(listed["sku"] == "X", YEAR_BEFORE[-1]))
    assert look("unknown_skus", {"A": 90.0, "X": 10.0}, products=later).violations == 1
    bare = listed.assign(category=listed["category"].mask(listed["sku"] == "X"))
    assert look("unknown_skus", {"A": 90.0, "X": 10.0}, products=bare).violations == 1


def test_ten_codes_are_named_and_blanks_are_quoted():
    codes = {f"X{number}": 1 for number in range(9)} | {" FR": 1, "ZZ": 1}
    finding = look("unknown_countries", {"A": 1.0}, countries=codes)
    assert finding.message.startswith("rows of X0, X1, X2, X3, X4, X5, X6, X7, X8, ' FR' are in no market")
    assert finding.violations == 11
    hidden = look("unknown_countries", {"A": 1.0}, countries={"F\u200bR": 1})
    assert hidden.message.startswith(r"rows of 'F\u200bR' are in no market")


def test_rows_of_a_sql_test_without_a_month_count_in_every_month():
    result = SqlTestResult("known_names", "Names are known.", 2, pd.DataFrame({"sku": ["A", "B"]}))
    finding = look("known_names", {"A": 1.0}, tests=[result])
    assert finding.message == "2 rows that must not exist: Names are known."
