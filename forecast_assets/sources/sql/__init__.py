"""The SQL layer: the project of SQL files and the engine that runs it in DuckDB."""

from forecast_assets.sources.sql.engine import DuckDbEngine, Engine, SqlTestResult, as_table
from forecast_assets.sources.sql.project import SqlFile, SqlProject
from forecast_assets.sources.sql.translation import SqlProjectError

__all__ = [
    "DuckDbEngine",
    "Engine",
    "SqlFile",
    "SqlProject",
    "SqlProjectError",
    "SqlTestResult",
    "as_table",
]
