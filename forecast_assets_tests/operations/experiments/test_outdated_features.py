"""Training in a cycle stops where stored features lack what the code builds, and stores nothing."""

import shutil

import dagster as dg
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET, failures_of
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.no_event_log import forgetful_instance
from forecast_assets_tests.domain.small_market import EARLIER_ORIGINS
from forecast_assets_tests.operations.experiments.conftest import LAST
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.storage.examples import run


@pytest.fixture
def store(small_store, tmp_path) -> TableStore:
    shutil.copytree(small_store, tmp_path / "store")
    return TableStore(str(tmp_path / "store"))


def train(store: TableStore, variables: dict[str, str], *assets: str) -> dg.ExecuteInProcessResult:
    definitions = build_definitions(loaded(**variables | {"FORECAST_STORE": store.address}))
    return definitions.resolve_job_def("monthly_cycle").execute_in_process(
        run_config=QUIET,
        asset_selection=[dg.AssetKey(name) for name in assets],
        partition_key=dg.MultiPartitionKey({"month": f"{LAST:%Y-%m-%d}", "country": "FR"}),
        instance=forgetful_instance(),
        raise_on_error=False,
    )


def test_model_and_backtest_name_the_months_and_the_command(store, variables):
    old = PartitionKey(EARLIER_ORIGINS[8], "FR")
    rows = store.read("features", [old]).drop(columns=["country", "month", "sell_in_lag_3"])
    store.write(table_specs()["features"], old, rows, run())
    failures = failures_of(train(store, variables, "model", "backtest"))
    assert sorted(failure.split(":")[0] for failure in failures) == ["backtest", "model"]
    command = "forecast-assets backfill --country FR --from 2019-07 --to 2019-07 --assets features"
    assert all("lacks sell_in_lag_3, which this version" in failure and command in failure for failure in failures)
    assert store.list_partitions("model") == store.list_partitions("backtest") == []


def test_a_model_is_trained_on_features_that_are_complete(store, variables):
    result = train(store, variables, "model")
    assert result.success, failures_of(result)
    assert store.list_partitions("model") == [PartitionKey(LAST, "FR")]
