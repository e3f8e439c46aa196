"""Instance of Dagster for the tests of sensors."""

import dagster as dg
import pytest


@pytest.fixture
def instance():
    """Return an instance of its own in memory."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
