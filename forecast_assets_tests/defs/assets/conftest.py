"""The company of the tests of the wiring, made once even where several processes run tests."""

import functools
import os
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from forecast_assets_tests.defs.assets.company import POOLED_SKUS, Company, pool, prepare
from forecast_assets_tests.defs.no_event_log import ephemeral

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


@pytest.fixture(scope="session")
def company(tmp_path_factory, worker_id) -> Company:
    """Read only: tests that run something copy what they need of it."""
    base = tmp_path_factory.getbasetemp()
    base = (base if worker_id == "master" else base.parent) / "company"
    made_once(base, prepare)
    return Company(base)


@pytest.fixture(scope="session")
def pooling(company) -> Company:
    """The company with what its markets teach one another; read only as well."""
    base = company.base.with_name("pooling")
    made_once(base, functools.partial(pool, company))
    return Company(base, POOLED_SKUS)


def made_once(base: Path, make: Callable[[Path], object]) -> None:
    """Fill a folder in the first process that needs it."""
    with FileLock(f"{base}.lock"):
        if not (base / "prepared").exists():
            make(base)
            (base / "prepared").touch()


@pytest.fixture
def replays_keep_no_events(monkeypatch):
    """Run replays, which take no instance, without storing their events: a third of their time."""
    monkeypatch.setattr(dg.DagsterInstance, "ephemeral", ephemeral)
