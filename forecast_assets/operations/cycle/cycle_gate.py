"""What a cycle of a market still waits for: its delivery, or the months before it."""

import datetime

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.operations.cycle.market_steps import next_step
from forecast_assets.operations.cycle.steps import Step
from forecast_assets.sources.dremio.arrivals import table_delivery
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.landing.arrivals import MonthDelivery, delivery_of
from forecast_assets.sources.opened import open_deliveries
from forecast_assets.storage import ListedOnce, PartitionKey
from forecast_assets.storage.opened import open_store


class CycleGate:
    """Looks at deliveries and store of one company. It lists the store once: make one for each look."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = ListedOnce(open_store(settings))
        self._codes = list(settings.market_table)
        self._delivered = open_deliveries(settings)

    def delivery(
        self, country: str, month: pd.Timestamp, now: pd.Timestamp, seen_before: str | None = None
    ) -> MonthDelivery:
        """What has been delivered; ``seen_before`` as in ``delivery_of``, of no use where tables are the source."""
        if isinstance(self._delivered, DremioTables):
            return table_delivery(self._delivered, country, month)
        settle = self._settings.sensor_seconds
        return delivery_of(self._delivered, country, month, self._codes, now, settle, seen_before)

    def next_step(self, country: str, month: pd.Timestamp) -> Step:
        """The job that the market's cycle needs next, and its months."""
        return next_step(self._store, self._settings.market_table, country, month)

    def waits_for(self, country: str, month: pd.Timestamp, delivery: MonthDelivery) -> str:
        """What is not there, in words; empty where the cycle can run."""
        job, months = self.next_step(country, month)
        history = "" if job == "monthly_cycle" else f"{job} of {months.first:%Y-%m} to {months.last:%Y-%m} first"
        return "; ".join(part for part in (delivery.lacks, history) if part)

    def has(self, table: str, country: str | None, month: pd.Timestamp) -> bool:
        """Whether a partition of a table is in the store."""
        return PartitionKey(month, country) in self._store.list_partitions(table)

    def published_by(self, country: str, month: pd.Timestamp, since: datetime.datetime | None = None) -> str:
        """Id of the run that published the month; empty where none has, or not after ``since``."""
        if not self.has("published_forecasts", country, month):
            return ""
        stored = self._store.provenance("published_forecasts", PartitionKey(month, country))
        if since is not None and pd.Timestamp(stored.written_at) <= pd.Timestamp(since):
            return ""
        return stored.run_id
