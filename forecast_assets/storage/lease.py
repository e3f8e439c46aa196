"""A lease: at most one holder at a time of a name, over processes and machines, and nobody's once the holder is dead.

A small file names the holder and until when. The holder renews it while it lives; one that has run out may be taken.
Taking and renewing is one conditional put on Azure; on a local folder a lock of the operating system makes it one step.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from forecast_assets.storage.publish import Files, PublishConflict


class LeaseTaken(RuntimeError):
    """Somebody else holds the lease."""

    def __init__(self, name: str, held: "Held") -> None:
        super().__init__(name, held)
        self.name = name
        self.held = held

    def __str__(self) -> str:
        return f"{self.name} is held by {self.held.holder}"


@dataclass(frozen=True)
class Held:
    """Who holds a lease, until when (seconds since 1970, UTC)."""

    holder: str
    until: float


@dataclass(frozen=True)
class Lease:
    """One name in a folder of leases.

    Attributes:
        files: The file system of the store.
        folder: Where leases stand.
        name: What is leased.
        seconds: How long one lasts unless renewed.
    """

    files: Files
    folder: str
    name: str
    seconds: float

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}.json"

    def take(self, holder: str) -> None:
        """Take or renew the lease.

        Raises:
            LeaseTaken: If another holder's has not run out.
        """
        with self._one_at_a_time():
            state, held = self._look()
            if held is not None and held.holder != holder and held.until > time.time():
                raise LeaseTaken(self.name, held)
            self._put(Held(holder, time.time() + self.seconds), state)

    def release(self, holder: str) -> None:
        """Give the lease up; nothing happens where somebody else holds it."""
        with self._one_at_a_time(), contextlib.suppress(LeaseTaken):
            state, held = self._look()
            if held is not None and held.holder == holder:
                self._put(Held(holder, 0.0), state)

    def holder(self) -> str | None:
        """Who holds the lease now; None where nobody does."""
        held = self._read()
        return held.holder if held is not None and held.until > time.time() else None

    def _read(self) -> Held | None:
        return self._look()[1]

    def _look(self) -> tuple[str | None, Held | None]:
        state, content = self.files.look(self.path)
        return state, None if content is None else Held(**json.loads(content))

    def _put(self, held: Held, state_before: str | None) -> None:
        try:
            self.files.replace(self.path, json.dumps(asdict(held)).encode(), state_before)
        except PublishConflict as conflict:
            raise LeaseTaken(self.name, self._read() or held) from conflict

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        if not self.files.is_local:
            yield
            return
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.folder}/.{self.name}.lock"):
            yield
