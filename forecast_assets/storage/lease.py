"""A lease: one owner at a time of a name, over processes and machines. It ends by itself after its owner has died.

A small file names the owner and the time of expiry. A living owner renews the lease; an expired one may be taken.
"""

import json
import time
from dataclasses import asdict, dataclass

from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.publish import Files


class LeaseTaken(RuntimeError):
    """Another owner has the lease."""

    def __init__(self, name: str, held: "Held") -> None:
        super().__init__(name, held)
        self.name = name
        self.held = held

    def __str__(self) -> str:
        return f"{self.name} is held by {self.held.holder}"


@dataclass(frozen=True)
class Held:
    """The owner of a lease (``holder``, as stored) and its expiry ``until`` in seconds since 1970, UTC."""

    holder: str
    until: float

    @property
    def is_in_force(self) -> bool:
        """True until the lease expires."""
        return self.until > time.time()


@dataclass(frozen=True)
class Lease:
    """One name in a folder of leases.

    Attributes:
        files: The file system of the store.
        folder: Folder of the leases.
        name: Name that is leased.
        seconds: Duration of a lease that is not renewed.
    """

    files: Files
    folder: str
    name: str
    seconds: float

    @property
    def path(self) -> str:
        """Path of the lease's file."""
        return f"{self.folder}/{self.name}.json"

    def take(self, owner: str) -> None:
        """Take or renew the lease.

        Raises:
            LeaseTaken: If the lease of another owner is in force.
        """
        wanted = Held(owner, time.time() + self.seconds)

        def claim(content: bytes | None) -> bytes:
            held = _held(content)
            if held is not None and held.holder != owner and held.is_in_force:
                raise LeaseTaken(self.name, held)
            return _content(wanted)

        if not self._file.update(claim):
            raise LeaseTaken(self.name, _held(self._file.read()) or wanted)

    def release(self, owner: str) -> None:
        """Give the lease up; does nothing if another owner has it."""

        def expire(content: bytes | None) -> bytes | None:
            held = _held(content)
            return _content(Held(owner, 0.0)) if held is not None and held.holder == owner else None

        # False: another owner took it over after it expired. The lease is theirs.
        self._file.update(expire)

    def owner(self) -> str | None:
        """Return the owner of the lease; None if none is in force."""
        held = _held(self._file.read())
        return held.holder if held is not None and held.is_in_force else None

    @property
    def _file(self) -> AtomicFile:
        return AtomicFile(self.files, self.path)


def _held(content: bytes | None) -> Held | None:
    return None if content is None else Held(**json.loads(content))


def _content(held: Held) -> bytes:
    return json.dumps(asdict(held)).encode()
