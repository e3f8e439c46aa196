"""The SQL layer: the project of SQL files and the engines that run it."""

from forecast_assets.sql.engine import DuckDbEngine, Engine, SqlTestResult, as_table
from forecast_assets.sql.project import SqlFile, SqlProject, SqlProjectError

__all__ = ["DuckDbEngine", "Engine", "SqlFile", "SqlProject", "SqlProjectError", "SqlTestResult", "as_table"]
