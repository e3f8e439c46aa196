"""Sentences: every language has every one, with the same facts."""

import string

import pandas as pd
import pytest

from forecast_assets.domain.languages import LANGUAGES
from forecast_assets.domain.reasons.sentences import MONTHS, TEMPLATES, sentence

MARCH = pd.Timestamp("2024-03-01")


def facts_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_language_names_the_same_facts(key):
    assert len(TEMPLATES[key]) == len(LANGUAGES)
    assert len({frozenset(facts_of(template)) for template in TEMPLATES[key]}) == 1
    assert len(set(TEMPLATES[key])) == len(LANGUAGES)


def test_every_language_has_twelve_months():
    assert {language: len(set(names)) for language, names in MONTHS.items()} == dict.fromkeys(LANGUAGES, 12)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Promotion of Mar 2024 not repeated: \u22121\u202f200 units."),
        ("fr", "Promotion de mars 2024 non répétée : \u22121\u202f200 unités."),
        ("de", "Aktion von März 2024 nicht wiederholt: \u22121\u202f200 Stück."),
        ("es", "Promoción de mar. 2024 no repetida: \u22121\u202f200 unidades."),
    ],
)
def test_months_and_units_are_written_as_people_read_them(language, expected):
    assert sentence(language, "promotion_not_repeated", then=MARCH, signed=-1200.0) == expected


def test_a_gain_has_a_plus_and_a_sentence_begins_with_a_capital():
    text = sentence("fr", "one_off_below", then=MARCH, signed=12.0)
    assert text.startswith("Mars 2024")
    assert text.endswith("+12 unités.")


def test_an_unknown_language_names_the_known_ones():
    with pytest.raises(ValueError, match="no sentences in 'it'; languages: en, fr, de, es"):
        sentence("it", "rest", signed=1.0)
