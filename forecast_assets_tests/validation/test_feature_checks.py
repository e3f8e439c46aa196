"""Checks of features before they are stored: history without gaps, active SKUs, finite numbers, known holidays."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.validation.feature_checks import features_checks
from forecast_assets.validation.table_checks import Finding

JUNE = pd.Timestamp("2024-06-01")
MARKET = Market("FR", "France", "FR", "FRA", "Europe", since=pd.Timestamp("2024-01-01"))
SINCE = list(pd.date_range("2024-01-01", JUNE, freq="MS"))


def feature_finding(check: str, months: list[pd.Timestamp], table: pd.DataFrame, market: Market = MARKET) -> Finding:
    return {each.name: each for each in features_checks(set(months), market)}[check].find(table, JUNE)


@pytest.mark.parametrize(("iso2", "violations"), [("FR", 0), ("FX", 1)])
def test_a_country_without_known_holidays_is_a_warning(iso2, violations):
    market = dataclasses.replace(MARKET, iso2=iso2)
    finding = feature_finding("holidays_known", SINCE, pd.DataFrame(), market)
    assert finding.violations == violations
    assert finding.message == (f"no public holidays are known of iso2 {iso2!r} of FR: correct it in markets.yaml")


def test_a_gap_in_the_history_is_named_because_it_would_shift_every_lag():
    delivered = [month for month in SINCE if month.month not in (2, 4)]
    finding = feature_finding("history_contiguous", delivered, pd.DataFrame())
    assert finding.violations == 2
    assert finding.message == "no sell-in of FR for 2 months (2024-02, 2024-04); materialize sell_in for them first"


def test_history_is_whole_from_the_start_of_the_market_on():
    assert feature_finding("history_contiguous", SINCE, pd.DataFrame()).violations == 0


def test_the_origin_itself_belongs_to_the_history():
    assert feature_finding("history_contiguous", SINCE[:-1], pd.DataFrame()).violations == 1


def test_infinite_features_are_named_by_column_and_row():
    table = pd.DataFrame({"sku": ["A", "B"], "lag": [1.0, float("inf")], "mean": [1.0, 2.0]})
    finding = feature_finding("numbers_finite", SINCE, table)
    assert finding.rows.to_dict("records") == [{"sku": "B", "lag": float("inf")}]
    assert finding.message == "infinite values in lag; report it with these rows"
    assert feature_finding("numbers_finite", SINCE, table.head(1)).violations == 0


def test_an_origin_without_an_active_sku_is_an_error():
    finding = feature_finding("skus_present", SINCE, pd.DataFrame({"sku": []}))
    assert (finding.violations, finding.message) == (1, "no SKU of FR has sell-in in the 12 months up to 2024-06")


def test_an_origin_with_skus_counts_them():
    assert feature_finding("skus_present", SINCE, pd.DataFrame({"sku": ["A", "B"]})).figures == {"skus": 2}


@pytest.mark.parametrize(("first", "violations"), [("2017-07-01", 0), ("2017-08-01", 1)])
def test_a_market_of_long_standing_has_a_history_of_seven_years(first, violations):
    market = dataclasses.replace(MARKET, since=pd.Timestamp("2010-01-01"))
    months = list(pd.date_range(first, JUNE, freq="MS"))
    assert feature_finding("history_contiguous", months, pd.DataFrame(), market).violations == violations


@pytest.mark.parametrize(("first", "named"), [("2024-01-01", 6), ("2023-12-01", 6)])
def test_six_missing_months_are_named(first, named):
    market = dataclasses.replace(MARKET, since=pd.Timestamp(first))
    message = feature_finding("history_contiguous", [], pd.DataFrame(), market).message
    assert message.count("2024-0") + message.count("2023-12") == named


def test_six_columns_with_infinite_values_are_named_and_four_are_shown():
    columns = {f"lag_{number}": [1.0, float("inf")] for number in range(7)}
    finding = feature_finding("numbers_finite", SINCE, pd.DataFrame({"sku": ["A", "B"], "fine": 1.0, **columns}))
    assert finding.message.startswith("infinite values in lag_0, lag_1, lag_2, lag_3, lag_4, lag_5; report")
    assert finding.rows.columns.tolist() == ["sku", "lag_0", "lag_1", "lag_2", "lag_3"]
    assert finding.rows["sku"].tolist() == ["B"]
