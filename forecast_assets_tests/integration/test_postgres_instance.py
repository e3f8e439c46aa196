"""The instance of deploy/dagster.yaml: records in a PostgreSQL, logs of steps in Blob storage, both read back."""

import contextlib
import socket
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import sqlalchemy
import trustme
from azure.storage.blob import BlobServiceClient
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._core.storage.compute_log_manager import ComputeIOType
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from forecast_assets.config.settings import load_settings
from forecast_assets.definitions import build_definitions
from forecast_assets.sample import write_sample_company
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.integration.azurite_server import ACCOUNT, KEY, start_azurite
from forecast_assets_tests.integration.postgres_server import Postgres, start_postgres

pytestmark = pytest.mark.integration

DEPLOYED = Path(__file__).parents[2] / "deploy" / "dagster.yaml"
SUFFIX, CONTAINER = "core.azurite.test", "dagster-logs"
MONTH, DATABASE = "2024-12-01", "dagster"


@pytest.fixture(scope="module")
def postgres():
    with start_postgres() as server:
        server.make_database(DATABASE)
        yield server


@pytest.fixture(scope="module")
def environment():
    """Patches of this process that last as long as the module's services."""
    patch = pytest.MonkeyPatch()
    yield patch
    patch.undo()


@pytest.fixture(scope="module")
def blobs(tmp_path_factory, environment):
    """Blob storage over TLS under the host names that dagster-azure builds: they lead to loopback here."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    certificate = authority.issue_cert(f"{ACCOUNT}.blob.{SUFFIX}")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for number, part in enumerate(certificate.cert_chain_pems):
        part.write_to_path(folder / "cert.pem", append=number > 0)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    resolve = socket.getaddrinfo

    def to_loopback(host, *arguments, **named):
        return resolve("127.0.0.1" if str(host).endswith(SUFFIX) else host, *arguments, **named)

    environment.setattr(socket, "getaddrinfo", to_loopback)
    environment.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
    certificate_options = ("--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem"))
    with start_azurite(*certificate_options, scheme="https") as server:
        suffix = f"{SUFFIX}:{server.url.split(':')[2].split('/')[0]}"
        client = BlobServiceClient(f"https://{ACCOUNT}.blob.{suffix}", credential=KEY)
        client.create_container(CONTAINER)
        environment.setenv("DAGSTER_LOGS_ENDPOINT_SUFFIX", suffix)
        yield client.get_container_client(CONTAINER)


@pytest.fixture(scope="module")
def instance(postgres, blobs, environment, tmp_path_factory):
    """Dagster as a server has it."""
    for name, value in {
        "DAGSTER_POSTGRES_HOST": postgres.host,
        "DAGSTER_POSTGRES_PORT": str(postgres.port),
        "DAGSTER_POSTGRES_USER": postgres.user,
        "DAGSTER_POSTGRES_PASSWORD": postgres.password,
        "DAGSTER_POSTGRES_DB": DATABASE,
        "FORECAST_AZURE_ACCOUNT": ACCOUNT,
        "DAGSTER_LOGS_CONTAINER": CONTAINER,
        "DAGSTER_LOGS_KEY": KEY,
    }.items():
        environment.setenv(name, value)
    home = tmp_path_factory.mktemp("dagster_home")
    (home / "dagster.yaml").write_text(DEPLOYED.read_text(encoding="utf-8"), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@pytest.fixture(scope="module")
def cycle(instance, tmp_path_factory):
    """A small market's cycle through that instance; the runs by job, and the store."""
    base = tmp_path_factory.mktemp("company")
    write_sample_company(
        base / "landing", markets=1, skus=6, months=30, last_month=MONTH, markets_file=base / "markets.yaml"
    )
    settings = load_settings(
        {
            "FORECAST_STORE": str(base / "store"),
            "FORECAST_LANDING": str(base / "landing"),
            "FORECAST_MARKETS": str(base / "markets.yaml"),
            "FORECAST_TRAINING_ROWS": "1000",
            "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
            "FORECAST_BOOSTING_ROUNDS": "20",
            "FORECAST_MAX_THREADS": "1",
            "MLFLOW_TRACKING_URI": "",
        }
    )
    code = next(iter(settings.market_table))
    runs = {}
    for job, first, last in (
        ("ingest", "2022-07-01", MONTH),
        ("market_features", "2023-06-01", "2024-11-01"),
        ("monthly_cycle", MONTH, MONTH),
    ):
        definition = build_definitions(settings).resolve_job_def(job)
        keys = [str(dg.MultiPartitionKey({"month": month, "country": code})) for month in (first, last)]
        span = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[1]}
        runs[job] = definition.execute_in_process(
            instance=instance,
            partition_key=keys[0] if first == last else None,
            tags=span if first != last else {},
            raise_on_error=False,
        )
    return runs, TableStore(settings.store.address), code


