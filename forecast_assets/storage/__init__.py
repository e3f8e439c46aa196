"""Tables and documents of the product on a local folder or object storage.

Layout, schema on write, versions, atomic publish and provenance, without Dagster and without demand. The Dagster side
is ``forecast_assets.defs.io_managers``. The contract is described in docs/storage.md.
"""

from forecast_assets.storage.content_hash import content_hash
from forecast_assets.storage.listed_once import ListedOnce
from forecast_assets.storage.partition_key import MissingPartition, PartitionKey
from forecast_assets.storage.provenance import Provenance, StoredProvenance, git_sha
from forecast_assets.storage.publish import PublishConflict
from forecast_assets.storage.table_reader import TableReader
from forecast_assets.storage.table_spec import SchemaViolation, TableSpec
from forecast_assets.storage.table_store import TableStore
from forecast_assets.storage.versions import Version, WrittenVersion

__all__ = [
    "ListedOnce",
    "MissingPartition",
    "PartitionKey",
    "Provenance",
    "PublishConflict",
    "SchemaViolation",
    "StoredProvenance",
    "TableReader",
    "TableSpec",
    "TableStore",
    "Version",
    "WrittenVersion",
    "content_hash",
    "git_sha",
]
