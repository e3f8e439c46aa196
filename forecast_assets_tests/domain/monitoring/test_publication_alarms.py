"""A market whose challenger is held, or whose publication is a fallback, is told with names, reason and units."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.monitoring.publication_alarms import publication_verdicts
from forecast_assets.domain.publication.published_forecasts import LAST_PUBLISHED

NO_CHAMPION = pd.DataFrame(columns=["outcome", "reason", "recipe_id", "challenger_id"])


def published(*sources, reason="no forecasts of this month were made"):
    """One SKU of 10, 20, .. units per source, over two months."""
    rows = [
        {"sku": f"S{number}", "source": source, "reason": reason, "forecast_units": 5.0 * (number + 1)}
        for number, source in enumerate(sources)
        for _ in range(2)
    ]
    return pd.DataFrame(rows)


def champion(outcome, challenger=0.25, incumbent=0.2):
    row = {
        "outcome": outcome, "reason": "12.0 % worse; backtest WAPE 0.25", "recipe_id": "old", "challenger_id": "new",
        "wape_challenger": challenger, "wape_champion": incumbent,
    }  # fmt: skip
    return pd.DataFrame([row])


@pytest.mark.parametrize("outcome", ["held", "refused"])
def test_a_challenger_that_is_held_or_refused_is_told_with_both_recipes(outcome):
    held, fallback = publication_verdicts(published("champion", "champion"), champion(outcome))
    assert (held.kind, held.is_alarm, held.headline, held.weight) == ("challenger_held", True, "12.0 % worse", 30.0)
    assert held.facts == (
        ("in force", "old"), ("challenger", "new"), ("WAPE challenger", "25.0%"), ("WAPE champion", "20.0%"),
    )  # fmt: skip
    assert (fallback.kind, fallback.is_alarm) == ("fallback_published", False)


def test_a_wape_that_is_not_known_is_no_fact():
    held, _ = publication_verdicts(published("champion"), champion("held", incumbent=np.nan))
    assert [name for name, _ in held.facts] == ["in force", "challenger", "WAPE challenger"]


@pytest.mark.parametrize("decided", [champion("promoted"), NO_CHAMPION])
def test_a_challenger_that_forecasts_or_no_decision_is_no_alarm(decided):
    held, _ = publication_verdicts(published("model"), decided)
    assert (held.kind, held.is_alarm) == ("challenger_held", False)


@pytest.mark.parametrize(
    ("source", "words"), [("baseline", "the baseline"), (LAST_PUBLISHED, "the last published forecast again")]
)
def test_a_fallback_is_told_with_its_source_reason_skus_and_units(source, words):
    _, verdict = publication_verdicts(published("model", source, source), NO_CHAMPION)
    assert (verdict.kind, verdict.is_alarm, verdict.weight) == ("fallback_published", True, 50.0)
    assert verdict.headline == f"published is {words}: no forecasts of this month were made"
    assert verdict.facts == (("source", source), ("SKUs", "2"))


def test_an_override_of_single_skus_is_no_fallback():
    _, verdict = publication_verdicts(published("model", "override"), NO_CHAMPION)
    assert verdict.is_alarm is False


def test_of_several_fallbacks_the_first_one_is_named():
    first, second = published("baseline", reason="first"), published(LAST_PUBLISHED, reason="second")
    _, verdict = publication_verdicts(pd.concat([first, second]), NO_CHAMPION)
    assert verdict.headline == "published is the baseline: first"
    assert verdict.facts[0] == ("source", "baseline")
    _, alone = publication_verdicts(first.iloc[:1], NO_CHAMPION)
    assert alone.headline == "published is the baseline: first"
