"""Published months of a market, read from the stored ``published_forecasts``."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.market_state.lookups import LATER_PUBLISHED, STALE_SINCE, Lookups, NotingStore
from forecast_assets.storage import PartitionKey, StoredProvenance, TableReader

TABLE = "published_forecasts"
NOTHING_PUBLISHED = pd.DataFrame(columns=["sku"])


@dataclasses.dataclass(frozen=True)
class PublishedMonths:
    """Reads ``published_forecasts``. ``answers`` collects the facts that a run was given, by name."""

    store: TableReader
    lookups: Lookups = dataclasses.field(default_factory=Lookups)
    answers: dict[str, str] = dataclasses.field(default_factory=dict)

    def noted_for(self, run_id: str, asset: str) -> "PublishedMonths":
        """Return the same for one asset of a run: its reads and ``answers`` are stored with the asset's output."""
        noted = self.lookups.of(run_id, asset)
        return dataclasses.replace(self, store=NotingStore(self.store, noted.read), answers=noted.answers)

    def latest(self, country: str) -> pd.Timestamp | None:
        """Return the latest published month of the market; None without any."""
        return max(self._months(country), default=None)

    def made_before(self, country: str, month: pd.Timestamp) -> pd.Timestamp | None:
        """Return the month whose cycle forecast what is published for the latest month before a month.

        A publication that repeats an earlier one names it. One of an older version does not: the chain of repeated
        publications is followed. None without a publication, or if a repeated one was replaced since: then nothing
        tells how old its numbers were.
        """
        earlier = self.month_before(country, month)
        return None if earlier is None else self._made_at(PartitionKey(earlier, country))

    def _made_at(self, partition: PartitionKey) -> pd.Timestamp | None:
        provenance = self.store.provenance(TABLE, partition)
        if STALE_SINCE in provenance.answers:
            return pd.Timestamp(provenance.answers[STALE_SINCE])
        repeated = _repeated(provenance)
        if repeated is None:
            return partition.month
        earlier, content_hash = repeated
        is_as_repeated = (
            self.store.exists(TABLE, earlier) and self.store.provenance(TABLE, earlier).content_hash == content_hash
        )
        return self._made_at(earlier) if is_as_repeated else None

    def later_than(self, country: str, month: pd.Timestamp) -> bool:
        """Return True if a later month of the market is published."""
        latest = max(self._months(country), default=month)
        if latest > month:
            self.answers[LATER_PUBLISHED] = f"{latest:%Y-%m-%d}"
        return latest > month

    def month_before(self, country: str, month: pd.Timestamp) -> pd.Timestamp | None:
        """Return the latest published month of the market before a month; None without any."""
        return max((published for published in self._months(country) if published < month), default=None)

    def is_closed(self, country: str, month: pd.Timestamp) -> bool:
        """Return True if the month and a later one are published: performance measures the publication of that time."""
        return month in self._months(country) and self.later_than(country, month)

    def last_before(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """Return the published forecasts of the latest month before a month; no rows without any."""
        earlier = self.month_before(country, month)
        if earlier is None:
            return NOTHING_PUBLISHED.copy()
        return self.store.read(TABLE, [PartitionKey(earlier, country)])

    def forecasts(self, country: str, month: pd.Timestamp, columns: Sequence[str]) -> pd.DataFrame:
        """Return columns of a month's published forecasts; no rows if the month is not published."""
        partition = PartitionKey(month, country)
        if not self.store.exists(TABLE, partition):
            return pd.DataFrame(columns=list(columns))
        return self.store.read(TABLE, [partition], columns=columns)

    def _months(self, country: str) -> set[pd.Timestamp]:
        return {partition.month for partition in self.store.list_market(TABLE, country)}


def repeats_earlier(provenance: StoredProvenance) -> bool:
    """Return True if a publication has no numbers of its own but those of an earlier one."""
    return STALE_SINCE in provenance.answers or _repeated(provenance) is not None


def _repeated(provenance: StoredProvenance) -> tuple[PartitionKey, str] | None:
    """Return the publication that another one repeats, with its content hash; None if it has numbers of its own."""
    inputs = provenance.inputs
    if inputs.get("forecasts") or inputs.get("baseline_forecasts"):
        return None
    earlier = [(PartitionKey.from_dagster(key), content) for key, content in inputs.get(TABLE, {}).items()]
    return max(earlier, key=lambda each: each[0].month, default=None)
