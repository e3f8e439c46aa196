"""Published partitions that Dagster's event log lacks: a run was killed between publishing and reporting."""

from collections.abc import Iterable, Iterator

import dagster as dg
import pandas as pd

from forecast_assets.operations.health.event_metadata import describe_version
from forecast_assets.schemas import TABLES
from forecast_assets.storage import MissingPartition, PartitionKey, TableStore, WrittenVersion
from forecast_assets.storage.damaged_file import DamagedFile

VERSION = "version"


def unrecorded(
    instance: dg.DagsterInstance, store: TableStore, months: Iterable[pd.Timestamp]
) -> Iterator[tuple[str, WrittenVersion]]:
    """Generate the published partitions, by table, that Dagster does not know or knows in an older version.

    A damaged file is left out.

    Args:
        instance: Instance with the event log.
        store: Store with the published files.
        months: Months in which versions are compared, too; of the others only partitions without any event are found.
    """
    compared = set(months)
    for table in TABLES:
        known = instance.get_materialized_partitions(dg.AssetKey(table))
        for partition in store.list_partitions(table):
            is_known = partition.to_dagster() in known
            if is_known and partition.month not in compared:
                continue
            try:
                published = store.provenance(table, partition)
            except (DamagedFile, MissingPartition):
                # Named by ``doctor --verify``, or gone since the listing.
                continue
            if not is_known or _recorded_version(instance, table, partition) != published.version:
                yield table, WrittenVersion(partition, store.path(table, partition), published)


def record(
    instance: dg.DagsterInstance,
    table: str,
    written: WrittenVersion,
    description: str = "found in the store by forecast-assets doctor",
) -> None:
    """Report a published partition to Dagster as the run that made it would have."""
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            dg.AssetKey(table), partition=written.partition.to_dagster(), metadata=describe_version(written),
            description=description,
        )
    )  # fmt: skip


def _recorded_version(instance: dg.DagsterInstance, table: str, partition: PartitionKey) -> str | None:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(table), asset_partitions=[partition.to_dagster()]), limit=1
    ).records
    latest = next((each.asset_materialization for each in records), None)
    metadata = latest.metadata if latest else {}
    return str(metadata[VERSION].value) if VERSION in metadata else None
