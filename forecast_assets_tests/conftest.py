"""What all tests share: which are deselected, and a process without settings of its own."""

import os
from pathlib import Path

import pytest

REAL_DATA = "FORECAST_REAL_DATA"


def pytest_collection_modifyitems(config, items):
    """Deselect tests on public data sets where the folder that holds them is not named."""
    if os.environ.get(REAL_DATA):
        return
    real = [item for item in items if item.get_closest_marker("real_data")]
    if real:
        config.hook.pytest_deselected(items=real)
        items[:] = [item for item in items if item not in real]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the public data sets."""
    return Path(os.environ[REAL_DATA])
