"""Gate of a market's cycle: reports a delivery or earlier months that are still missing."""

import dataclasses
import datetime
from collections.abc import Sequence

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.cycle.market_steps import next_step
from forecast_assets.sources.country_spellings import country_codes, in_words
from forecast_assets.sources.dremio.arrivals import table_delivery
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.landing.arrivals import MonthDelivery, delivery_of
from forecast_assets.sources.opened import open_deliveries
from forecast_assets.storage import ListedOnce, PartitionKey
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import MONTHLY_CYCLE

# Stands for the run that published a file that is damaged; no run has this id.
UNREADABLE = "unreadable"


class CycleGate:
    """Reads deliveries and store of one company. It lists the store once: build a new gate for each poll."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = ListedOnce(open_store(settings))
        self._codes = list(settings.market_table)
        self._delivered = open_deliveries(settings)

    def delivery(
        self, country: str, month: pd.Timestamp, now: pd.Timestamp, seen_before: str | None = None
    ) -> MonthDelivery:
        """Return the state of a delivery; for ``seen_before`` see ``delivery_of``; table sources do not use it."""
        if isinstance(self._delivered, DremioTables):
            delivery = table_delivery(self._delivered, country, month)
        else:
            settle = self._settings.automation.sensor_seconds
            delivery = delivery_of(self._delivered, country, month, self._codes, now, settle, seen_before)
        return dataclasses.replace(
            delivery, unreadable=(*delivery.unreadable, *self._misspelt(country, month, delivery.missing))
        )

    def _misspelt(self, country: str, month: pd.Timestamp, sources: Sequence[str]) -> list[str]:
        """Return the missing sources that have rows of the month under another spelling of the market's code."""
        markets = self._settings.market_table
        codes = {source: country_codes(self._delivered, source, markets, country, [month]) for source in sources}
        return [in_words(source, country, each.misspelt) for source, each in codes.items() if each.misspelt]

    def next_step(self, country: str, month: pd.Timestamp) -> Step:
        """Return the step that the market's cycle needs next."""
        return next_step(self._store, self._settings.market_table, country, month)

    def waits_for(self, country: str, month: pd.Timestamp, delivery: MonthDelivery) -> str:
        """Describe what is missing; empty if the cycle can run."""
        step = self.next_step(country, month)
        months = step.months
        is_ready = step.job == MONTHLY_CYCLE
        history = "" if is_ready else f"{step.job} of {months.first:%Y-%m} to {months.last:%Y-%m} first"
        return "; ".join(part for part in (delivery.lacks, history) if part)

    def has(self, table: str, country: str | None, month: pd.Timestamp) -> bool:
        """Return True if a partition of a table is stored."""
        return PartitionKey(month, country) in self._store.list_market(table, country)

    def published_by(self, country: str, month: pd.Timestamp, since: datetime.datetime | None = None) -> str:
        """Return the id of the run that published the month; empty if none has, or none after ``since``.

        It is ``UNREADABLE`` if the published file is damaged.
        """
        if not self.has("published_forecasts", country, month):
            return ""
        try:
            stored = self._store.provenance("published_forecasts", PartitionKey(month, country))
        except DamagedFile:
            # No cycle starts by itself because a file is damaged; a fallback that is asked for replaces it.
            return UNREADABLE if since is None else ""
        if since is not None and pd.Timestamp(stored.written_at) <= pd.Timestamp(since):
            return ""
        return stored.run_id
