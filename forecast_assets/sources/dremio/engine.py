"""The engine that runs a mart in Dremio: DuckDB's SQL files, translated, with literals for their parameters."""

from collections.abc import Collection
from typing import Any

import pandas as pd

from forecast_assets.sources.dremio.tables import DIALECT, DremioTables
from forecast_assets.sources.sql.engine import ROWS_SHOWN, SqlTestResult, as_table, checked_parameters
from forecast_assets.sources.sql.project import SqlProject


class DremioEngine:
    """The marts over tables or views in Dremio; each call reads their present rows."""

    dialect = DIALECT

    def __init__(self, tables: DremioTables, project: SqlProject | None = None) -> None:
        self.tables = tables
        self.project = project or SqlProject()

    def run(
        self,
        name: str,
        market: str,
        first_month: pd.Timestamp,
        last_month: pd.Timestamp,
        *,
        today: pd.Timestamp,
        missing_month: str = "zero",
    ) -> pd.DataFrame:
        """Return the mart's rows for one market and the months first to last, as DuckDB's engine does.

        Raises:
            LandingError: If a source of the mart has problems that concern the market and these months.
            DremioError: If Dremio rejects the query.
            DremioUnavailable: If Dremio does not respond.
            ValueError: If the range is reversed or the rule for missing months unknown.
        """
        parameters = checked_parameters(market, first_month, last_month, missing_month)
        relations = {
            source: self.tables.checked_rows(source, market, today, first_month, last_month)
            for source in self.project.sources_of(name)
        }
        return as_table(self._query(name, relations, parameters))

    def run_tests(
        self,
        name: str,
        market: str,
        first_month: pd.Timestamp,
        last_month: pd.Timestamp,
        *,
        today: pd.Timestamp,
        missing_month: str = "zero",
    ) -> list[SqlTestResult]:
        """Return the results of a mart's tests on the rows of ``run``.

        Unlike in DuckDB, the rows are not checked again: the checks cost several queries, and callers test a mart only
        after they have run it.
        """
        parameters = checked_parameters(market, first_month, last_month, missing_month)
        tests = self.project.tests_of(name)
        sources = sorted({source for test in tests for source in self.project.sources_of(test)})
        relations = {source: self.tables.rows_of(source, market) for source in sources}
        results = []
        for test in tests:
            rows = self._query(test, relations, parameters)
            results.append(SqlTestResult(test, self.project.file(test).description, len(rows), rows.head(ROWS_SHOWN)))
        return results

    def _query(self, name: str, relations: dict[str, str], parameters: dict[str, Any]) -> pd.DataFrame:
        columns = {source: self.tables.table(source) for source in ("sell_in", "sell_out") if source in relations}
        dated = {source for source, table in columns.items() if table and "known_from" in table.column_names}
        return self.tables.client.frame(self.project.render(name, _Relations(relations, dated), parameters))


class _Relations:
    """The relations of one call, as the SQL project reads them from an engine."""

    dialect = DIALECT

    def __init__(self, relations: dict[str, str], dated: Collection[str]) -> None:
        self._relations, self._dated = relations, dated

    def has_known_from(self, source: str) -> bool:
        return source in self._dated

    def source_relation(self, source: str) -> str:
        return f"({self._relations[source]})"
