"""The company of the tests of the wiring, made once even where several processes run tests."""

import os

import dagster as dg
import pytest
from filelock import FileLock

from forecast_assets_tests.defs.assets.company import Company, prepare
from forecast_assets_tests.defs.no_event_log import ephemeral

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


@pytest.fixture(scope="session")
def company(tmp_path_factory, worker_id) -> Company:
    """Read only: tests that run something copy what they need of it."""
    base = tmp_path_factory.getbasetemp()
    base = (base if worker_id == "master" else base.parent) / "company"
    with FileLock(f"{base}.lock"):
        if not (base / "prepared").exists():
            base.mkdir(exist_ok=True)
            prepare(base)
            (base / "prepared").touch()
    return Company(base)


@pytest.fixture
def replays_keep_no_events(monkeypatch):
    """Run replays, which take no instance, without storing their events: a third of their time."""
    monkeypatch.setattr(dg.DagsterInstance, "ephemeral", ephemeral)
