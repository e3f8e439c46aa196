"""The small market's tables, built once; tests do not change them."""

import pytest

from forecast_assets_tests.market_state.small_market_store import FramesByMonth, market_tables


@pytest.fixture(scope="session")
def tables():
    return market_tables()


@pytest.fixture
def store(tables):
    return FramesByMonth(tables)
