"""Words and figures of a search for a recipe: its progress, its outcome, and its budget."""

import logging
from types import SimpleNamespace

import pandas as pd
import pytest
from pydantic import ValidationError

from forecast_assets.defs.assets.tuning import TuningBudget, _progress, _trial_figures
from forecast_assets.domain.selection.tuning import Trial

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
