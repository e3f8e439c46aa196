"""What is in the store and not in Dagster's event log: a run was killed between publishing and reporting."""

from collections.abc import Iterable, Iterator

import dagster as dg
import pandas as pd

from forecast_assets.operations.health.event_metadata import describe_version
from forecast_assets.schemas import TABLES
from forecast_assets.storage import PartitionKey, TableStore, WrittenVersion

VERSION = "version"


def unrecorded(
    instance: dg.DagsterInstance, store: TableStore, months: Iterable[pd.Timestamp]
) -> Iterator[tuple[str, WrittenVersion]]:
    """Published partitions that Dagster does not know, or knows in an older version, by table.

    Args:
        instance: Whose events are looked at.
        store: Whose published files are looked at.
        months: Months in which versions are compared, too; of the others only partitions without any event are found.
    """
    compared = set(months)
    for table in TABLES:
        known = instance.get_materialized_partitions(dg.AssetKey(table))
        for place in store.list_partitions(table):
            is_known = place.to_dagster() in known
            if is_known and place.month not in compared:
                continue
            published = store.provenance(table, place)
            if not is_known or _recorded_version(instance, table, place) != published.version:
                yield table, WrittenVersion(place, store.path(table, place), published)


def record(instance: dg.DagsterInstance, table: str, written: WrittenVersion) -> None:
    """Tell Dagster of a published partition, as the run that made it would have."""
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            dg.AssetKey(table), partition=written.partition.to_dagster(), metadata=describe_version(written),
            description="found in the store by forecast-assets doctor",
        )
    )  # fmt: skip


def _recorded_version(instance: dg.DagsterInstance, table: str, place: PartitionKey) -> str | None:
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(table), asset_partitions=[place.to_dagster()]), limit=1
    ).records
    metadata = found[0].asset_materialization.metadata if found and found[0].asset_materialization else {}
    return str(metadata[VERSION].value) if VERSION in metadata else None
