"""The SQL layer: the project of SQL files and the engines that run it, DuckDB and Dremio."""

from forecast_assets.sql.dremio_client import DremioClient
from forecast_assets.sql.dremio_engine import DremioEngine
from forecast_assets.sql.dremio_errors import DremioError, DremioUnavailable
from forecast_assets.sql.dremio_tables import DremioTables
from forecast_assets.sql.engine import DuckDbEngine, Engine, SqlTestResult, as_table
from forecast_assets.sql.project import SqlFile, SqlProject, SqlProjectError

__all__ = [
    "DremioClient",
    "DremioEngine",
    "DremioError",
    "DremioTables",
    "DremioUnavailable",
    "DuckDbEngine",
    "Engine",
    "SqlFile",
    "SqlProject",
    "SqlProjectError",
    "SqlTestResult",
    "as_table",
]
