"""The notation that a folder states: separators of numbers and the scale of discounts, by market."""

import pandas as pd
import pytest

from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.landing.arrivals import delivery_of, market_files
from forecast_assets_tests.sources.landing.deliveries import CODES, SELL_IN

JUNE, NOW = pd.Timestamp("2024-06-01"), pd.Timestamp("2030-07-10", tz="UTC")


def deliver(landing, cells, name="FR.csv", country="FR"):
    rows = [f'{country},S{number},2024-06,"{cell}"\n' for number, cell in enumerate(cells)]
    return landing.put(f"sell_in/{name}", SELL_IN + "".join(rows))


def state(landing, text, source="sell_in"):
    return landing.put(f"{source}/_notation.yaml", text)


def units(landing, market="FR"):
    return landing.rows(market=market).sort_values("sku")["units"].tolist()


def refusal(landing, source="sell_in", market="FR"):
    with pytest.raises(LandingError) as error:
        landing.rows(source, market)
    return str(error.value)


@pytest.mark.parametrize(
    ("entry", "cells", "expected"),
    [
        ('decimal: ",", thousands: "."', ["1.250", "950", "1.250,5", "-3,25"], [1250, 950, 1250.5, -3.25]),
        ('thousands: "."', ["1.234.567", "12"], [1234567, 12]),
        ('decimal: "."', ["1.250", "950"], [1.25, 950]),
        ('decimal: ","', ["1,250", "950"], [1.25, 950]),
        ('decimal: ".", thousands: ","', ["1,250", "1,250.75"], [1250, 1250.75]),
        ('decimal: ",", thousands: " "', ["1 250", "1\u00a0250,5", "1\u202f250"], [1250, 1250.5, 1250]),
        ("""decimal: ".", thousands: "'" """, ["1'250.5", "1\u2019250"], [1250.5, 1250]),
        ('decimal: ",", thousands: "."', ["1.5e3", ""], [1500.0]),
    ],
)
def test_numbers_are_read_in_the_stated_notation(landing, entry, cells, expected):
    state(landing, f"FR: {{{entry}}}\n")
    assert units(deliver(landing, [cell for cell in cells if cell])) == expected


def test_a_cell_of_another_notation_than_the_stated_one_is_refused(landing):
    state(landing, 'FR: {decimal: ",", thousands: "."}\n')
    text = refusal(deliver(landing, ["1.250", "1.25", "12.34.567"]))
    assert (
        'sell_in/FR.csv, column units, rows 2, 3: found "1.25", "12.34.567"; expected a number as '
        'sell_in/_notation.yaml states (decimal: ",", thousands: ".")' in text
    )


def test_the_entry_of_a_market_counts_before_that_of_all(landing):
    state(landing, 'all: {thousands: "."}\nDE: {decimal: "."}\n')
    deliver(landing, ["1.250"])
    deliver(landing, ["1.250"], "DE.csv", "DE")
    assert (units(landing), units(landing, "DE")) == ([1250], [1.25])


def test_the_advice_of_a_refusal_is_what_makes_the_file_readable(landing):
    deliver(landing, ["1.250", "950"])
    assert (
        'or state the notation: FR: {decimal: ",", thousands: "."} in sell_in/_notation.yaml reads 1250, '
        '{decimal: "."} reads 1.25' in refusal(landing)
    )
    assert units(state(landing, 'FR: {decimal: ",", thousands: "."}')) == [1250, 950]
    assert units(state(landing, 'FR: {decimal: "."}')) == [1.25, 950]


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("1.250,5", 'or state their notation: FR: {decimal: ",", thousands: "."} in sell_in/_notation.yaml.'),
        ("1,250", '{decimal: ",", thousands: "."} in sell_in/_notation.yaml or {decimal: ".", thousands: ","}.'),
        ("1'250", """FR: {decimal: ".", thousands: "'"} in sell_in/_notation.yaml"""),
    ],
)
def test_numbers_of_another_notation_are_refused_with_the_entry_that_reads_them(landing, cell, advice):
    assert advice in refusal(deliver(landing, [cell]))


def test_words_are_refused_without_advice_on_notation(landing):
    assert "notation" not in refusal(deliver(landing, ["many"]))
    assert "notation" not in refusal(deliver(landing, ["1.250,5", "many"]))


def promotions(landing, *discounts):
    rows = [f"FR,S{number},2024-06,{discount}\n" for number, discount in enumerate(discounts)]
    return landing.put("promotions/FR.csv", "country,sku,month,discount_pct\n" + "".join(rows))


def discounts(landing):
    return landing.rows("promotions").sort_values("sku")["discount_pct"].tolist()


