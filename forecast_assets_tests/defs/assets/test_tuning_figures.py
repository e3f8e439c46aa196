"""Words and figures of a search for a recipe: its progress, its outcome, and its budget."""

import inspect
import logging
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest
from pydantic import ValidationError

from forecast_assets.defs.assets import tuning
from forecast_assets.defs.assets.tuning import TuningBudget, _progress, _trial_figures
from forecast_assets.domain.selection.tuning import TooLittleToTuneError, Trial
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")


def test_trials_are_counted_from_one_and_told_in_the_run_and_to_the_command(caplog):
    told = []
    report = _progress(SimpleNamespace(log=SimpleNamespace(info=told.append)), "FR 2024-06", 50)
    with caplog.at_level(logging.INFO, "forecast_assets.tuning"):
        report(Trial(4, {}, 0.3, -0.05, 0.35), Trial(1, {}, 0.25, 0.01, 0.26))
    line = (
        "FR 2024-06 trial 5 of 50: WAPE 0.3000, bias -0.0500; best so far trial 2: WAPE 0.2500, bias +0.0100"
    )  # fmt: skip
    assert told == caplog.messages == [line]


def test_the_figures_of_a_search_are_of_the_usual_recipe_and_of_the_one_in_force():
    """The usual recipe is tried first; another one is in force."""
    rows = [(0, "tried", "{}", 0.3, 0.1, 0.4), (1, "in_force", '{"leaves": 5}', 0.2, -0.1, 0.3),
            (2, "tried", "{}", 0.9, 0.9, 0.9)]  # fmt: skip
    trials = pd.DataFrame(rows, columns=["trial", "role", "parameters", "wape", "bias", "loss"])
    figures = _trial_figures(trials, JUNE)
    assert figures.pop("parameters_in_force").value == {"leaves": 5}
    assert figures == {
        "trials": 3, "trial_in_force": 1, "wape_usual": 0.3, "bias_usual": 0.1, "wape_in_force": 0.2,
        "bias_in_force": -0.1,
    }  # fmt: skip


def test_a_search_tries_at_least_the_usual_recipe():
    assert (TuningBudget().trials, TuningBudget(trials=1).trials) == (50, 1)
    with pytest.raises(ValidationError):
        TuningBudget(trials=0)


TRIED = pd.DataFrame(
    [(0, "in_force", "{}", 0.3, 0.1, 0.4)], columns=["trial", "role", "parameters", "wape", "bias", "loss"]
)
FEATURES = pd.DataFrame({"month": [pd.Timestamp("2022-03-01"), pd.Timestamp("2022-04-01")]})
SOLD = pd.DataFrame({"month": [pd.Timestamp("2020-01-01"), pd.Timestamp("2022-10-01")]})


def tuned(monkeypatch, *, sell_in=SOLD, error=None, tags=None):
    """Tune FR's June with stand-ins; return what was required, the panel's months, and the metadata."""
    required, spans = [], []

    def search(*_):
        if error:
            raise error
        return TRIED

    panel = SimpleNamespace(with_marks=lambda marks: None)
    quiet = SimpleNamespace(name="quiet", blocking=False, findings=lambda tables: {}, description="")
    monkeypatch.setattr(tuning, "require_marks", lambda asset, _, step, months: required.append((asset, step, months)))
    monkeypatch.setattr(tuning, "panel_from_rows", lambda rows, first, last: spans.append((first, last)) or panel)
    monkeypatch.setattr(tuning.tuning, "tuned_recipe", search)
    monkeypatch.setattr(tuning, "schema_check", lambda _: quiet)
    current = SimpleNamespace(require=lambda country, features: required.append((country, len(features))))
    context = SimpleNamespace(
        run=SimpleNamespace(tags=tags or {}, run_id="run-1"), retry_number=0,
        partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})],
    )  # fmt: skip
    run = inspect.unwrap(tuning.tuned_recipe.op.compute_fn.decorated_fn)
    results = run(
        context, TuningBudget(), loaded(), SimpleNamespace(store=None), current, FEATURES, sell_in, None, None
    )
    *_, output = results
    return required, spans, {name: value.value for name, value in output.metadata.items()}


def test_a_search_requires_the_marks_and_the_code_of_its_features_and_ends_twenty_months_before(monkeypatch):
    required, spans, metadata = tuned(monkeypatch)
    assert required == [("tuned_recipe", PartitionKey(JUNE, "FR"), FEATURES["month"].tolist()), ("FR", 2)]
    last = pd.Timestamp("2022-10-01")
    assert spans == [(pd.Timestamp("2020-01-01"), last)]
    assert "alarms" not in metadata
    assert tuned(monkeypatch, sell_in=SOLD.iloc[:0])[1] == [(last, last)]


def test_a_search_that_an_alarm_asked_for_names_it_beside_its_figures(monkeypatch):
    tags = {"forecast/alarms": "FR: WAPE", "forecast/retune_budget": "1 of 4"}
    _, _, metadata = tuned(monkeypatch, tags=tags)
    assert (metadata["alarms"], metadata["retunes_of_the_month"], metadata["trials"]) == ("FR: WAPE", "1 of 4", 1)


def test_a_market_with_too_little_to_tune_on_fails_once_by_name(monkeypatch):
    with pytest.raises(dg.Failure, match="FR 2024-06: too little") as caught:
        tuned(monkeypatch, error=TooLittleToTuneError("too little"))
    assert not caught.value.allow_retries
