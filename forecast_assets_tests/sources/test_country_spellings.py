"""Countries of delivered rows that no market has: whose problem each code is, in every source."""

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import load_settings
from forecast_assets.operations.cycle.cycle_gate import CycleGate
from forecast_assets.sources.country_spellings import country_codes
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.opened import open_sources
from forecast_assets_tests.sources.landing.deliveries import Deliveries

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
SINCE = pd.Timestamp("2024-01-01")
MARKETS = {
    "FR": Market("FR", "France", "FR", "FRA", "Europe", SINCE),
    "DE": Market("DE", "Germany", "DE", "DEU", "Europe", SINCE),
    "AU_NSW": Market("AU_NSW", "New South Wales", "AU", "AUS", "Oceania", SINCE),
    "AU_VIC": Market("AU_VIC", "Victoria", "AU", "AUS", "Oceania", SINCE),
}


def codes(landing, source, market, *months):
    found = country_codes(landing.folder, source, MARKETS, market, list(months))
    return sorted(found.misspelt), sorted(found.unknown)


@pytest.fixture
def landing(tmp_path):
    return Deliveries(tmp_path)


@pytest.mark.parametrize("code", ["Fr", "fr", "FRA", "fra", "France", "F R", "fr."])
def test_a_code_that_only_one_market_can_mean_is_its_problem(landing, code):
    landing.sell_in(f"FR,A,2024-06,5\n{code},A,2024-06,1\nXX,A,2024-06,1\n")
    assert codes(landing, "sell_in", "FR", JUNE) == ([code], ["XX"])
    assert codes(landing, "sell_in", "DE", JUNE) == ([], ["XX"])


@pytest.mark.parametrize("code", ["FR", "FR ", " FR", "FR\u00a0"])
def test_a_code_with_blanks_around_it_is_the_code(landing, code):
    landing.sell_in(f"{code},A,2024-06,5\n")
    assert codes(landing, "sell_in", "FR", JUNE) == ([], [])
    assert landing.rows()["units"].tolist() == [5]


@pytest.mark.parametrize(
    ("code", "market", "is_meant"), [("au-nsw", "AU_NSW", True), ("AUS", "AU_NSW", False), ("Victoria", "AU_VIC", True)]
)
def test_a_code_that_several_markets_can_mean_is_unknown(landing, code, market, is_meant):
    landing.sell_in(f"{code},A,2024-06,5\n")
    assert codes(landing, "sell_in", market, JUNE) == (([code], []) if is_meant else ([], [code]))


def test_a_code_that_is_a_market_of_its_own_means_that_market(landing):
    landing.sell_in("FRA,A,2024-06,5\n")
    markets = MARKETS | {"FRA": Market("FRA", "France retail", "FR", "FRA", "Europe", SINCE)}
    assert country_codes(landing.folder, "sell_in", markets, "FR", [JUNE]).misspelt == {}


def test_facts_are_judged_in_the_months_asked_for_and_plans_in_all(landing):
    landing.sell_in("FR,A,2024-05,5\nfr,A,2024-05,5\nFR,A,2024-06,5\n")
    landing.put("promotions/p.csv", "country,sku,month,is_promoted\nfr,A,2024-05,1\n")
    assert codes(landing, "sell_in", "FR", JUNE) == ([], [])
    assert codes(landing, "sell_in", "FR", MAY) == (["fr"], [])
    assert codes(landing, "promotions", "FR", JUNE) == (["fr"], [])


def test_products_of_all_markets_have_no_code_to_misspell(landing):
    landing.put("products/p.csv", "country,sku,category\n,A,Soups\nfr,B,Soups\n")
    assert codes(landing, "products", "FR", JUNE) == (["fr"], [])


def settings(landing):
    entries = [
        f'  - {{code: "{each.code}", name: "{each.name}", iso2: "{each.iso2}", iso3: "{each.iso3}", region: "Europe", '
        "since: 2024-01-01}\n"
        for each in MARKETS.values()
    ]
    landing.put("markets.yaml", "markets:\n" + "".join(entries))
    variables = {"STORE": "store", "LANDING": "", "MARKETS": "markets.yaml"}
    return load_settings({f"FORECAST_{name}": str(landing.base / path) for name, path in variables.items()})


def test_a_month_that_is_missing_names_its_rows_under_another_spelling(landing):
    landing.sell_in("FR,A,2024-05,5\nfr,A,2024-06,5\n")
    with pytest.raises(LandingError) as caught:
        open_sources(settings(landing)).sell_in("FR", [JUNE])
    assert [(each.file, each.column, each.found[:19]) for each in caught.value.problems] == [
        ("sell_in/", None, "no rows (1 file che"),
        ("sell_in/", "country", "rows of 'fr'"),
    ]


def test_the_arrival_gate_names_rows_under_another_spelling(landing):
    landing.sell_in("FR,A,2024-05,5\nfr,A,2024-06,5\nDE,A,2024-06,5\n")
    gate = CycleGate(settings(landing))
    now = pd.Timestamp("2030-01-01", tz="UTC")
    assert gate.delivery("FR", JUNE, now).lacks == (
        "no sell_in of the month; cannot be read: sell_in has rows of 'fr', another spelling of FR"
    )
    assert gate.delivery("DE", JUNE, now).unreadable == ()
