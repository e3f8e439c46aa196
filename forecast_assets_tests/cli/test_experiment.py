"""The command of experiments: what it refuses before anything runs, and what it prints."""

import dataclasses
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.domain.evaluation.paired_comparison import compare_paired
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.experiment import Outcome, accuracy
from forecast_assets.operations.experiments.experiment import ExperimentResult
from forecast_assets.operations.experiments.request import ExperimentRequest
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.cli.company_folders import set_company
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.storage.examples import run

EXPERIMENT = import_module("forecast_assets.cli.experiment")
MONTH = pd.Timestamp("2024-06-01")


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command in a company with features of one month; no job runs."""
    set_company(monkeypatch, tmp_path)
    row = {"sku": "A", "origin_month": MONTH, "category": "Tea", "abc_class": "A", "xyz_class": "X"}
    frame = pd.DataFrame([row | {"inputs_missing": "", "scale_units": 1.0, "adi": np.float32(1)}])
    TableStore(str(tmp_path / "store")).write(table_specs()["features"], PartitionKey(MONTH, "FR"), frame, run())
    monkeypatch.setattr(EXPERIMENT, "prepare_instance", lambda: None)
    monkeypatch.setattr(EXPERIMENT, "_launched", lambda config: pytest.fail(f"a job ran with {config}"))
    return lambda *arguments: CliRunner().invoke(app, ["experiment", "--name", "test", *arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--country", "FR", "--without", "promotion"], "Did you mean promotions? Families: sell-out, promotions,"),
        (["--country", "FR", "--without", "adu"], "no family and no feature 'adu'. Did you mean adi?"),
        (["--country", "FR", "--set", "round=3"], "no setting 'round'. Did you mean rounds? Settings: "),
        (["--country", "FR", "--set", "rounds"], "a setting reads rounds=300, got 'rounds'"),
        (["--country", "FR", "--member", "ridge"], "no member 'ridge'."),
        (["--country", "FR", "--month", "2024-05"], "FR has no features of 2024-05; it has 2024-06 to 2024-06"),
        (["--country", "DE"], "DE has no history to experiment on: no features are stored. Run forecast-assets cycle"),
        (["--country", "XX"], "no market XX"),
    ],
)
def test_a_request_that_cannot_be_run_exits_with_2_and_the_next_step(command, arguments, message):
    result = command(*arguments)
    assert result.exit_code == 2, result.output
    assert message in unboxed(result.output)


def outcome() -> ExperimentResult:
    cells = pd.DataFrame(
        {
            "sku": ["A", "B"], "origin_month": MONTH, "horizon_months": [1, 2], "abc_class": "A", "xyz_class": "X",
            "category": "Tea", "actual_units": [10.0, 20.0], "model_units": [11.0, 20.0],
            "champion_units": [10.0, 25.0], "baseline_units": [10.0, 20.0], "naive_units": 0.0,
        }
    )  # fmt: skip
    importance = pd.DataFrame({"feature": ["adi"], "family": ["own history"], "gain": [1.0], "shap": [1.0]})
    compared = compare_paired(cells, "model_units", "champion_units")
    result = Outcome(cells, compared, accuracy(cells), importance, (MONTH,))
    request = ExperimentRequest("FR", "test")
    return ExperimentResult(request, MONTH, Recipe(), "champion abc", ("rounds 300 instead of 200",), result)


def test_the_result_is_printed_with_its_verdict(command, monkeypatch):
    given = []
    monkeypatch.setattr(EXPERIMENT, "_launched", lambda config: given.append(config) or outcome())
    result = command("--country", "FR", "--set", "rounds=300", "--without", "adi", "--origins", "2", "--out", "here")
    assert result.exit_code == 0, result.output
    assert given == [
        {
            "country": "FR", "name": "test", "without": ["adi"], "settings": ["rounds=300"], "members": [],
            "origins": 2, "month": "", "folder": "here",
        }
    ]  # fmt: skip
    text = unboxed(result.output)
    assert "changed: rounds 300 instead of 200" in text
    assert "not decidable (1 origins, 2 SKUs; needs 3 origins and 30 SKUs) against the champion abc" in text
    # WAPE 1 / 30 of the experiment, 5 / 30 of the champion; 0.2000 of lag 2 of the champion is 5 / 20.
    assert "3.3%" in text
    assert "16.7%" in text
    assert "tables and plots are in here" in text


def test_a_change_without_any_effect_is_said():
    same = outcome()
    cells = same.outcome.cells.assign(champion_units=same.outcome.cells["model_units"])
    identical = dataclasses.replace(same, outcome=dataclasses.replace(same.outcome, cells=cells))
    assert identical.verdict.startswith("no effect: every forecast is that of the champion abc.")
    assert same.verdict.startswith("not decidable")
