"""IO managers between Dagster and the store: partitions that a step reads and writes, metadata of its events."""

from forecast_assets.defs.io_managers.build import build_io_managers, build_parquet_io_manager
from forecast_assets.defs.io_managers.documents_io_manager import DocumentsIOManager
from forecast_assets.defs.io_managers.parquet_io_manager import ParquetIOManager

__all__ = [
    "DocumentsIOManager",
    "ParquetIOManager",
    "build_io_managers",
    "build_parquet_io_manager",
]
