"""A run that the launcher of deploy/celery.yaml hands to a worker of deploy/compose.yaml, with a real Redis between."""

import os
import shutil
import socket
import subprocess
import time

import pytest

from forecast_assets.sample import write_sample_company
from forecast_assets_tests.deploy.known_variables import ROOT
from tools.stack.compose import read_services

pytestmark = pytest.mark.integration
BIN = ROOT / ".venv-cluster" / "bin"
PROGRAM = ROOT / "forecast_assets_tests" / "integration" / "celery_run.py"
LAPTOP = ROOT / "forecast_assets" / "instances" / "laptop.yaml"
READY_WITHIN = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def redis():
    assert shutil.which("redis-server"), "redis-server is not installed: apt-get install redis-server"
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    yield f"redis://127.0.0.1:{port}/0"
    server.kill()
    server.wait(10)


@pytest.fixture
def environment(tmp_path, redis):
    assert (BIN / "celery").exists(), "the libraries of clusters are not installed: make integration"
    markets = tmp_path / "markets.yaml"
    write_sample_company(tmp_path / "landing", markets=1, skus=5, months=24, last_month="2024-12-01",
                         markets_file=markets)  # fmt: skip
    (tmp_path / "home").mkdir()
    instance = LAPTOP.read_text(encoding="utf-8") + (ROOT / "deploy" / "celery.yaml").read_text(encoding="utf-8")
    (tmp_path / "home" / "dagster.yaml").write_text(instance, encoding="utf-8")
    return os.environ | {
        "DAGSTER_HOME": str(tmp_path / "home"), "FORECAST_LANDING": str(tmp_path / "landing"),
        "FORECAST_STORE": str(tmp_path / "store"), "FORECAST_MARKETS": str(markets), "MLFLOW_TRACKING_URI": "",
        "DAGSTER_CELERY_BROKER": redis, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
    }  # fmt: skip


@pytest.fixture
def worker(environment, tmp_path):
    """Start the worker by the command of the compose file, and wait until it says that it is ready."""
    filled = {"POSTGRES_PASSWORD": "p", "AZURE_STORAGE_ACCOUNT_KEY": "k"}
    service = read_services(filled | {"DAGSTER_CELERY_BROKER": environment["DAGSTER_CELERY_BROKER"]})["worker"]
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        process = subprocess.Popen([BIN / service.command[0], *service.command[1:]], env=environment, stdout=file,
                                   stderr=file, cwd=tmp_path)  # fmt: skip
    give_up_at = time.monotonic() + READY_WITHIN
    while " ready." not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < give_up_at, log.read_text(errors="replace")[-3000:]
        time.sleep(0.2)
    yield log
    process.kill()
    process.wait(10)


def test_a_run_of_a_market_is_a_task_of_the_worker_and_stores_its_month(environment, worker, tmp_path):
    done = subprocess.run(
        [BIN / "python", PROGRAM, "ingest", "FR|2024-12-01"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split("\n")[-2] == "SUCCESS task", (done.stderr + worker.read_text(errors="replace"))[-3000:]
    assert list((tmp_path / "store" / "sell_in" / "country=FR" / "month=2024-12-01").glob("*.parquet"))
    assert "execute_job" in worker.read_text(errors="replace")
