"""State of each market's forecast in the monthly review, kept in the store: one file per market and origin month.

Rules are in ``domain/publication/review_states.py``.
"""

import dataclasses
import json
from collections.abc import Iterable

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.override_states import Person
from forecast_assets.domain.publication.review_states import ReviewNotAllowed, ReviewState, set_to
from forecast_assets.market_state.published_months import TABLE
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.atomic_file import AtomicFile

FOLDER = "_planning/reviews"


def review_of(store: TableStore, partition: PartitionKey) -> ReviewState:
    """Return the state of a market's publication; a draft if it is not published."""
    published = store.published_provenance(TABLE, partition)
    return _kept(_file(store, partition).read()).of(published.content_hash) if published else ReviewState()


def reviews_of(store: TableStore, origin: pd.Timestamp, countries: Iterable[str]) -> dict[str, str]:
    """Return the state of each market in words."""
    return {country: review_of(store, PartitionKey(origin, country)).in_words for country in countries}


def set_review(
    settings: Settings,
    store: TableStore,
    partition: PartitionKey,
    state: str,
    by: Person,
    now: pd.Timestamp,
    note: str = "",
) -> ReviewState:
    """Set the state of a market's publication and return it.

    Raises:
        ReviewNotAllowed: If the month is not published, a rule does not allow it, or another person has set a state at
            the same moment.
    """
    published = store.published_provenance(TABLE, partition)
    if published is None:
        raise ReviewNotAllowed(f"{partition.country} {partition.month:%Y-%m} is not published")
    at, written = now.isoformat(timespec="seconds"), []

    def changed(content: bytes | None) -> bytes:
        before = _kept(content).of(published.content_hash)
        written.append(set_to(before, state, by, at, note, four_eyes=settings.overrides.four_eyes))
        return json.dumps(dataclasses.asdict(written[-1]), indent=1).encode()

    if not _file(store, partition).update(changed):
        raise ReviewNotAllowed("another person has set a state at the same moment; repeat the command")
    return written[-1]


def _file(store: TableStore, partition: PartitionKey) -> AtomicFile:
    path = f"{store.base}/{FOLDER}/country={partition.country}/{partition.month:%Y-%m}.json"
    return AtomicFile(store.files, path)


def _kept(content: bytes | None) -> ReviewState:
    return ReviewState(**json.loads(content)) if content else ReviewState()
