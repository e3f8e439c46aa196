"""Public holidays at an origin are those known then."""

from datetime import date

import holidays
import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import holiday_calendar
from forecast_assets.domain.features.calendar import calendar_features
from forecast_assets.domain.holiday_announcements import ANNOUNCED
from forecast_assets.domain.known_holidays import known_from_months


def knows(iso2: str, origin: str, day: str) -> bool:
    """Tell if a day is a holiday as known at the end of a month."""
    year = int(day[:4])
    return np.datetime64(day) in holiday_calendar(iso2, year - 2, year + 1).at(f"{origin}-01").days


@pytest.mark.parametrize(
    ("iso2", "day", "last_month_without", "first_month_with"),
    [
        # New: signed on 17 June 2021, first observed on Friday 18 June.
        ("US", "2021-06-18", "2021-03", "2021-06"),
        ("US", "2022-06-20", "2021-05", "2021-06"),
        # One-off: coronation and jubilee as announced, the funeral in the month it took place.
        ("GB", "2023-05-08", "2022-10", "2022-11"),
        ("GB", "2022-06-03", "2020-10", "2020-11"),
        ("GB", "2022-09-19", "2022-08", "2022-09"),
        ("AU", "2022-09-22", "2022-08", "2022-09"),
        # New and listed with its law; new and not listed.
        ("BR", "2024-11-20", "2023-11", "2023-12"),
        ("ID", "2017-06-01", "2016-05", "2016-06"),
        # Decreed for one year under a name used before; decreed every year; a working day moved by decree.
        ("KR", "2020-08-17", "2020-07", "2020-08"),
        ("AR", "2016-07-08", "2015-11", "2015-12"),
        ("VN", "2024-04-29", "2023-11", "2023-12"),
    ],
)
def test_a_holiday_counts_from_the_month_in_which_it_was_known(iso2, day, last_month_without, first_month_with):
    assert not knows(iso2, last_month_without, day)
    assert knows(iso2, first_month_with, day)


@pytest.mark.parametrize(
    ("iso2", "origin", "day"),
    [
        ("US", "2021-03", "2021-07-05"),  # observed on a Monday: the rule of a Sunday is old
        ("FR", "2023-11", "2025-05-08"),
        ("GB", "2021-12", "2023-05-29"),
        ("TR", "2023-01", "2024-04-10"),  # feast of the Islamic calendar
    ],
)
def test_holidays_by_an_old_rule_are_known_ahead(iso2, origin, day):
    assert knows(iso2, origin, day)


def test_a_renamed_holiday_on_the_same_date_stays_known(monkeypatch):
    renamed = {date(year, 3, 1): "Old name" if year < 2022 else "New name" for year in range(2008, 2024)}
    monkeypatch.setattr(holidays, "country_holidays", lambda *_, **__: renamed)
    days, months = known_from_months.__wrapped__("ZZ", 2021, 2023)
    assert dict(zip(days.astype(str), months.astype(str), strict=True)) == {
        "2021-03-01": "2008-03", "2022-03-01": "2020-03", "2023-03-01": "2021-03",
    }  # fmt: skip


@pytest.mark.parametrize("iso2", ["FR", "MX", "IT", "NL", "IN"])
def test_countries_without_new_holidays_have_all_days_at_every_origin(iso2):
    listed = holiday_calendar(iso2, 2018, 2025)
    for origin in pd.date_range("2018-01-01", "2024-06-01", freq="MS"):
        ahead = (listed.days > np.datetime64(origin)) & (listed.days < np.datetime64(origin + pd.DateOffset(months=19)))
        assert np.isin(listed.days[ahead], listed.at(origin).days).all()


def test_every_announcement_names_a_day_that_the_library_lists_and_lies_before_it():
    for iso2, months in ANNOUNCED.items():
        for day, month in months.items():
            assert date.fromisoformat(day) in holidays.country_holidays(iso2, years=int(day[:4])), (iso2, day)
            assert month <= day[:7], (iso2, day)


def test_features_of_june_2021_in_the_united_states_have_juneteenth_from_june_on():
    march = calendar_features(pd.Timestamp("2021-03-01"), "US", 1)
    june = calendar_features(pd.Timestamp("2021-06-01"), "US", 1)
    # Without it June has no federal holiday and 22 working days; in 2022 it falls on a Sunday, observed on Monday.
    assert (march["public_holidays_h03"][0], march["working_days_h03"][0]) == (0, 22)
    assert (march["public_holidays_h15"][0], march["working_days_h15"][0]) == (0, 22)
    assert (june["public_holidays_h12"][0], june["working_days_h12"][0]) == (2, 21)
