"""Records in a real MLflow store on SQLite: found again, grouped, superseded, completed, and written at once."""

import json

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from forecast_assets.tracking.mlflow_tracking import CycleRuns, MlflowTracking, TrackingUnavailable
from forecast_assets_tests.processes import CONTEXT, started
from forecast_assets_tests.tracking.conftest import PATIENCE_SECONDS, cycle_record, record_at_once

OTHER_METRICS = pd.DataFrame({"horizon_months": [1, 2], "model_wape": [0.3, 0.4]})


@pytest.fixture
def tracking(tracking_uri):
    return MlflowTracking(tracking_uri=tracking_uri, experiment_name="forecast")


@pytest.fixture
def client(tracking_uri):
    return MlflowClient(tracking_uri=tracking_uri)


def runs_of(client, role):
    experiment = client.get_experiment_by_name("forecast")
    return client.search_runs([experiment.experiment_id], f"tags.`forecast.role` = '{role}'")


def test_a_run_carries_what_it_is_searched_and_judged_by(tracking, client):
    recorded = tracking.record_cycle(cycle_record())
    run = client.get_run(recorded.run_id)
    expected = {
        "forecast.cycle_id": "dev-2024-06",
        "forecast.market": "FR",
        "forecast.origin_month": "2024-06-01",
        "forecast.git_sha": "0a1b2c3",
        "dagster_run_id": "first-run",
        "mlflow.parentRunId": recorded.parent_run_id,
        "mlflow.runName": "FR 2024-06",
    }
    assert {name: run.data.tags.get(name) for name in expected} == expected
    assert run.data.params == {"learning_rate": "0.05", "recipe": "pooled"}
    assert run.data.metrics["model_wape"] == 0.15
    assert run.info.status == "FINISHED"
    assert recorded.url is None


def test_the_duration_of_training_is_that_of_the_first_record(tracking, client):
    first = tracking.record_cycle(cycle_record(training_seconds=12.5)).run_id
    assert tracking.record_cycle(cycle_record(training_seconds=40.0)).run_id == first
    assert [point.value for point in client.get_metric_history(first, "training_seconds")] == [12.5]


def test_a_run_has_its_description_and_further_files(tracking, client, tmp_path):
    record = cycle_record(description="**FR**", files={"plots/importance.svg": "<svg/>"})
    run_id = tracking.record_cycle(record).run_id
    assert client.get_run(run_id).data.tags["mlflow.note.content"] == "**FR**"
    [folder] = (tmp_path / "mlflow_artifacts").rglob(f"{run_id}/artifacts")
    assert (folder / "plots" / "importance.svg").read_text() == "<svg/>"


def test_the_experiment_has_a_view_with_figures_as_columns_and_keeps_a_persons_description(tracking, client):
    tracking.record_cycle(cycle_record())
    experiment = client.get_experiment_by_name("forecast")
    state = json.loads(experiment.tags["mlflow.sharedViewState.forecasts"])
    assert "metrics.`wape_model`" in state["selectedColumns"]
    assert state["searchFilter"] == "tags.`forecast.role` = 'market'"
    assert state["orderByKey"] != "attributes.start_time"  # Runs of markets would be folded away.
    link = f"#/experiments/{experiment.experiment_id}/runs?viewStateShareKey=forecasts"
    assert link in experiment.tags["mlflow.note.content"]
    client.set_experiment_tag(experiment.experiment_id, "mlflow.note.content", "ours")
    tracking.record_cycle(cycle_record(cycle_id="dev-2024-07"))
    assert client.get_experiment_by_name("forecast").tags["mlflow.note.content"] == "ours"


def test_metrics_by_horizon_are_steps(tracking, client):
    run_id = tracking.record_cycle(cycle_record()).run_id
    history = client.get_metric_history(run_id, "baseline_bias_by_horizon")
    assert [(point.step, point.value) for point in history] == [(1, -0.1), (2, 0.0), (3, 0.3)]
    assert [point.step for point in client.get_metric_history(run_id, "model_wape_by_horizon")] == [1, 2]


def test_features_and_model_are_plain_text_beside_the_database(tracking, tmp_path):
    run_id = tracking.record_cycle(cycle_record()).run_id
    [folder] = (tmp_path / "mlflow_artifacts").rglob(f"{run_id}/artifacts")
    assert (folder / "features.txt").read_text() == "sell_in_lag_12\nsell_out_mean_3\n"
    assert (folder / "model" / "manifest.json").read_text() == '{"cutoff": "2024-06"}'
    assert (folder / "model" / "h01.txt").read_text() == "tree\n"


