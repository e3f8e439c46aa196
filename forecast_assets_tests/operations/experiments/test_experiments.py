"""Experiments through Dagster: one MLflow run per Dagster run, the champion as reference, and nothing in the store."""

import dataclasses
import shutil
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

import forecast_assets as fa
from forecast_assets.definitions import build_definitions
from forecast_assets.domain.selection.experiment import ExperimentError
from forecast_assets.operations.cycle.launch import QUIET, failures_of
from forecast_assets.operations.experiments import experiment as runs
from forecast_assets.operations.experiments.experiment import check_request, run_requested, with_extra
from forecast_assets.operations.experiments.request import ExperimentRequest, parsed_members, parsed_settings
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.domain.small_market import EARLIER_ORIGINS
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.storage.examples import run

pytestmark = pytest.mark.heavy

FEWER = ExperimentRequest("FR", "fewer trees", settings={"rounds": "10", "refit_rounds": "5"}, origins=2)


def run_job(variables: dict[str, str], address: str, **config) -> dg.ExecuteInProcessResult:
    definitions = build_definitions(loaded(**variables | {"MLFLOW_TRACKING_URI": address}))
    return definitions.resolve_job_def("experiments").execute_in_process(
        run_config=QUIET | {"ops": {"experiment": {"config": {"country": "FR", "origins": 1, **config}}}},
        raise_on_error=False,
    )


def files_of(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def mlflow_client(tmp_path_factory):
    from mlflow import MlflowClient

    address = f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"
    return address, MlflowClient(address)


def test_each_dagster_run_has_one_mlflow_run_that_ends_as_it_does(variables, small_store, mlflow_client, tmp_path):
    address, client = mlflow_client
    before = files_of(small_store)
    good = run_job(variables, address, name="fewer trees", settings=["rounds=10"], folder=str(tmp_path / "out"))
    bad = run_job(variables, address, name="misspelt", without=["promotion"])
    assert (good.success, bad.success) == (True, False)
    assert "Did you mean promotions?" in failures_of(bad)[0]
    assert files_of(small_store) == before
    (experiment,) = client.search_experiments(filter_string="name = 'forecast_assets_dev_experiments'")
    recorded = {run.data.tags["dagster_run_id"]: run for run in client.search_runs([experiment.experiment_id])}
    assert {run_id: run.info.status for run_id, run in recorded.items()} == {
        good.run_id: "FINISHED", bad.run_id: "FAILED",
    }  # fmt: skip
    run = recorded[good.run_id]
    assert run.info.run_name == "fewer trees"
    returned = good.output_for_node("experiment")
    assert run.data.metrics["wape_ratio"] == pytest.approx(returned.outcome.comparison.ratio)
    lags = client.get_metric_history(run.info.run_id, "wape_experiment_by_horizon")
    assert [point.step for point in sorted(lags, key=lambda point: point.step)] == list(range(1, 19))
    first = returned.outcome.accuracy.query("kind == 'lag' and group == '1' and method == 'experiment'")["wape"].iloc[0]
    assert min(lags, key=lambda point: point.step).value == pytest.approx(first)
    assert run.data.params["changes"] == "rounds 10 instead of 20"
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"wape_by_lag.png", "wape_by_group.png", "importance.png", "accuracy.csv", "cells.parquet"} <= names
    assert names == {path.name for path in (tmp_path / "out").iterdir()}
    assert all(path.stat().st_size > 1000 for path in (tmp_path / "out").glob("*.png"))


def test_an_experiment_runs_without_mlflow(variables):
    assert run_job(variables, "", name="without MLflow", without=["promotions"], members=["ridge_on_lags"]).success


def test_a_request_that_cannot_be_run_is_named_before_anything_is_read(settings, small_store, tmp_path):
    store = TableStore(str(small_store))
    for change, message in (
        ({"country": "XX"}, "no market 'XX' in .*markets.yaml; known: FR, DE, BR, MX"),
        ({"without": ("sellout",)}, r"no family and no feature 'sellout'\. Did you mean sell-out\?"),
        ({"settings": {"round": "1"}}, r"no setting 'round'\. Did you mean rounds\?"),
        ({"members": {"ridge_on_lag": None}}, r"no member 'ridge_on_lag'\. Did you mean ridge_on_lags\?"),
        ({"month": pd.Timestamp("2030-01-01")}, "FR has no features of 2030-01; it has 2018-03 to 2020-09"),
    ):
        with pytest.raises(ExperimentError, match=message):
            check_request(settings, store, dataclasses.replace(FEWER, **change))
    empty = TableStore(str(tmp_path))
    with pytest.raises(ExperimentError, match="FR has no history to experiment on: no features are stored"):
        check_request(settings, empty, FEWER)


