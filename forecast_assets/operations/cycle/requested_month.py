"""The requested month of a cycle, judged before anything runs: markets for which it is closed, and a misspelt month."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import add_months
from forecast_assets.market_state.published_months import TABLE, PublishedMonths
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.opened import open_deliveries
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.damaged_file import DamagedFile


class MonthNotPlausible(ValueError):
    """No market has data anywhere near the requested month: it is probably misspelt."""


@dataclasses.dataclass(frozen=True)
class ClosedMonth:
    """A published month that a later publication has closed; a cycle leaves it as it is.

    Attributes:
        country: The market.
        month: The closed month.
        published_at: Time at which its publication was stored, in UTC.
        run_id: Run that stored it.
        later: The latest published month of the market.
        damage: Problem of the published file, if it cannot be read; its time and run are then unknown.
    """

    country: str
    month: pd.Timestamp
    published_at: pd.Timestamp
    run_id: str
    later: pd.Timestamp
    damage: str = ""

    def in_words(self) -> str:
        """Return what an operator needs to know, with the way to reopen the month."""
        month = f"{self.month:%Y-%m}"
        stays = f"What run {self.run_id} published on {self.published_at:%Y-%m-%d} stays as it is."
        return (
            f"{self.country} {month} is closed: {self.later:%Y-%m} is published, too. {self.damage or stays} To reopen "
            f"the month: forecast-assets backfill --country {self.country} --from {month} --to {month} --include-frozen"
        )


def closed_months(store: TableReader, request: CycleRequest, countries: Sequence[str]) -> dict[str, ClosedMonth]:
    """Return the markets whose last requested month is closed, whoever published it, with its publication."""
    published = PublishedMonths(store)
    closed = {}
    for code in countries:
        if published.is_closed(code, request.month):
            later = published.latest(code)
            assert later is not None
            try:
                stored = store.provenance(TABLE, PartitionKey(request.month, code))
            except DamagedFile as damaged:
                # Closed all the same: the file of one market stops neither its month's closing nor the others.
                closed[code] = ClosedMonth(code, request.month, later, "", later, str(damaged))
                continue
            closed[code] = ClosedMonth(code, request.month, pd.Timestamp(stored.written_at), stored.run_id, later)
    return closed


def require_plausible_month(
    settings: Settings, store: TableReader, request: CycleRequest, countries: Sequence[str]
) -> None:
    """Refuse a month of which no market has data, nor of the month before.

    A market without any readable data does not decide: its cycle reports what is wrong with the delivery.

    Raises:
        MonthNotPlausible: If the markets with data have none near the month.
    """
    month, before = request.month, add_months(request.month, -1)
    stored = [partition for partition in store.list_partitions("sell_in") if partition.country in countries]
    if any(partition.month in (before, month) for partition in stored):
        return
    deliveries = open_deliveries(settings)
    last_months = {}
    for code in countries:
        delivered = _delivered_months(deliveries, code)
        known = delivered and delivered | {partition.month for partition in stored if partition.country == code}
        if not known or {before, month} & known:
            return
        last_months[max(known)] = code
    last = max(last_months)
    raise MonthNotPlausible(
        f"{month:%Y-%m}: there is no sell-in of it, nor of {before:%Y-%m}; the last month with sell-in is {last:%Y-%m} "
        f"({last_months[last]}). Nothing was run. Check the month, or deliver it first"
    )


def _delivered_months(deliveries: LandingFolder | DremioTables, country: str) -> set[pd.Timestamp]:
    """Return the months of which a market has delivered sell-in; none if a file that may hold more cannot be read."""
    import duckdb

    try:
        if isinstance(deliveries, DremioTables):
            return set(deliveries.delivered_months("sell_in", country))
        delivery = deliveries.delivery("sell_in", country)
    except (OSError, ValueError, LookupError, duckdb.Error):
        return set()
    return set() if delivery.problems else set(delivery.months)
