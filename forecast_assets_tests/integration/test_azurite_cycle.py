"""A whole cycle with store and landing on Azure storage, by the command line: the same tables as on a disk."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.sample import write_sample_company
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.table_specs import table_specs

pytestmark = pytest.mark.integration

MONTH = "2024-12"
TABLES = {
    "sell_in", "sell_out", "products", "covid_policy", "demand_totals", "features", "baseline_forecasts", "forecasts",
    "backtest", "champion", "published_forecasts",
}  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Path:
    """Deliveries of two small markets and the file that lists them."""
    base = tmp_path_factory.mktemp("company")
    write_sample_company(
        base / "landing", markets=2, skus=8, months=30, last_month=f"{MONTH}-01", markets_file=base / "markets.yaml"
    )
    return base


def run_cycle(company: Path, home: Path, places: dict[str, str]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    variables = {
        "FORECAST_MARKETS": str(company / "markets.yaml"),
        "FORECAST_TRAINING_ROWS": "1000",
        "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
        "FORECAST_BOOSTING_ROUNDS": "20",
        "FORECAST_MAX_THREADS": "1",
        "FORECAST_POOLED_SKUS": "0",
        "MLFLOW_TRACKING_URI": "",
        "DAGSTER_HOME": str(home),
        "OMP_NUM_THREADS": "1",
    }
    code = f"from forecast_assets.cli import app; app(['cycle', '--month', '{MONTH}', '--history', '12'])"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | variables | places, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]


def hashes(store: TableStore) -> dict[tuple[str, PartitionKey], str]:
    """Return the content hash of every partition of every table."""
    return {
        (name, place): store.provenance(name, place).content_hash
        for name in table_specs()
        for place in store.list_partitions(name)
    }


def deliver(landing: Path, azurite, container: str) -> None:
    client = azurite.client().get_container_client(container)
    for file in landing.rglob("*"):
        if file.is_file():
            client.upload_blob(f"landing/{file.relative_to(landing).as_posix()}", file.read_bytes())


def test_a_cycle_on_azure_storage_gives_the_tables_of_a_local_one(azurite, container, company, tmp_path, monkeypatch):
    on_azure = azurite.environment(container)
    for name, value in on_azure.items():
        monkeypatch.setenv(name, value)
    deliver(company / "landing", azurite, container)
    run_cycle(company, tmp_path / "azure", on_azure)
    local = {"FORECAST_STORE": str(tmp_path / "store"), "FORECAST_LANDING": str(company / "landing")}
    run_cycle(company, tmp_path / "local", local)

    store = TableStore(on_azure["FORECAST_STORE"], azurite.account)
    ours, expected = hashes(store), hashes(TableStore(local["FORECAST_STORE"]))
    assert {name for name, _ in expected} >= TABLES
    assert ours == expected
    assert {place.month for name, place in ours if name == "published_forecasts"} == {pd.Timestamp(f"{MONTH}-01")}
    # What is no table goes the same way: leases while runs went on, and the report of each market.
    assert store.files.fs.find(f"{store.base}/_leases")
    for name, place in ours:
        if name == "published_forecasts":
            assert store.read_document("market_report", place, "market_report.html").startswith(b"<!")
