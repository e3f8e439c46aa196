import os
import pathlib

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import month_range
from forecast_assets.domain.demand.covid import monthly_covid_policy, read_oxcgrt

EARLY = pd.DataFrame(
    {
        "CountryName": ["France", "France", "Spain"],
        "CountryCode": ["FRA", "FRA", "ESP"],
        "Date": ["20200301", "20200302", "20200301"],
        "C1_School closing": ["0", "1", ""],
        "StringencyIndex": ["10", "20.5", ""],
        "EconomicSupportIndex": ["0", "50", "25"],
    }
)


def test_the_early_long_shape_is_read_with_blanks_as_no_data():
    daily = read_oxcgrt({"OxCGRT_latest.csv": EARLY})
    expected = pd.DataFrame(
        {
            "country": ["ESP", "FRA", "FRA"],
            "day": pd.to_datetime(["2020-03-01", "2020-03-01", "2020-03-02"]),
            "stringency_index": [np.nan, 10.0, 20.5],
            "economic_support_index": [25.0, 0.0, 50.0],
        }
    )
    pd.testing.assert_frame_equal(daily, expected, check_dtype=False)


@pytest.mark.parametrize("convert", [int, float, str, pd.Timestamp])
def test_dates_are_read_whatever_type_the_file_reader_gave_them(convert):
    dated = EARLY.assign(Date=EARLY["Date"].map(convert))
    pd.testing.assert_frame_equal(read_oxcgrt({"a.csv": dated}), read_oxcgrt({"a.csv": EARLY}))


@pytest.mark.parametrize("blank", ["", None, np.nan])
def test_the_later_long_format_keeps_national_rows_only(blank):
    later = pd.DataFrame(
        {
            "CountryCode": ["USA", "USA"],
            "RegionCode": ["US_CA", blank],
            "Jurisdiction": ["STATE_TOTAL", "NAT_TOTAL"],
            "Date": [20220101, 20220101],
            "StringencyIndex_NonVaccinated": [98.0, 97.0],
            "StringencyIndex_Average": [80.0, 40.0],
            "EconomicSupportIndex": [1.0, 2.0],
        }
    )
    daily = read_oxcgrt({"OxCGRT_compact.csv": later})
    assert daily[["stringency_index", "economic_support_index"]].to_numpy().tolist() == [[40.0, 2.0]]


def wide(index_of_france, days=("30Dec2022", "31Dec2022", "01Jan2023")):
    rows = [
        ["FRA", "France", "", "", "", "", "NAT_TOTAL", *index_of_france],
        ["USA", "United States", "US_CA", "California", "", "", "STATE_TOTAL", "99", "99", "99"],
        ["BRA", "Brazil", "", "", "X1", "City", "CITY_TOTAL", "88", "88", "88"],
    ]
    ids = ["CountryCode", "CountryName", "RegionCode", "RegionName", "CityCode", "CityName", "Jurisdiction"]
    return pd.DataFrame(rows, columns=[*ids, *days])


def test_two_wide_files_become_two_columns_of_the_same_days():
    daily = read_oxcgrt(
        {
            "OxCGRT_timeseries_StringencyIndex_v1.csv": wide(["11.11", "12", ""]),
            "OxCGRT_timeseries_EconomicSupportIndex_v1.csv": wide(["50", "", ""]),
        }
    )
    assert daily["country"].tolist() == ["FRA", "FRA"]
    assert daily["day"].tolist() == [pd.Timestamp("2022-12-30"), pd.Timestamp("2022-12-31")]
    np.testing.assert_array_equal(daily["stringency_index"], [11.11, 12])
    np.testing.assert_array_equal(daily["economic_support_index"], [50, np.nan])


def test_the_release_with_the_latest_value_wins_in_either_order():
    old = EARLY.assign(Date=["20221230", "20221229", "20221229"])
    new = wide(["77", "12", ""])
    for files in ({"old.csv": old, "StringencyIndex.csv": new}, {"StringencyIndex.csv": new, "old.csv": old}):
        france = read_oxcgrt(files).query("country == 'FRA'").set_index("day")["stringency_index"]
        assert france.to_dict() == {
            pd.Timestamp("2022-12-29"): 20.5,
            pd.Timestamp("2022-12-30"): 77.0,
            pd.Timestamp("2022-12-31"): 12.0,
        }


def test_an_unknown_format_is_rejected_with_its_columns():
    with pytest.raises(ValueError, match=r"cases\.csv: not an OxCGRT file.*\['iso', 'cases'\]"):
        read_oxcgrt({"cases.csv": pd.DataFrame({"iso": ["FRA"], "cases": [1]})})


def test_a_wide_file_of_another_index_is_rejected_by_name():
    with pytest.raises(ValueError, match=r"ContainmentHealthIndex\.csv: a wide OxCGRT file"):
        read_oxcgrt({"ContainmentHealthIndex.csv": wide(["1", "2", "3"])})


