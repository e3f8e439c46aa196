"""Settings of all tests: those that are deselected, their order, and a process without settings of its own."""

import gc
import importlib.util
import os
import sys
from pathlib import Path

import pytest

# Tests run in two processes: threads of numerical libraries would only wait for each other. The variables are read
# when the libraries are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# No test cuts the power. What a process has written is there for all others, even once it was killed.
os.fsync = lambda _: None

# The garbage collector walks what Dagster and pandas import again and again: a tenth of the time of a run of the graph.
# It is off while tests are collected; then the imports are left out and it looks less often.
gc.disable()

REAL_DATA = "FORECAST_REAL_DATA"
DRILL = "DRILL_MARKETS"
INTEGRATION = "FORECAST_INTEGRATION"
# Tests of this folder share a company, see its conftest.
COMPANY = Path(__file__).parent / "defs" / "assets"


def pytest_collection_modifyitems(config, items):
    """Deselect what cannot run: public data sets without their folder, peers without the extra ``benchmark``; and
    what takes minutes unless it is asked for: drills of the daemon, and services that a test starts itself."""
    unable = {
        "real_data": not os.environ.get(REAL_DATA),
        "daemon": not os.environ.get(DRILL),
        "integration": not os.environ.get(INTEGRATION),
        "peers": importlib.util.find_spec("hierarchicalforecast") is None,
    }
    dropped = [item for item in items if any(unable[name] and item.get_closest_marker(name) for name in unable)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]
    _sort(items)


def pytest_collection_finish():
    """Let the garbage collector run, without the objects of the imports; speed up Dagster if the tests import it."""
    if "dagster" in sys.modules:
        importlib.import_module("forecast_assets_tests.dagster_caches").keep_what_does_not_change()
        importlib.import_module("forecast_assets_tests.read_caches").keep_what_was_read()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    gc.enable()


def _sort(items: list[pytest.Item]) -> None:
    """Put files that take long first: with one file a worker at a time, a long one left to the end is waited for.

    One file builds the company of the wiring tests; the other heavy ones that need it come last of the heavy ones, so
    that no worker waits for it.
    """
    heavy = {item.path for item in items if item.get_closest_marker("heavy")}
    waiting = [item.path for item in items if item.path in heavy and _needs_company(item)]
    builder = waiting[0] if waiting else None
    items.sort(key=lambda item: (item.path not in heavy, item.path != builder, item.path in waiting))


def _needs_company(item: pytest.Item) -> bool:
    return item.path.parent == COMPANY and "company" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the public data sets."""
    return Path(os.environ[REAL_DATA])
