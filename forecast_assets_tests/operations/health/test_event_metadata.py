"""Metadata of a stored version: inputs are counted and their digest does not depend on their order."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.operations.health.event_metadata import describe_version
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.storage.examples import SELL_IN, run, sell_in


@pytest.fixture
def described(tmp_path):
    """Return a function that gives the inputs in the metadata of a version made from tables."""
    partition = PartitionKey(pd.Timestamp("2024-06-01"), "FR")
    written = TableStore(str(tmp_path)).write(SELL_IN, partition, sell_in(1.0), run("run-a"))

    def inputs(**tables):
        provenance = dataclasses.replace(written.provenance, inputs=tables)
        return describe_version(dataclasses.replace(written, provenance=provenance))["inputs"].value

    return inputs


def test_inputs_are_counted_and_their_digest_depends_on_their_content_alone(described):
    one, other = (
        described(products={"FR|May": "1", "FR|June": "2"}),
        described(products={"FR|June": "2", "FR|May": "1"}),
    )
    assert one == other
    assert one["products"]["partitions"] == 2
    assert one != described(products={"FR|May": "1", "FR|June": "3"})
