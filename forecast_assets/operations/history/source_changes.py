"""Changes of deliveries since a past cycle. A replay only reports them: it starts from the stored sources."""

from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.config.azure_account import StorageRefused
from forecast_assets.operations.backfill.asset_nodes import AssetNode
from forecast_assets.operations.backfill.deliveries import Deliveries
from forecast_assets.operations.history.historical_store import RecordedVersions
from forecast_assets.sources.dremio.errors import DremioError
from forecast_assets.sources.landing import LandingError
from forecast_assets.storage import PartitionKey


def source_changes(
    versions: RecordedVersions,
    deliveries: Deliveries,
    nodes: Mapping[str, AssetNode],
    cycle_id: str,
    month: pd.Timestamp,
    countries: Sequence[str],
) -> list[str]:
    """Describe the sources of a cycle's month whose delivery has changed since, or cannot be read now."""
    changes = []
    for country in countries:
        for table in (name for name, node in nodes.items() if node.is_source):
            partition = PartitionKey(month, country)
            recorded = [
                v for v in versions.of(table, partition) if v.was_published and v.provenance.cycle_id == cycle_id
            ]
            if not recorded:
                continue
            try:
                deliveries.read(table, country, [month])
            except (LandingError, OSError, DremioError, StorageRefused) as error:
                changes.append(f"{table} of {country}: deliveries cannot be read now: {_first_line(error)}")
                continue
            problem = deliveries.problem(table, country, month)
            if problem:
                changes.append(f"{table} of {country}: today's delivery cannot be used: {problem}")
            elif deliveries.content_hash(table, country, month) != recorded[-1].provenance.content_hash:
                changes.append(f"{table} of {country}: today's delivery differs from the stored one")
    return changes


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