def test_discounts_are_read_at_the_stated_scale(landing):
    promotions(landing, 25, 1, 0.5)
    assert "or state that all are percentages: FR: {discount_pct: percent} in promotions/_notation.yaml" in refusal(
        landing, "promotions"
    )
    state(landing, "FR: {discount_pct: percent}", "promotions")
    assert discounts(landing) == pytest.approx([0.25, 0.01, 0.005])
    state(landing, "FR: {discount_pct: fraction}", "promotions")
    assert discounts(promotions(landing, 1, 0.5)) == [1.0, 0.5]


@pytest.mark.parametrize(("scale", "discount"), [("percent", 150), ("fraction", 25)])
def test_a_discount_above_the_whole_price_contradicts_the_stated_scale(landing, scale, discount):
    state(promotions(landing, discount), f"FR: {{discount_pct: {scale}}}", "promotions")
    assert f'column discount_pct, row 1: found "{discount}"; expected a number' in refusal(landing, "promotions")


def test_a_stated_scale_leaves_ambiguous_points_refused(landing):
    promotions(landing, "1.250")
    state(landing, "FR: {discount_pct: percent}", "promotions")
    assert "expected numbers that show if a point separates" in refusal(landing, "promotions")


def test_numbers_that_are_no_text_keep_their_value(landing):
    state(landing, 'FR: {decimal: ",", thousands: "."}')
    frame = pd.DataFrame({"country": "FR", "sku": ["S0"], "month": "2024-06", "units": [1.125]})
    landing.put("sell_in/FR.parquet", frame)
    assert units(landing) == [1.125]
    landing.put("sell_in/FR.parquet", frame.assign(units="1.125"))
    assert units(landing) == [1125]


WRONG = {
    "no entry": ("", "no entries by market"),
    "no YAML": ("FR: {decimal", "expected ',' or '}'"),
    "another market": ('XX: {decimal: ","}', "'XX', which is no market"),
    "Norway without quotes": ('NO: {decimal: ","}', "a code such as NO needs quotes"),
    "a list": ("- FR", "no entries by market"),
    "a key twice": ('FR: {decimal: ","}\nFR: {decimal: "."}', "key 'FR' is given twice"),
    "not UTF-8": (b"FR: {decimal: '\xe9'}", "invalid continuation byte"),
}
WRONG_FOR_FR = {
    "a misspelt market": ('fr: {decimal: ","}', "'fr', which is no market; did you mean FR?"),
    "a misspelt key": ('FR: {decimals: ","}', "FR: the key 'decimals'; did you mean decimal?"),
    "another separator": ('FR: {decimal: ";"}', "FR: decimal ';', which is none of '.', ','"),
    "one separator for both": ('FR: {decimal: ".", thousands: "."}', "FR: '.' for decimals and thousands"),
    "no keys": ("FR: 5", "FR: 5, which has none of the keys decimal, thousands"),
    "a discount in sell-in": ("FR: {discount_pct: percent}", "FR: the key 'discount_pct'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_states_nothing_readable_stops_every_market(landing, case):
    content, found = WRONG[case]
    state(landing, content)
    deliver(landing, ["5"])
    deliver(landing, ["5"], "DE.csv", "DE")
    for market in ("FR", "DE"):
        text = refusal(landing, market=market)
        assert text.splitlines()[1].startswith("  1. sell_in/_notation.yaml: found ")
        assert found in text
        assert f'expected entries by market, such as {market}: {{decimal: ",", thousands: "."}}' in text


@pytest.mark.parametrize("case", WRONG_FOR_FR)
def test_a_wrong_entry_stops_its_own_market_alone(landing, case):
    content, found = WRONG_FOR_FR[case]
    state(landing, content)
    deliver(landing, ["5"])
    deliver(landing, ["5"], "DE.csv", "DE")
    assert found in refusal(landing)
    assert units(landing, "DE") == [5]


def test_the_arrival_gate_names_a_wrong_notation_of_every_source(landing):
    deliver(landing, ["5"])
    state(landing, "FR: {discount_pct: half}", "promotions")
    found = delivery_of(landing.folder, "FR", JUNE, CODES, NOW, 60)
    assert found.unreadable == (
        "promotions/_notation.yaml: found FR: discount_pct 'half', which is none of 'percent', 'fraction'",
    )


def test_a_stated_notation_is_part_of_what_arrived_and_no_unread_file(landing):
    deliver(landing, ["5"])
    before = market_files(landing.folder, "FR", CODES).fingerprint
    state(landing, 'FR: {decimal: ","}')
    files = market_files(landing.folder, "FR", CODES)
    assert files.fingerprint != before
    assert [each.relative for each in files.states] == ["sell_in/FR.csv", "sell_in/_notation.yaml"]
    assert landing.folder.unread("sell_in", "FR") == []


def test_a_notation_in_a_folder_below_is_named_as_not_read(landing):
    deliver(landing, ["5"])
    landing.put("sell_in/2024/_notation.yaml", 'FR: {decimal: ","}')
    assert [each.relative for each in landing.folder.unread("sell_in", "FR")] == ["sell_in/2024/_notation.yaml"]
