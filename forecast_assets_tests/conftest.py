"""What all tests share: which are deselected, and a process without settings of its own."""

import importlib.util
import os
from pathlib import Path

import pytest

# Tests run in two processes: threads of numerical libraries would only wait for each other. The variables are read
# when the libraries are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

REAL_DATA = "FORECAST_REAL_DATA"
DRILL = "DRILL_MARKETS"
INTEGRATION = "FORECAST_INTEGRATION"


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
    # Files that take long begin first: with one file a worker at a time, a long one left to the end is waited for.
    items.sort(key=lambda item: item.get_closest_marker("heavy") is None)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the public data sets."""
    return Path(os.environ[REAL_DATA])