def test_the_same_record_again_is_the_same_run_without_second_points(tracking, client):
    first = tracking.record_cycle(cycle_record())
    again = tracking.record_cycle(cycle_record(dagster_run_id="second-run"))
    assert again == first
    assert len(client.get_metric_history(first.run_id, "baseline_bias_by_horizon")) == 3
    assert client.get_run(first.run_id).data.tags["dagster_run_id"] == "second-run"


def test_two_markets_share_the_parent_of_their_cycle_and_the_next_month_has_its_own(tracking, client):
    france = tracking.record_cycle(cycle_record())
    spain = tracking.record_cycle(cycle_record(market="ES"))
    july = tracking.record_cycle(cycle_record(cycle_id="dev-2024-07", origin_month=pd.Timestamp("2024-07-01")))
    assert france.parent_run_id == spain.parent_run_id != july.parent_run_id
    assert len({france.run_id, spain.run_id, july.run_id}) == 3
    parents = runs_of(client, "cycle")
    assert {run.info.run_name for run in parents} == {"dev-2024-06", "dev-2024-07"}
    assert {run.info.status for run in parents} == {"FINISHED"}


@pytest.mark.parametrize("change", [{"parameters": {"learning_rate": 0.1}}, {"metrics_by_horizon": OTHER_METRICS}])
def test_other_content_gets_a_new_run_and_the_old_one_says_so(tracking, client, change):
    old = tracking.record_cycle(cycle_record())
    neighbour = tracking.record_cycle(cycle_record(market="ES"))
    new = tracking.record_cycle(cycle_record(**change))
    assert new.run_id != old.run_id
    assert new.parent_run_id == old.parent_run_id
    assert client.get_run(old.run_id).data.tags["forecast.superseded_by"] == new.run_id
    assert client.get_run(old.run_id).data.params["learning_rate"] == "0.05"
    for current in (new, neighbour):
        assert "forecast.superseded_by" not in client.get_run(current.run_id).data.tags


def test_stores_on_one_server_neither_supersede_nor_update_each_others_runs(tracking, client):
    ours = tracking.record_cycle(cycle_record(store_id="ours"))
    theirs = tracking.record_cycle(cycle_record(store_id="theirs", parameters={"recipe": "market"}))
    same = tracking.record_cycle(cycle_record(store_id="theirs"))
    again = tracking.record_cycle(cycle_record(store_id="ours"))
    assert len({ours.run_id, theirs.run_id, same.run_id}) == 3
    assert again.run_id == ours.run_id
    assert ours.parent_run_id == theirs.parent_run_id
    marks = {run_id: client.get_run(run_id).data.tags.get("forecast.superseded_by")
             for run_id in (ours.run_id, theirs.run_id, same.run_id)}  # fmt: skip
    assert marks == {ours.run_id: None, theirs.run_id: same.run_id, same.run_id: None}


def test_a_run_that_names_no_store_belongs_to_the_store_that_kept_it(tracking, client):
    old = tracking.record_cycle(cycle_record())
    other = tracking.record_cycle(cycle_record(store_id="theirs", parameters={"recipe": "market"}))
    assert "forecast.superseded_by" not in client.get_run(old.run_id).data.tags
    own = tracking.record_cycle(cycle_record(store_id="ours", earlier_run_id=old.run_id))
    assert own.run_id == old.run_id
    assert client.get_run(old.run_id).data.tags["forecast.store"] == "ours"
    assert "forecast.superseded_by" not in client.get_run(other.run_id).data.tags


def test_content_that_returns_gets_a_run_of_its_own_and_not_the_superseded_one(tracking, client):
    first = tracking.record_cycle(cycle_record())
    second = tracking.record_cycle(cycle_record(parameters={"recipe": "market"}))
    third = tracking.record_cycle(cycle_record())
    assert third.run_id != first.run_id
    assert client.get_run(first.run_id).data.tags["forecast.superseded_by"] == second.run_id
    current = [run for run in runs_of(client, "market") if "forecast.superseded_by" not in run.data.tags]
    assert [run.info.run_id for run in current] == [third.run_id]


