"""Content hashes that the deliveries of a market would have if they were ingested now. Nothing is stored."""

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.demand.covid import monthly_covid_policy
from forecast_assets.domain.month_tables import by_month
from forecast_assets.sources.opened import open_sources
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import PartitionKey, content_hash
from forecast_assets.storage.table_spec import to_arrow
from forecast_assets.storage.table_specs import table_specs


class Deliveries:
    """Hashes of deliveries. Each month is read once: deliveries do not change while a backfill is planned."""

    def __init__(self, settings: Settings, tables: SourceTables | None = None) -> None:
        self._settings = settings
        self._tables = tables or open_sources(settings)
        self._specs = table_specs()
        self._hashes: dict[tuple[str, str, pd.Timestamp], str] = {}
        self._unusable: dict[tuple[str, str, pd.Timestamp], str] = {}

    def read(self, table: str, country: str, months: list[pd.Timestamp]) -> None:
        """Read the deliveries of the months that were not read before."""
        new = [m for m in months if (table, country, m) not in self._hashes | self._unusable]
        if not new:
            return
        rows, unusable = self._rows(table, country, new)
        for month, error in unusable.items():
            self._unusable[table, country, month] = error
        spec = self._specs[table]
        for month, frame in by_month(rows, [month for month in new if month not in unusable]).items():
            arrow = to_arrow(spec, PartitionKey(month, country), frame)
            self._hashes[table, country, month] = content_hash(arrow, spec.keys_of(arrow.column_names))

    def content_hash(self, table: str, country: str, month: pd.Timestamp) -> str | None:
        """Return the hash of the table that would be stored; None if the delivery cannot be used."""
        return self._hashes.get((table, country, month))

    def problem(self, table: str, country: str, month: pd.Timestamp) -> str | None:
        """Return the problem of a month's delivery; None if it can be used."""
        return self._unusable.get((table, country, month))

    def _rows(
        self, table: str, country: str, months: list[pd.Timestamp]
    ) -> tuple[pd.DataFrame, dict[pd.Timestamp, str]]:
        if table == "covid_policy":
            iso3 = self._settings.market_table[country].iso3
            return monthly_covid_policy(self._tables.oxcgrt(), iso3, pd.DatetimeIndex(months)), {}
        rows, unusable = self._tables.usable_rows(table, country, months)
        return rows, {month: str(error.problems[0]) for month, error in unusable.items()}
