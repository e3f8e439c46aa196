"""Suggested ISO codes: by code, by name, and none where the two disagree."""

import pytest

from forecast_assets.config.country_codes import close_countries, country_of, country_with
from forecast_assets.sample import SAMPLE_MARKETS


@pytest.mark.parametrize(
    ("code", "name", "iso3"),
    [("NO", "Norway", "NOR"), ("NAM", "our south", "NAM"), ("UK", "United Kingdom", "GBR"), ("NA", "Namibia", "NAM")],
)
def test_a_country_is_known_by_its_code_or_its_name(code, name, iso3):
    assert country_of(code, name).iso3 == iso3


@pytest.mark.parametrize("market", SAMPLE_MARKETS, ids=lambda market: market.code)
def test_every_market_of_the_sample_is_known_by_its_code_and_name(market):
    country = country_of(market.code, market.name)
    assert (country.iso2, country.iso3) == (market.iso2, market.iso3)


def test_a_code_and_a_name_of_two_countries_are_nobodys():
    assert country_of("SA", "Australia") is None
    assert country_of("NSW", "New South Wales") is None


def test_the_second_code_follows_from_the_first_and_a_misspelt_name_is_close_to_its_country():
    assert country_with("AU").iso3 == "AUS"
    assert country_with("XX") is None
    assert close_countries("Norwey")[0].iso2 == "NO"


def test_at_most_three_countries_are_close():
    # Ireland, Iran and Iceland; Greenland, Finland and others are further.
    assert [country.iso2 for country in close_countries("Irland")] == ["IE", "IR", "IS"]
