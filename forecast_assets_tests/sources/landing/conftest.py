import pytest

from forecast_assets_tests.sources.landing.deliveries import Deliveries


@pytest.fixture
def landing(tmp_path):
    return Deliveries(tmp_path)
