"""The sentence of a part follows from what last year and the forecast have of the cause."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.reasons.causes import CAUSES
from forecast_assets.domain.reasons.last_year import Differences
from forecast_assets.domain.reasons.part_sentences import PartFacts, part_sentence


def sentence_of(cause: str, units: float, now: float = 0.0, then: float = 0.0, planned: bool = False) -> str:
    parts = np.zeros((1, 18, len(CAUSES)))
    parts[0, 0, CAUSES.index(cause)] = units
    cells = [np.full((1, 18), value) for value in (110.0, now, then)]
    differences = Differences(parts, cells[0], np.array([100.0]), *cells[1:])
    return part_sentence(PartFacts(differences, (0, 0), pd.Timestamp("2024-03-01"), planned, "en"), cause)


@pytest.mark.parametrize(
    ("now", "then", "planned", "text"),
    [
        (50, 0, True, "Promotion planned: +50 units."),
        (50, 0, False, "Promotions expected from earlier years: +50 units."),
        (5, 60, False, "Promotion of Mar 2024 not repeated: \u221255 units."),
        (90, 60, True, "Promotions: +30 units, an effect of 90 instead of 60 in Mar 2024."),
    ],
)
def test_a_promotion_is_new_or_repeated_or_not(now, then, planned, text):
    assert sentence_of("promotion", now - then, now, then, planned) == text


def test_a_month_below_its_usual_level_raises_the_forecast():
    assert sentence_of("one_off", 40) == "Mar 2024 was below its usual level and season: +40 units."
    assert sentence_of("one_off", -40) == "Mar 2024 was above its usual level and season: \u221240 units."


def test_a_level_names_both_levels():
    assert sentence_of("level", 10) == "Level: +10 units, 110 a month instead of 100."
