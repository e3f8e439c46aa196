"""Data version of a materialization: the content hash of its table, so that Dagster shows stale assets.

A run of one partition sets it on its event. A run of several would give all its events one version, so each event is
logged once more with the hash of its own partition. Dagster compares no data versions of a table of which a partition
reads 100 partitions or more, such as 120 months of sell-in; ``forecast-assets backfill --plan`` compares those, too.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from forecast_assets.storage import WrittenVersion

CONTENT_HASH = "content_hash"
DATA_VERSION_TAG, GIVEN_BY_US_TAG = "dagster/data_version", "dagster/data_version_is_user_provided"


def set_data_version(context: dg.OutputContext, written: WrittenVersion) -> None:
    """Give the materialization of a run's only partition its content hash as data version."""
    if len(context.asset_partition_keys) == 1:
        version = dg.DataVersion(written.provenance.content_hash)
        context.step_context.set_data_version(context.asset_key, version)


def with_data_versions(function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Decorate an asset's generator: after a run of several partitions each gets its own data version."""

    @functools.wraps(function)
    def generating(context: dg.AssetExecutionContext, *arguments: Any, **named: Any) -> Iterator[Any]:
        yield from function(context, *arguments, **named)
        if len(context.partition_keys) > 1:
            _log_again_with_own_version(context)

    return generating


def _log_again_with_own_version(context: dg.AssetExecutionContext) -> None:
    """Log each materialization of the step once more, with its content hash as data version."""
    keys = [str(key) for key in context.partition_keys]
    recorded = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=context.asset_key, asset_partitions=keys), limit=len(keys)
    )
    for record in recorded.records:
        event = record.asset_materialization
        if event is None or record.run_id != context.run.run_id or CONTENT_HASH not in event.metadata:
            continue
        own = {DATA_VERSION_TAG: str(event.metadata[CONTENT_HASH].value), GIVEN_BY_US_TAG: "true"}
        context.log_event(
            dg.AssetMaterialization(
                asset_key=event.asset_key,
                partition=event.partition,
                metadata=event.metadata,
                tags={**(event.tags or {}), **own},
            )
        )
