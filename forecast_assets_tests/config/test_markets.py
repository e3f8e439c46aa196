"""Markets files: accepted content, and the message for each file that cannot be used."""

from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.config.markets import MarketsError, forecast_markets, load_markets, month_of
from forecast_assets_tests.config.market_entries import entry

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "markets.yaml"


@pytest.fixture
def load(file):
    def load_entries(*entries: str):
        file.write_text("\n".join(["markets:", *entries]) + "\n", encoding="utf-8")
        return load_markets(file)

    return load_entries


@pytest.fixture
def problems(load):
    def problems_of(*entries: str) -> list[str]:
        with pytest.raises(MarketsError) as caught:
            load(*entries)
        return str(caught.value).splitlines()

    return problems_of


def test_the_markets_of_the_repository_load_and_are_all_live():
    markets = load_markets(REPOSITORY / "markets.yaml")
    assert list(markets) == ["FR", "DE", "BR", "MX"]
    assert {market.stage for market in markets.values()} == {"live"}


def test_a_market_has_what_its_entry_says_and_defaults_for_the_rest(load):
    market = load(entry(since="2019-03"))["FR"]
    assert (market.name, market.iso2, market.iso3, market.region) == ("France", "FR", "FRA", "Europe")
    assert (market.since, market.stage, market.missing_month) == (pd.Timestamp("2019-03-01"), "live", "zero")


def test_markets_keep_the_order_of_the_file(load):
    assert list(load(entry(code='"ZZ"'), entry(), entry(code='"AA"'))) == ["ZZ", "FR", "AA"]


def test_retired_markets_are_listed_but_no_longer_forecast(load):
    markets = load(entry(), entry(code='"DE"', stage="retired"), entry(code='"ES"', stage="shadow"))
    assert list(markets) == ["FR", "DE", "ES"]
    assert forecast_markets(markets) == ["FR", "ES"]


def test_an_unquoted_NO_is_a_boolean_to_yaml_and_the_message_says_quote_it(problems):
    lines = problems(entry(code="NO", iso2="NO", name="Norway"))
    assert lines[0].endswith("markets.yaml: 2 problem(s):")
    assert lines[1:] == [
        '  - entry 1 (False): code: expected text, got False (bool); quote it, as in code: "NO"',
        '  - entry 1 (False): iso2: expected text, got False (bool); quote it, as in iso2: "NO"',
    ]


def test_NO_and_NA_are_markets_like_any_other_and_NA_needs_no_quotes(load):
    assert list(load(entry(code='"NO"'), entry(code="NA", iso2="NA"))) == ["NO", "NA"]


def test_every_problem_of_every_entry_is_listed(problems):
    lines = problems(
        entry(regoin="Europe", region=None),
        entry(code="france", since="2019-01-15"),
        entry(code='"DE"', stage="alive", missing_month="none", iso3='"GER1"', name='""'),
        "  - Spain",
    )
    assert lines[0].endswith("markets.yaml: 9 problem(s):")
    assert lines[1].startswith("  - entry 1 (FR): unknown key 'regoin'; did you mean 'region'? Known: code, name, ")
    assert lines[2:8] == [
        "  - entry 1 (FR): key 'region' is missing",
        "  - entry 2 (france): code: expected 2 to 10 of A-Z, 0-9 and _, got 'france'",
        "  - entry 2 (france): since: expected the first day of a month, like 2019-01-01, got '2019-01-15'",
        "  - entry 3 (DE): name: must not be empty",
        "  - entry 3 (DE): iso3: expected 3 capital letters, got 'GER1'",
        "  - entry 3 (DE): stage: expected one of shadow, live, retired, got 'alive'",
    ]
    assert lines[8] == "  - entry 3 (DE): missing_month: expected one of zero, unknown, got 'none'"
    assert lines[-1].startswith("  - entry 4: expected keys ['code', 'name', ")
    assert lines[-1].endswith("got 'Spain'")


def test_a_code_given_twice_is_refused(problems):
    assert problems(entry(), entry(name="Francia"))[1:] == ["  - market code 'FR' is given 2 times"]


