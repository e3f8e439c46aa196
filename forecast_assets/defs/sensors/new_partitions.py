"""Which markets have new data of an asset, read from Dagster's events after a cursor.

Dagster's own asset sensor sees only the latest event of an asset per tick: of 40 markets made between two ticks, 39
would be missed.
"""

import dataclasses

import dagster as dg

from forecast_assets.storage import PartitionKey

EVENTS_AT_ONCE = 500
# A tick ends after a minute: what is left is looked at in the next one.
MOST_EVENTS, MOST_MARKETS = 5_000, 20


@dataclasses.dataclass(frozen=True)
class NewPartitions:
    """Markets with events after a cursor, each with the run of its last one, and the cursor behind these events."""

    run_by_country: dict[str, str]
    cursor: str | None
    is_all: bool


def new_partitions(instance: dg.DagsterInstance, asset: str, cursor: str | None) -> NewPartitions:
    """Read the materializations of an asset after a cursor, oldest first, until 20 markets are found.

    Args:
        instance: Where the events are.
        asset: An asset by month and country.
        cursor: What the last call returned, once everything that follows from it has been kept; None: from the start.
    """
    found: dict[str, str] = {}
    seen = 0
    while True:
        batch = instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(asset), after_storage_id=int(cursor) if cursor else None),
            limit=EVENTS_AT_ONCE,
            ascending=True,
        )
        for record in batch.records:
            country = PartitionKey.from_dagster(record.partition_key).country if record.partition_key else None
            if country is not None and country not in found and len(found) == MOST_MARKETS:
                return NewPartitions(found, cursor, is_all=False)
            if country is not None:
                found[country] = record.run_id
            cursor = str(record.storage_id)
        seen += len(batch.records)
        if not batch.has_more or not batch.records or seen >= MOST_EVENTS:
            return NewPartitions(found, cursor, is_all=not batch.has_more)
