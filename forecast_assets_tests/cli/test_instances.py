"""The configurations of Dagster we ship: they load, and their queue keeps runs of one market apart."""

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_run_for_test
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from forecast_assets.cli.prepare import LAPTOP, prepare_instance

ORIGIN = RemoteJobOrigin(
    RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("forecast_assets.definitions"), "__repository__"),
    "monthly_cycle",
)
SERVER = Path(__file__).parents[2] / "deploy" / "dagster.yaml"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return prepare_instance()


def content(file) -> dict:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", [LAPTOP, SERVER], ids=["laptop", "server"])
def test_each_is_one_that_dagster_takes_with_telemetry_off_and_limits_on(file):
    configuration = content(file)
    checked = validate_config(dagster_instance_config_schema(), configuration)
    assert checked.success, checked.errors
    assert configuration["telemetry"] == {"enabled": False}
    assert configuration["run_monitoring"]["max_runtime_seconds"] == 7200
    assert configuration["run_retries"] == {
        "enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False,
    }  # fmt: skip


@pytest.mark.parametrize("file", [LAPTOP, SERVER], ids=["laptop", "server"])
def test_queued_runs_wait_an_hour_for_a_code_location_that_cannot_be_loaded(file, tmp_path):
    configuration = content(file) | {"storage": {"sqlite": {"base_dir": str(tmp_path)}}}
    for other in ("compute_logs", "event_log_storage"):
        configuration.pop(other, None)
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
    assert queue.max_user_code_failure_retries * queue.user_code_failure_retry_delay == 3600
    assert queue.tag_concurrency_limits == content(file)["concurrency"]["runs"]["tag_concurrency_limits"]


def test_laptop_and_server_keep_the_same_runs_apart():
    limits = [content(file)["concurrency"]["runs"]["tag_concurrency_limits"] for file in (LAPTOP, SERVER)]
    assert limits[0] == limits[1]


def test_prepare_writes_it_once_and_never_over_ones_own(home):
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == LAPTOP.read_text(encoding="utf-8")
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    prepare_instance()
    assert content(home / "dagster.yaml") == {"telemetry": {"enabled": False}}


def dequeued(home, *queued: dict[str, str]) -> list[int]:
    """Places of the runs that the queue would start at once, of those that wait with these tags."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = [
            create_run_for_test(instance, status=dg.DagsterRunStatus.QUEUED, tags=tags, remote_job_origin=ORIGIN).run_id
            for tags in queued
        ]
        daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)
        dequeued = daemon._get_runs_to_dequeue(instance, instance.get_concurrency_config(), fixed_iteration_time=None)
        return [runs.index(run.run_id) for run in dequeued]


def test_of_two_runs_of_a_market_one_waits_and_the_next_market_goes_on(home):
    france, germany = {"forecast/market": "FR"}, {"forecast/market": "DE"}
    assert dequeued(home, france, france, germany) == [0, 2]


def test_a_run_that_somebody_clicked_waits_for_the_cycle_of_its_market(home):
    cycle = {"forecast/market": "FR", "dagster/partition/country": "FR"}
    assert dequeued(home, cycle, {"dagster/partition/country": "FR"}, {"dagster/partition/country": "DE"}) == [0, 2]


def test_totals_go_before_live_markets_and_those_before_shadows(home):
    waiting = [{"forecast/market": code, "dagster/priority": priority}
               for code, priority in (("NO", "5"), ("FR", "10"), ("all_markets", "20"))]  # fmt: skip
    assert dequeued(home, *waiting) == [2, 1]
