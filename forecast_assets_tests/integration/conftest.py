"""Services that integration tests start themselves. A part that is missing is an error that says what to install."""

import uuid

import pytest

from forecast_assets_tests.integration.azurite_server import Azurite, start_azurite


@pytest.fixture(scope="session")
def azurite():
    """Azure's Blob service on loopback, in memory."""
    with start_azurite() as server:
        yield server


@pytest.fixture
def container(azurite: Azurite) -> str:
    """A new, empty container."""
    name = f"forecast-{uuid.uuid4().hex[:12]}"
    azurite.make_container(name)
    return name
