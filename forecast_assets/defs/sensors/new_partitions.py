"""Markets with new partitions of an asset, read from Dagster's events after a cursor.

Dagster's own asset sensor sees only the latest event of an asset per tick: of 40 markets built between two ticks, 39
would be missed.
"""

import dataclasses

import dagster as dg

from forecast_assets.storage import PartitionKey

EVENTS_AT_ONCE = 500
# A tick ends after a minute: the rest is read in the next one.
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
        instance: Instance with the events.
        asset: An asset by month and country.
        cursor: Cursor that the last call returned; None: from the start.
    """
    runs: dict[str, str] = {}
    seen = 0
    while True:
        batch = instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(asset), after_storage_id=int(cursor) if cursor else None),
            limit=EVENTS_AT_ONCE,
            ascending=True,
        )
        for record in batch.records:
            country = PartitionKey.from_dagster(record.partition_key).country if record.partition_key else None
            if country is not None and country not in runs and len(runs) == MOST_MARKETS:
                return NewPartitions(runs, cursor, is_all=False)
            if country is not None:
                runs[country] = record.run_id
            cursor = str(record.storage_id)
        seen += len(batch.records)
        if not batch.has_more or not batch.records or seen >= MOST_EVENTS:
            return NewPartitions(runs, cursor, is_all=not batch.has_more)
