"""Reasons of publications and overrides in the languages of the markets, as the code writes them."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.paired_comparison import PairedComparison
from forecast_assets.domain.languages import LANGUAGES
from forecast_assets.domain.publication.fallback import NO_FORECASTS, NO_RECIPE
from forecast_assets.domain.publication.override_entries import OVERRIDE_REASONS
from forecast_assets.domain.publication.published_forecasts import decide
from forecast_assets.domain.reasons.decision_sentences import OVERRIDES, decision_in, override_reason_in

NO_CELLS = pd.DataFrame(columns=["sku", "origin_month", "actual_units", "model_units", "baseline_units", "naive_units"])


def scored(model: float, skus: int = 40, actual: float = 100.0) -> pd.DataFrame:
    parts = [
        pd.DataFrame({
            "sku": np.arange(skus).astype(str), "origin_month": pd.Timestamp(f"2024-0{month}-01"),
            "actual_units": actual, "model_units": model, "baseline_units": 125.0, "naive_units": 130.0,
        })
        for month in (1, 2, 3)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


WRITTEN = [
    decide(NO_CELLS).reason, decide(scored(110.0)).reason, decide(scored(110.0, skus=2)).reason,
    decide(scored(150.0)).reason, decide(scored(150.0).assign(champion_units=np.nan), "champion").reason,
    decide(scored(125.0)).reason, decide(scored(1.0, actual=0.0)).reason, NO_FORECASTS, NO_RECIPE.reason,
    f"{NO_FORECASTS} and no baseline; stale since 2024-05", "no recipe is left that may forecast",
]  # fmt: skip
ENGLISH = {"the", "and", "of", "model", "worse", "better", "against", "baseline", "no", "needs"}


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("reason", WRITTEN)
def test_no_part_of_a_written_reason_stays_english(language, reason):
    translated = decision_in(language, reason)
    assert translated != reason
    words = set(translated.replace(",", " ").replace(";", " ").split())
    assert words & (ENGLISH - ({"no"} if language == "es" else set())) == set()


def test_figures_stay_in_their_places():
    assert decision_in("fr", decide(scored(110.0)).reason) == (
        "WAPE au backtest : modèle 10.0%, Holt-Winters 25.0%, naïf 30.0% ; contre Holt-Winters : "
        "meilleur (rapport des WAPE 0.400, intervalle à 90 % de 0.400 à 0.400)"
    )
    assert decision_in("de", decide(scored(110.0, skus=2)).reason) == (
        "WAPE im Backtest: Modell 10.0%, Holt-Winters 25.0%, naiv 30.0%; gegen Holt-Winters: "
        "nicht entscheidbar (3 Ursprünge, 2 SKUs; nötig sind 3 Ursprünge und 30 SKUs)"
    )
    assert decision_in("es", "no forecasts of this month were made and no baseline; stale since 2024-05") == (
        "no se hicieron previsiones de este mes ni de referencia; la última es de 2024-05"
    )


def test_each_verdict_is_translated():
    ranges = {"besser": (0.8, 0.9), "schlechter": (1.1, 1.2), "kein Unterschied": (0.9, 1.1)}
    for word, (low, high) in ranges.items():
        assert decision_in("de", PairedComparison(1.0, low, high, 0.5, 40, 3).in_words).startswith(f"{word} (")


def test_in_english_nothing_changes_and_other_words_stay():
    assert [decision_in("en", reason) for reason in WRITTEN] == WRITTEN
    assert decision_in("fr", "refused by Ann: it was too high") == "refused by Ann: it was too high"


def test_the_reason_of_a_number_is_translated_and_the_comment_is_not():
    reason = "event: the better fair (replaces 120 by A. Martin (self-declared)) (approved by bob (signed in))"
    assert override_reason_in("de", reason) == (
        "Ereignis: the better fair (ersetzt 120 von A. Martin (nach eigener Angabe)) (genehmigt von bob (angemeldet))"
    )
    assert override_reason_in("en", reason) == reason
    assert override_reason_in("fr", "my own words") == "my own words"
    assert set(OVERRIDES) == set(OVERRIDE_REASONS)
