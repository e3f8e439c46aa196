"""Decision on runs that have ended, and the cursor behind them. No Dagster instance, no outbox, no clock.

A failed run counts once Dagster starts it no more. Reading runs and reporting incidents belong to ``run_failures``.
"""

import dataclasses
import enum
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from forecast_assets.tags import RETRY_RUN_TAG, WILL_RETRY_TAG

# A retry that Dagster announced and has not started after so long will not come.
RETRY_PATIENCE = timedelta(hours=1)
# Two runs may end in one moment, and a change may be read late: read again from here, and skip what was seen.
OVERLAP = timedelta(minutes=2)


class Ending(enum.Enum):
    """Consequence of the end of a run."""

    SUCCEEDED = "succeeded"
    STOPPED_BY_A_PERSON = "stopped by a person"
    RETRY_PENDING = "retry pending"
    RETRIED = "retried"
    RETRY_NEVER_STARTED = "retry never started"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True)
class EndedRun:
    """A run that has ended; ``has_succeeded`` and ``has_failed`` are both False if a person stopped it."""

    run_id: str
    changed_at: datetime
    tags: Mapping[str, str]
    has_succeeded: bool
    has_failed: bool

    def ending(self, now: datetime) -> Ending:
        """Return the consequence of the end of the run."""
        if self.has_succeeded:
            return Ending.SUCCEEDED
        if not self.has_failed:
            return Ending.STOPPED_BY_A_PERSON
        if self.tags.get(WILL_RETRY_TAG) != "true":
            return Ending.FAILED
        if RETRY_RUN_TAG in self.tags:
            return Ending.RETRIED
        return Ending.RETRY_PENDING if now - self.changed_at < RETRY_PATIENCE else Ending.RETRY_NEVER_STARTED


@dataclasses.dataclass(frozen=True)
class RunCursor:
    """Position in the stream of ended runs.

    ``after`` is the latest change read, ``seen`` the runs changed shortly before it. ``promised`` are failed runs whose
    retry has not been started yet.
    """

    after: float
    seen: Sequence[str] = ()
    promised: Sequence[str] = ()

    @classmethod
    def read(cls, text: str | None, now: datetime) -> "RunCursor":
        """Return the cursor that a sensor stored; at first, one that skips the runs that ended before now."""
        return cls(**json.loads(text)) if text else cls(now.timestamp())

    @property
    def read_from(self) -> datetime:
        """Moment from which runs are read: shortly before the latest change."""
        return datetime.fromtimestamp(self.after, UTC) - OVERLAP

    def moved_behind(self, changes: Mapping[str, datetime], promised: Sequence[str]) -> "RunCursor":
        """Return the cursor behind the runs that were read, by id, with the runs whose retry is pending."""
        moments = {run_id: moment.timestamp() for run_id, moment in changes.items()}
        after = max([self.after, *moments.values()])
        edge = after - OVERLAP.total_seconds()
        return RunCursor(after, [run_id for run_id, moment in moments.items() if moment >= edge], list(promised))

    def to_text(self) -> str:
        """Return the text that a sensor stores."""
        return json.dumps(dataclasses.asdict(self))