def test_a_run_that_broke_off_before_its_files_is_completed_by_the_next_attempt(tracking_uri, client, tmp_path):
    blocked = tmp_path / "artifacts"
    blocked.write_text("a file where a folder should be")
    tracking = MlflowTracking(tracking_uri=tracking_uri, experiment_name="forecast", artifact_location=blocked.as_uri())
    with pytest.raises(TrackingUnavailable, match="recording FR of dev-2024-06"):
        tracking.record_cycle(cycle_record())
    [broken] = runs_of(client, "market")
    assert broken.info.status == "RUNNING"
    blocked.unlink()
    recorded = tracking.record_cycle(cycle_record())
    assert recorded.run_id == broken.info.run_id
    assert client.get_run(recorded.run_id).info.status == "FINISHED"
    assert {file.path for file in client.list_artifacts(recorded.run_id)} == {"features.txt", "model"}


def test_a_deleted_experiment_is_named_with_the_command_that_restores_it(tracking, client):
    tracking.record_cycle(cycle_record())
    experiment_id = client.get_experiment_by_name("forecast").experiment_id
    client.delete_experiment(experiment_id)
    with pytest.raises(TrackingUnavailable, match=f"restore --experiment-id {experiment_id}"):
        tracking.record_cycle(cycle_record())


class ClientWithRival:
    """A client during one of whose calls another process makes a run of its own."""

    def __init__(self, client, call, **rival):
        self.client, self.call, self.rival, self.rival_id = client, call, rival, None
        self.experiment_id = client.create_experiment("forecast")

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def with_rival(*args, **kwargs):
            if self.rival_id is None:
                self.rival_id = self.client.create_run(self.experiment_id, **self.rival).info.run_id
            return method(*args, **kwargs)

        return with_rival if name == self.call else method


OLDER_PARENT = {"start_time": 1, "tags": {"forecast.role": "cycle", "forecast.cycle_id": "dev-2024-06"}}


@pytest.mark.parametrize("call", ["create_run", "log_artifacts"])
def test_a_parent_made_by_another_process_meanwhile_wins_if_it_is_older(client, call):
    rivalled = ClientWithRival(client, call, **OLDER_PARENT)
    run_id, parent_run_id = CycleRuns(rivalled, rivalled.experiment_id).record(cycle_record())
    assert parent_run_id == rivalled.rival_id
    assert client.get_run(run_id).data.tags["mlflow.parentRunId"] == rivalled.rival_id


def test_a_parent_that_lost_is_deleted(client):
    rivalled = ClientWithRival(client, "create_run", **OLDER_PARENT)
    CycleRuns(rivalled, rivalled.experiment_id).record(cycle_record())
    deleted = client.search_runs([rivalled.experiment_id], run_view_type=ViewType.DELETED_ONLY)
    assert [run.data.tags["forecast.role"] for run in deleted] == ["cycle"]
    assert [run.info.run_id for run in runs_of(client, "cycle")] == [rivalled.rival_id]


def test_a_newer_run_of_another_process_is_not_superseded_by_an_older_one(client):
    newer = cycle_record(parameters={"recipe": "market"})
    rivalled = ClientWithRival(client, "log_artifacts", start_time=4_000_000_000_000, tags=newer.tags())
    CycleRuns(rivalled, rivalled.experiment_id).record(cycle_record())
    assert "forecast.superseded_by" not in client.get_run(rivalled.rival_id).data.tags


@pytest.fixture(scope="module")
def answers_of_two_processes(tmp_path_factory):
    """Two new processes record a market each in a store that does not exist yet; the store and what each answered."""
    barrier, answers = CONTEXT.Barrier(2), CONTEXT.Queue()
    tracking_uri = f"sqlite:///{tmp_path_factory.mktemp('at_once') / 'new' / 'mlflow.db'}"
    processes = [started(record_at_once, tracking_uri, market, barrier, answers) for market in ("FR", "ES")]
    answered = [answers.get(timeout=PATIENCE_SECONDS) for _ in processes]
    for process in processes:
        process.join(timeout=PATIENCE_SECONDS)
    return tracking_uri, answered


def test_two_processes_at_once_make_one_store_and_one_parent(answers_of_two_processes):
    tracking_uri, answered = answers_of_two_processes
    client = MlflowClient(tracking_uri=tracking_uri)
    [parent] = runs_of(client, "cycle")
    assert [parent_run_id for parent_run_id, _ in answered] == [parent.info.run_id] * 2
    assert {run.data.tags["forecast.market"] for run in runs_of(client, "market")} == {"FR", "ES"}


def test_mlflow_is_not_imported_before_something_is_recorded(answers_of_two_processes):
    _, answered = answers_of_two_processes
    assert [imported_before for _, imported_before in answered] == [False, False]
