"""Results kept by anchor and digest: a damaged one is absent, old ones are deleted."""

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.anchor_memory import AnchorMemory


def test_entries_of_old_anchors_of_the_market_are_deleted(tmp_path):
    memory = AnchorMemory(TableStore(str(tmp_path)))
    month = pd.Timestamp("2024-06-01")
    for country, back in (("FR", 49), ("FR", 48), ("NO", 49), ("FR", 0)):
        memory.keep(PartitionKey(add_months(month, -back), country), "refit", "d1", b"content")
    kept = {(key, back) for key in ("FR", "NO") for back in (49, 48, 0)
            if memory.recall(PartitionKey(add_months(month, -back), key), "refit", "d1")}  # fmt: skip
    assert kept == {("FR", 48), ("FR", 0), ("NO", 49)}