def rows_of(postgres: Postgres, table: str) -> int:
    """Rows of a table, as another connection sees them."""
    with sqlalchemy.create_engine(postgres.address(DATABASE)).connect() as connection:
        return connection.execute(sqlalchemy.text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_the_cycle_succeeds_and_its_runs_and_events_are_in_postgresql(instance, postgres, cycle):
    runs, store, code = cycle
    assert {job: result.success for job, result in runs.items()} == dict.fromkeys(runs, True)
    assert store.exists("published_forecasts", PartitionKey(pd.Timestamp(MONTH), code))
    assert rows_of(postgres, "runs") == len(runs)
    recorded = instance.get_run_by_id(runs["monthly_cycle"].run_id)
    assert recorded.status is dg.DagsterRunStatus.SUCCESS
    last = instance.get_latest_materialization_event(dg.AssetKey("published_forecasts"))
    assert last.run_id == recorded.run_id
    assert last.asset_materialization.metadata["content_hash"].value
    assert rows_of(postgres, "event_logs") >= 50


def test_the_state_of_a_schedule_is_kept_in_postgresql(instance, postgres):
    before = rows_of(postgres, "jobs")
    origin = RemoteInstigatorOrigin(
        RemoteRepositoryOrigin(
            InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="forecast_assets.definitions")), "repository"
        ),
        "monthly",
    )
    state = InstigatorState(
        origin, InstigatorType.SCHEDULE, InstigatorStatus.RUNNING, ScheduleInstigatorData("0 6 10 * *", 0.0)
    )
    instance.add_instigator_state(state)
    assert rows_of(postgres, "jobs") == before + 1
    assert instance.get_instigator_state(state.instigator_origin_id, state.selector_id).is_running


def test_what_a_step_prints_is_in_blob_storage_and_read_back(instance, blobs, cycle):
    runs, _, _ = cycle
    run_id = runs["monthly_cycle"].run_id
    captured = [event for event in runs["monthly_cycle"].all_events if event.event_type_value == "LOGS_CAPTURED"]
    assert captured
    names = [blob.name for blob in blobs.list_blobs(name_starts_with=f"logs/storage/{run_id}/")]
    assert [name for name in names if name.endswith(".err")]
    key = captured[0].logs_captured_data.file_key
    log_key = instance.compute_log_manager.build_log_key_for_run(run_id, key)
    manager = instance.compute_log_manager
    assert manager.cloud_storage_has_logs(log_key, ComputeIOType.STDERR)
    # Nothing local is left to read from: what comes back was in Blob storage.
    with contextlib.suppress(FileNotFoundError):
        Path(manager.local_manager.get_captured_local_path(log_key, "err")).unlink()
    told = manager.get_log_data(log_key).stderr.decode()
    assert run_id in told
    assert KEY not in told


def test_no_password_and_no_key_is_in_what_the_instance_tells_of_itself(instance, postgres):
    told = instance.info_str()
    assert postgres.password not in told
    assert KEY not in told
