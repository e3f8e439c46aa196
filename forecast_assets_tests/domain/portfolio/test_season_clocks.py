import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.portfolio.season_clocks import clocks, expected_path

# Easter: 21 April 2019, 12 April 2020, 4 April 2021, 17 April 2022.
MONTHS = pd.date_range("2019-01-01", "2022-12-01", freq="MS")


def clock(name, months=MONTHS):
    return next(each for each in clocks(months) if each.name == name)


def test_the_calendar_expects_the_weighted_mean_of_the_same_month_of_earlier_years():
    units = np.zeros(36)
    units[[11, 23, 35]] = 100, 200, 400
    path = expected_path(units, clock("calendar"))
    assert np.isnan(path[:12]).all()
    # The last year weighs half of 1, 1/2, 1/4: (400 + 200 / 2 + 100 / 4) / (7 / 4).
    assert path[[23, 35, 47]] == pytest.approx([100, (200 + 50) / 1.5, 300])
    assert path[36:47].tolist() == [0.0] * 11


def test_an_unknown_month_does_not_count():
    units = np.zeros(36)
    units[[11, 23, 35]] = 100, np.nan, 400
    assert expected_path(units, clock("calendar"))[[35, 47]] == pytest.approx([100, (400 + 100 / 4) / 1.25])


def test_a_festival_moves_the_month():
    at = clock("lunar_new_year")
    # 5 February 2019, 25 January 2020, 12 February 2021, 1 February 2022.
    units = np.zeros(36)
    units[[1, 12, 25]] = 100
    assert np.flatnonzero(expected_path(units, at)[36:]).tolist() == [1]
    assert at.place[[1, 12, 25, 37]].tolist() == [6] * 4


def test_shopping_days_split_a_season_over_its_months():
    units = np.zeros(36)
    # 30 days up to Easter: from 22 March 2019 on, 13 March 2020, 5 March 2021, 18 March 2022.
    units[[2, 3, 14, 15, 26, 27]] = 100, 200, 190, 110, 270, 30
    path = expected_path(units, clock("easter, 30 days"))
    assert path[[38, 39]] == pytest.approx([300 * 14 / 30, 300 * 16 / 30])
    assert path[36:].sum() == pytest.approx(300)


def test_a_season_that_is_not_over_has_no_total():
    units = np.zeros(27)
    units[[2, 3, 14, 15, 26]] = 100, 200, 190, 110, 900
    assert expected_path(units, clock("easter, 30 days"))[36:].sum() == pytest.approx(300)


def test_a_season_that_began_before_the_history_has_no_total():
    months = MONTHS[3:]
    units = np.zeros(33)
    units[[0, 11, 12, 23, 24]] = 50, 190, 110, 270, 30
    assert expected_path(units, clock("easter, 30 days", months))[33:].sum() == pytest.approx(300)


def test_a_season_has_its_total_as_soon_as_its_days_are_over():
    units = np.zeros(28)
    units[[2, 3, 14, 15, 26, 27]] = 100, 200, 190, 110, 540, 60
    # The last season weighs half: (600 + 300 / 2 + 300 / 4) / (7 / 4).
    assert expected_path(units, clock("easter, 30 days"))[36:].sum() == pytest.approx(825 / 1.75)