@pytest.mark.parametrize("column", ["RegionCode", "Jurisdiction"])
def test_either_column_alone_separates_national_rows_from_regions(column):
    name = "StringencyIndex.csv"
    frame = wide(["11", "12", "13"]).query("Jurisdiction != 'CITY_TOTAL'")[
        ["CountryCode", column, "30Dec2022", "31Dec2022", "01Jan2023"]
    ]
    assert read_oxcgrt({name: frame})["country"].unique().tolist() == ["FRA"]


def test_the_index_for_display_is_rejected_because_it_repeats_its_last_value():
    with pytest.raises(ValueError, match="a wide OxCGRT file holds one index"):
        read_oxcgrt({"StringencyIndexForDisplay.csv": wide(["1", "2", "3"])})


def test_two_national_rows_for_a_day_are_rejected():
    with pytest.raises(ValueError, match=r"more than one national row.*ESP"):
        read_oxcgrt({"a.csv": pd.concat([EARLY, EARLY.tail(1)])})


def test_a_value_that_is_no_number_is_rejected():
    with pytest.raises(ValueError, match=r"stringency_index is not a number.*'high'"):
        read_oxcgrt({"a.csv": EARLY.assign(StringencyIndex="high")})


def test_a_date_that_is_no_date_is_rejected():
    with pytest.raises(ValueError, match="Date is not YYYYMMDD in row 0: 'soon'"):
        read_oxcgrt({"a.csv": EARLY.assign(Date="soon")})


@pytest.fixture
def daily():
    return pd.DataFrame(
        {
            "country": ["FRA", "FRA", "FRA", "ESP"],
            "day": pd.to_datetime(["2020-01-01", "2020-01-31", "2020-03-05", "2020-04-10"]),
            "stringency_index": [10.0, 30.0, 70.0, 5.0],
            "economic_support_index": [50.0, np.nan, np.nan, 5.0],
        }
    )


def test_each_month_has_a_reason_for_its_value(daily):
    months = month_range("2019-12-01", "2020-04-01").append(pd.DatetimeIndex(["2023-01-01"]))
    policy = monthly_covid_policy(daily, "FRA", months)
    assert policy["reason"].tolist() == [
        "before_tracker",
        "observed",
        "no_data",
        "observed",
        "no_data",
        "after_tracker_end",
    ]
    np.testing.assert_array_equal(policy["stringency_index"], [0, 20, np.nan, 70, np.nan, 0])
    np.testing.assert_array_equal(policy["economic_support_index"], [0, 50, np.nan, np.nan, np.nan, 0])


def test_months_after_the_end_have_no_restrictions(daily):
    policy = monthly_covid_policy(daily, "ESP", month_range("2023-01-01", "2024-06-01"))
    assert policy["stringency_index"].eq(0).all()


def test_an_early_release_knows_nothing_of_the_months_after_it(daily):
    policy = monthly_covid_policy(daily, "ESP", month_range("2020-04-01", "2023-01-01"))
    assert policy["stringency_index"].iloc[0] == 5.0
    assert policy["stringency_index"].iloc[1:-1].isna().all()
    assert policy["reason"].tolist() == ["observed", *["no_data"] * 32, "after_tracker_end"]


def test_a_country_outside_the_tracker_has_no_data_inside_its_months(daily):
    policy = monthly_covid_policy(daily, "XKX", month_range("2022-11-01", "2023-01-01"))
    assert policy["reason"].tolist() == ["no_data", "no_data", "after_tracker_end"]


@pytest.mark.parametrize("empty", [None, read_oxcgrt({})])
def test_without_a_tracker_file_every_month_is_zero_with_a_reason(empty):
    policy = monthly_covid_policy(empty, "FRA", month_range("2020-03-01", "2020-04-01"))
    assert policy["reason"].tolist() == ["no_file", "no_file"]
    assert policy[["stringency_index", "economic_support_index"]].to_numpy().tolist() == [[0, 0], [0, 0]]


@pytest.mark.real_data
def test_the_published_time_series_gives_the_mean_of_its_own_columns():
    folder = pathlib.Path(os.environ["FORECAST_REAL_DATA"]) / "oxcgrt"
    name = "OxCGRT_timeseries_StringencyIndex_v1.csv"
    frame = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    policy = monthly_covid_policy(read_oxcgrt({name: frame}), "FRA", month_range("2020-04-01", "2023-02-01"))
    national = frame[(frame["CountryCode"] == "FRA") & (frame["Jurisdiction"] == "NAT_TOTAL")].iloc[0]
    april = [float(national[f"{day:02d}Apr2020"]) for day in range(1, 31)]
    assert policy["stringency_index"].iloc[0] == pytest.approx(sum(april) / 30)
    assert policy["reason"].value_counts().to_dict() == {"observed": 33, "after_tracker_end": 2}
