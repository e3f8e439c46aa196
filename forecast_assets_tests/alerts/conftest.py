import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.storage import TableStore
from forecast_assets_tests.alerts.company import Clock


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    return TableStore(str(tmp_path / "store") if request.param == "folder" else f"memory:/{tmp_path}/store")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outbox(store, clock):
    return Outbox(store, {"JP": "ASIA"}, clock)
