"""The record of a backfill in the store: by it a backfill that was killed goes on as the one it was.

It holds the revision of reopened months (``.r2``), which all its runs must share however often it is started. Which
partitions are done is not recorded: their provenance says so.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from forecast_assets.operations.backfill.backfill_plan import BackfillRequest
from forecast_assets.storage import TableStore

FOLDER = "_backfills"
FIRST_REVISION = 2


@dataclasses.dataclass(frozen=True)
class BackfillRecord:
    """One request: ``id`` (of the request), ``revision`` of reopened months, when it was started and finished (UTC)."""

    id: str
    revision: int
    started_at: str
    finished_at: str | None = None


def open_record(store: TableStore, request: BackfillRequest, cycle_ids: Iterable[str]) -> tuple[BackfillRecord, bool]:
    """The record of a request, and whether it goes on with one that did not finish.

    Args:
        store: Where it is kept.
        request: Equal requests share a record until it is finished.
        cycle_ids: Cycles of the months that would be reopened: a new revision follows the highest of theirs.
    """
    key = request_id(request)
    found = _read(store, key)
    if found and found.finished_at is None:
        return found, True
    record = BackfillRecord(key, next_revision(cycle_ids), _now())
    _write(store, record)
    return record, False


def close_record(store: TableStore, record: BackfillRecord) -> None:
    """Everything has landed: the same request is a new backfill from now on."""
    _write(store, dataclasses.replace(record, finished_at=_now()))


def next_revision(cycle_ids: Iterable[str]) -> int:
    """One more than the highest ``.r<n>`` of the cycles; 2 where none was reopened before."""
    found = [int(match[1]) for cycle_id in cycle_ids if (match := re.search(r"\.r(\d+)$", cycle_id))]
    return max(found, default=FIRST_REVISION - 1) + 1


def request_id(request: BackfillRequest) -> str:
    """Twelve hexadecimal digits of a request; the order of markets and assets does not matter."""
    parts = [sorted(request.countries), f"{request.first:%Y-%m}", f"{request.last:%Y-%m}", sorted(request.assets)]
    return hashlib.sha256(json.dumps([*parts, request.include_frozen]).encode()).hexdigest()[:12]


def _path(store: TableStore, key: str) -> str:
    return f"{store.base}/{FOLDER}/{key}.json"


def _read(store: TableStore, key: str) -> BackfillRecord | None:
    content = store.files.read_many([_path(store, key)])[0]
    return BackfillRecord(**json.loads(content)) if content else None


def _write(store: TableStore, record: BackfillRecord) -> None:
    path = _path(store, record.id)
    store.files.replace(path, json.dumps(dataclasses.asdict(record)).encode(), store.files.state(path))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
