"""Between Dagster and the store: which partitions a step reads and writes, and what its events say about them."""

from forecast_assets.defs.io_managers.build import build_io_managers, build_parquet_io_manager
from forecast_assets.defs.io_managers.documents_io_manager import DocumentsIOManager
from forecast_assets.defs.io_managers.parquet_io_manager import ParquetIOManager

__all__ = [
    "DocumentsIOManager",
    "ParquetIOManager",
    "build_io_managers",
    "build_parquet_io_manager",
]