def test_lists_as_codes_are_named_and_do_not_stop_the_reading_of_the_rest(problems):
    lines = problems(entry(code="[FR]"), entry(code="[FR]"))
    assert [line.split("; ")[0] for line in lines[1:]] == [
        "  - entry 1 (['FR']): code: expected text, got ['FR'] (list)",
        "  - entry 2 (['FR']): code: expected text, got ['FR'] (list)",
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2019", "2019"),
        ("5", "5"),
        ("today", "today"),
        ("null", "None"),
        ('"2019-02-30"', "2019-02-30"),
        ("1066-01-01", "1066-01-01"),
        ("2019-01-01T00:00:00Z", "2019-01-01 00:00:00+00:00"),
    ],
)
def test_since_is_a_month_and_nothing_that_a_lenient_parser_makes_of_a_text(problems, written, shown):
    assert problems(entry(since=written))[1:] == [
        f"  - entry 1 (FR): since: expected a month like 2019-01, got '{shown}'"
    ]


@pytest.mark.parametrize("text", ["2024-6", "202406", "01/2024", "Jan2024", "2024-q1", "nat", "2024-13", ""])
def test_a_month_is_written_in_one_way(text):
    with pytest.raises(ValueError, match="expected a month like 2019-01, got"):
        month_of(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a non-empty list under the key 'markets', got None"),
        (b"markets: []", "expected a non-empty list under the key 'markets', got []"),
        (b"- FR\n- DE", "expected a non-empty list under the key 'markets', got None"),
        (b"market: [FR", "not valid YAML: while parsing a flow sequence"),
        (b"markets:\n  - {since: 2019-02-30}", "not valid YAML: day is out of range for month"),
        (b"markets:\n  - {name: C\xf4te}", "not UTF-8: "),
    ],
)
def test_a_file_that_lists_no_markets_is_refused_with_what_was_found(file, content, message):
    file.write_bytes(content)
    with pytest.raises(MarketsError) as caught:
        load_markets(file)
    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_missing_file_says_which_variable_names_it(file):
    with pytest.raises(MarketsError, match=r"markets\.yaml: no such markets file\. Set FORECAST_MARKETS"):
        load_markets(file)


def test_a_market_may_have_a_teams_channel_of_its_own(load):
    markets = load(entry(), entry(code='"JP"', teams_channel="ASIA_2"))
    assert [market.teams_channel for market in markets.values()] == ["", "ASIA_2"]


def test_the_address_of_a_webhook_in_the_markets_file_is_refused_and_not_repeated(problems):
    secret = "https://x.logic.azure.com/workflows/1?sig=canary"
    [problem] = problems(entry(teams_channel=f'"{secret}"'))[1:]
    assert "TEAMS_WEBHOOK_URL_<name>" in problem
    assert "canary" not in problem


def test_a_market_may_have_a_language_of_its_own(load, problems):
    markets = load(entry(), entry(code='"JP"', language="de"))
    assert [market.language for market in markets.values()] == ["en", "de"]
    (_, problem) = problems(entry(language="it"))
    assert "language: expected one of en, fr, de, es, got 'it'" in problem


def test_a_market_may_have_limits_of_its_own(load):
    market = load(entry(max_wape="0.35", max_bias="1"))["FR"]
    assert (market.max_wape, market.max_bias) == (0.35, 1)
    assert load(entry())["FR"].max_wape is None


@pytest.mark.parametrize("value", ["35", "0", "-0.1", '"0.35"', "true", ".nan", ".inf", "[0.3]"])
def test_a_limit_that_is_no_fraction_is_refused_with_what_is_expected(problems, value):
    texts = problems(entry(max_wape=value))
    assert len(texts) == 2
    assert "entry 1 (FR): max_wape: expected a fraction above 0, like 0.35 for 35 %, got" in texts[1]


@pytest.mark.parametrize(("key", "value"), [("name", '" France"'), ("region", '"Europe\u00a0"'), ("name", '"a\\nb"')])
def test_names_and_regions_are_one_line_without_blanks_around_them(problems, key, value):
    (_, problem) = problems(entry(**{key: value}))
    assert f"{key}: expected text on one line without blanks around it" in problem


def test_an_empty_name_may_not_be_made_of_blanks(problems):
    assert problems(entry(name='"  "'))[1].endswith("name: must not be empty")


def test_a_region_that_is_written_in_two_ways_is_refused(problems):
    (_, problem) = problems(entry(region="Latin America"), entry(code='"DE"', region="latin  america"))
    assert problem == "  - one region is written 'Latin America' and 'latin  america'; write it in one way"


def test_a_market_may_state_its_currency(load, problems):
    markets = load(entry(), entry(code='"NO"', currency="NOK"))
    assert [market.currency for market in markets.values()] == ["", "NOK"]
    (_, problem) = problems(entry(currency="kr"))
    assert "currency: expected 3 capital letters, got 'kr'" in problem