def test_an_experiment_that_changes_nothing_is_not_run(settings, small_store):
    with pytest.raises(ExperimentError, match="changes nothing: its recipe is that of the default recipe: FR has no"):
        run_requested(settings, TableStore(str(small_store)), ExperimentRequest("FR", "nothing"))


def test_features_that_lack_what_the_code_builds_stop_the_experiment(settings, small_store, tmp_path):
    shutil.copytree(small_store, tmp_path / "store")
    store = TableStore(str(tmp_path / "store"))
    partition = PartitionKey(EARLIER_ORIGINS[0], "FR")
    rows = store.read("features", [partition]).drop(columns=["country", "month", "sell_in_lag_3"])
    store.write(table_specs()["features"], partition, rows, run())
    with pytest.raises(ExperimentError, match=r"lacks sell_in_lag_3, .* --from 2018-03 --to 2018-03 --assets"):
        run_requested(settings, store, FEWER)


def test_a_feature_from_a_notebook_is_learned_from_by_the_experiment_alone(settings, monkeypatch):
    monkeypatch.setattr(runs, "load_settings", lambda: settings)
    features = fa.open_store(settings.store.address).table("features", "FR")
    extra = features[["sku", "origin_month"]].assign(row_number=range(len(features)))
    outcome = fa.run_experiment("FR", "rows", extra=extra, origins=1, settings=["kept_features=999"])
    assert outcome.changes == ("kept_features 999 instead of 120", "with row_number")
    assert "row_number" in set(outcome.outcome.importance["feature"])


def test_extra_features_that_do_not_fit_are_explained():
    features = pd.DataFrame({"sku": ["A", "B"], "origin_month": pd.Timestamp("2024-01-01"), "adi": [1.0, 2.0]})
    keys = features[["sku", "origin_month"]]
    joined = with_extra(features, keys.head(1).assign(rain=3))
    assert joined["rain"].fillna(-1).tolist() == [3.0, -1.0]
    for extra, message in (
        (features[["sku", "adi"]], "extra features need sku, origin_month, got sku, adi"),
        (features, "extra features need new columns: adi exist already"),
        (keys, "there is no column besides the keys"),
        (pd.concat([keys, keys]).assign(rain=1), "two rows of one sku and origin_month"),
    ):
        with pytest.raises(ExperimentError, match=message):
            with_extra(features, extra)


def test_the_notation_of_settings_and_members():
    assert parsed_settings(["rounds=300", "member_weights=recursive:1"]) == {
        "rounds": "300", "member_weights": "recursive:1",
    }  # fmt: skip
    assert parsed_members(["a", "b=0.2"]) == {"a": None, "b": 0.2}
    for parse, text, message in (
        (parsed_settings, "rounds", "a setting reads rounds=300, got 'rounds'"),
        (parsed_settings, "rounds=", "a setting reads rounds=300"),
        (parsed_members, "a=much", "a member reads ridge_on_lags or ridge_on_lags=0.2, got 'a=much'"),
        (parsed_members, "a=-1", "the weight of a member must be at least 0, got 'a=-1'"),
    ):
        with pytest.raises(ExperimentError, match=message):
            parse([text])
    with pytest.raises(ExperimentError, match="needs a name"):
        ExperimentRequest("FR", " ")


def test_rows_are_a_change_only_where_they_were_asked_for(settings, small_store):
    """The backtest fits both sides with the company's rows: the champion's own number tells nothing."""
    rows = ExperimentRequest("FR", "rows", settings={"training_rows": "2000"}, origins=1)
    result = run_requested(settings, TableStore(str(small_store)), rows)
    assert result.changes == ("training_rows 2000 instead of 1000",)
    assert not result.outcome.is_identical
