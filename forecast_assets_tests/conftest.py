"""What all tests share: which are deselected, and a process without settings of its own."""

import importlib.util
import os
from pathlib import Path

import pytest

REAL_DATA = "FORECAST_REAL_DATA"


def pytest_collection_modifyitems(config, items):
    """Deselect what cannot run: public data sets without their folder, peers without the extra ``benchmark``."""
    unable = {
        "real_data": not os.environ.get(REAL_DATA),
        "peers": importlib.util.find_spec("hierarchicalforecast") is None,
    }
    dropped = [item for item in items if any(unable[name] and item.get_closest_marker(name) for name in unable)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the public data sets."""
    return Path(os.environ[REAL_DATA])
