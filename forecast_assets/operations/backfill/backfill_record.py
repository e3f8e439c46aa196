"""Record of a backfill in the store, so that a killed backfill continues under the same id and revision.

The record holds the revision of reopened months (``.r2``), which all runs share however often the backfill is started.
It lists no finished partitions: their provenance shows them.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from forecast_assets.operations.backfill.backfill_plan import BackfillRequest
from forecast_assets.storage import TableStore
from forecast_assets.storage.atomic_file import AtomicFile

FOLDER = "_backfills"
FIRST_REVISION = 2


@dataclasses.dataclass(frozen=True)
class BackfillRecord:
    """Id of a request, revision of reopened months, and the times of start and end (UTC)."""

    id: str
    revision: int
    started_at: str
    finished_at: str | None = None


def open_record(store: TableStore, request: BackfillRequest, cycle_ids: Iterable[str]) -> tuple[BackfillRecord, bool]:
    """Return the record of a request, and True if an unfinished record continues.

    Two commands of the same request that start together share the record of the first one.

    Args:
        store: Store that keeps the records.
        request: Equal requests share a record until it is finished.
        cycle_ids: Cycles of the months to reopen; a new revision follows their highest one.
    """
    new = BackfillRecord(request_id(request), next_revision(cycle_ids), _now())
    opened = new

    def open_or_continue(content: bytes | None) -> bytes | None:
        nonlocal opened
        stored = _parsed(content)
        opened = stored if stored and stored.finished_at is None else new
        return _content(new) if opened is new else None

    file = _file(store, new.id)
    # False: another command has opened or closed the record since it was read.
    while not file.update(open_or_continue):
        pass
    return opened, opened is not new


def close_record(store: TableStore, record: BackfillRecord) -> None:
    """Mark a backfill as finished; the same request starts a new backfill from now on.

    A record that another command has closed, or opened again since, stays as it is.
    """
    finished = _content(dataclasses.replace(record, finished_at=_now()))
    file = _file(store, record.id)
    while not file.update(lambda content: finished if _parsed(content) == record else None):
        pass


def next_revision(cycle_ids: Iterable[str]) -> int:
    """Return one more than the highest ``.r<n>`` of the cycles; 2 if none was reopened before."""
    revisions = [int(match[1]) for cycle_id in cycle_ids if (match := re.search(r"\.r(\d+)$", cycle_id))]
    return max(revisions, default=FIRST_REVISION - 1) + 1


def request_id(request: BackfillRequest) -> str:
    """Return twelve hexadecimal digits of a request; the order of markets and assets does not matter."""
    parts = [sorted(request.countries), f"{request.first:%Y-%m}", f"{request.last:%Y-%m}", sorted(request.assets)]
    return hashlib.sha256(json.dumps([*parts, request.include_frozen]).encode()).hexdigest()[:12]


def _file(store: TableStore, key: str) -> AtomicFile:
    return AtomicFile(store.files, f"{store.base}/{FOLDER}/{key}.json")


def _parsed(content: bytes | None) -> BackfillRecord | None:
    return BackfillRecord(**json.loads(content)) if content else None


def _content(record: BackfillRecord) -> bytes:
    return json.dumps(dataclasses.asdict(record)).encode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
