"""Checks of the totals over markets: those that are missing, and those that left the markets file."""

import pandas as pd
import pytest

from forecast_assets.validation.demand_checks import totals_checks

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")


def test_totals_name_the_markets_that_are_not_in_and_go_on():
    check = {each.name: each for each in totals_checks({JUNE: {"FR"}}, ["FR", "NO", "NA"], {})}["markets_complete"]
    finding = check.find(pd.DataFrame(), JUNE)
    assert not check.blocking
    assert finding.message == "without NA, NO: rebuild the month once they have delivered, to include them"
    assert check.find(pd.DataFrame(), pd.Timestamp("2023-06-01")).violations == 3


def test_totals_of_all_markets_count_them():
    check = {each.name: each for each in totals_checks({JUNE: {"FR", "NO"}}, ["FR", "NO"], {})}["markets_complete"]
    finding = check.find(pd.DataFrame(), JUNE)
    assert (finding.violations, finding.figures) == (0, {"markets": 2})


@pytest.mark.parametrize(
    ("unlisted", "markets", "is_warning"),
    [
        ({}, [], False),
        ({"DE": {JUNE}, "ES": {MAY}}, ["DE"], False),
        ({"DE": {MAY}, "ES": {MAY}}, ["DE", "ES"], True),
    ],
)
def test_a_market_that_left_the_file_blocks_its_months_and_warns_in_others(unlisted, markets, is_warning):
    check = {each.name: each for each in totals_checks({}, [], unlisted)}["markets_listed"]
    finding = check.find(pd.DataFrame(), JUNE)
    assert (finding.violations, finding.is_warning) == (len(markets), is_warning)
    if markets:
        assert finding.rows["market"].tolist() == markets
        assert finding.message.startswith(f"{', '.join(markets)}: stored, but no longer in the markets file")
