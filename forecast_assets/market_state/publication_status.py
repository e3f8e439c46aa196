"""Status of the published months of a market after a publication was taken back or restored.

A month is ``backfilled`` if a later month had been published before it. That follows from the publications that stand,
so it is judged again when one goes or comes back. Only the status changes; the numbers stay.
"""

import dataclasses
from collections.abc import Iterator

import pandas as pd

from forecast_assets.market_state.lookups import LATER_PUBLISHED, PUBLISHED_AT
from forecast_assets.market_state.published_months import TABLE, repeats_earlier
from forecast_assets.storage import PartitionKey, Provenance, StoredProvenance, TableStore, WrittenVersion
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.table_specs import table_specs

LONG_AGO = pd.Timestamp("1970-01-01", tz="UTC")


@dataclasses.dataclass(frozen=True)
class StatusChange:
    """A published month with another status than is stored.

    Attributes:
        month: The month.
        before: The stored status.
        after: The right one.
        later: A later month that had been published before it; None without one.
    """

    month: pd.Timestamp
    before: str
    after: str
    later: pd.Timestamp | None


def changes_after_withdrawal(store: TableStore, country: str, withdrawn: pd.Timestamp) -> list[StatusChange]:
    """Return the earlier months that were ``backfilled`` only because of a publication that was taken back."""
    changes = []
    for month, before, provenance in _earlier(store, country, withdrawn):
        recorded = provenance.answers.get(LATER_PUBLISHED)
        if before != "backfilled" or recorded not in (None, f"{withdrawn:%Y-%m-%d}"):
            continue
        made_at = published_at(provenance)
        later = [other for other, began in _later(store, country, month).items() if began < made_at]
        if not later:
            after = "stale" if repeats_earlier(provenance) else "published"
            changes.append(StatusChange(month, before, after, None))
    return changes


def changes_after_restoration(store: TableStore, country: str, restored: pd.Timestamp) -> list[StatusChange]:
    """Return the earlier months that were published after a publication which was taken back and stands again."""
    began = first_published_at(store, PartitionKey(restored, country))
    return [
        StatusChange(month, before, "backfilled", restored)
        for month, before, provenance in _earlier(store, country, restored)
        if before in ("published", "stale") and published_at(provenance) > began
    ]


def _earlier(
    store: TableStore, country: str, month: pd.Timestamp
) -> Iterator[tuple[pd.Timestamp, str, StoredProvenance]]:
    """Generate the published months before a month, with status and provenance."""
    for partition in store.list_market(TABLE, country):
        if partition.month < month:
            rows, provenances = store.read_with_provenance(TABLE, [partition], columns=["status"])
            yield partition.month, ", ".join(sorted(rows["status"].unique())), provenances[partition]


def _later(store: TableStore, country: str, month: pd.Timestamp) -> dict[pd.Timestamp, pd.Timestamp]:
    """Return the time of the first publication of each later month."""
    later = [each for each in store.list_market(TABLE, country) if each.month > month]
    return {partition.month: first_published_at(store, partition) for partition in later}


def published_at(provenance: StoredProvenance) -> pd.Timestamp:
    """Return the time at which a publication was made; a later change of its status does not count."""
    return pd.Timestamp(provenance.answers.get(PUBLISHED_AT, provenance.written_at))


def first_published_at(store: TableStore, partition: PartitionKey) -> pd.Timestamp:
    """Return the time of the first publication of a month among those that the present one replaced.

    If the first ones were pruned it is not known: then it is before every other time.
    """
    provenance = store.provenance(TABLE, partition)
    if provenance.previous_version is None:
        return published_at(provenance)
    earlier = {version.name: version.provenance for version in store.versions(TABLE, partition)}
    while provenance.previous_version in earlier:
        provenance = earlier[provenance.previous_version]
    return published_at(provenance) if provenance.previous_version is None else LONG_AGO


def write_status(
    store: TableStore, country: str, change: StatusChange, run_id: str, hold: Hold | None = None
) -> WrittenVersion:
    """Publish a month with its other status as a new version; numbers, inputs and cycle stay those of before."""
    partition = PartitionKey(change.month, country)
    rows, provenances = store.read_with_provenance(TABLE, [partition])
    stored = provenances[partition]
    answers = {name: value for name, value in stored.answers.items() if name != LATER_PUBLISHED}
    answers[PUBLISHED_AT] = published_at(stored).isoformat()
    if change.later is not None:
        answers[LATER_PUBLISHED] = f"{change.later:%Y-%m-%d}"
    provenance = Provenance(
        run_id, stored.cycle_id, stored.git_sha, stored.inputs, stored.code_version, stored.configuration, answers
    )
    table = rows.drop(columns=["country", "month"]).assign(status=change.after)
    return store.write_all(table_specs()[TABLE], {partition: table}, {partition: provenance}, hold)[0]
