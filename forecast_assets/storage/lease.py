"""A lease: one owner at a time of a name, over processes and machines. It ends by itself after its owner has died.

A small file names the owner, its duration and its *token*. A living owner renews the lease. It expires by the age of
the file in the store's clock, never by the clock of a machine. Each new owner gets a higher token, so what an owner
writes after it lost its lease can be told from what its successor writes.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.publish import Files

# A publish locks the lease for milliseconds. Only a process that was paused in one keeps it longer.
LOCK_SECONDS = 10.0
RELEASED = 0.0


class LeaseTaken(RuntimeError):
    """Another owner has the lease."""

    def __init__(self, name: str, held: "Held") -> None:
        super().__init__(name, held)
        self.name = name
        self.held = held

    def __str__(self) -> str:
        return f"{self.name} is held by {self.held.holder}"


class LeaseLost(RuntimeError):
    """This owner was paused for longer than its lease, and another one took it; nothing more may be published."""


class UnreadableLease(ValueError):
    """The file of a lease holds no lease."""


@dataclass(frozen=True)
class Held:
    """The content of a lease's file.

    Attributes:
        holder: The owner.
        until: Expiry by the owner's clock in seconds since 1970, UTC; 0 once it was released. For people, and for
            stores without a clock.
        seconds: Duration without renewal; 0 in files of earlier releases.
        token: Number that is higher than that of every earlier owner.
    """

    holder: str
    until: float
    seconds: float = 0.0
    token: int = 0


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

    def take(self, owner: str) -> "Hold":
        """Take the lease, or take it again.

        Raises:
            LeaseTaken: If the lease of another owner is in force, or its file is unreadable and young.
        """
        taken: list[Held] = []

        def claim(content: bytes | None) -> bytes:
            before = self._before(content)
            if before is not None and before.holder != owner and self._is_in_force(before):
                raise LeaseTaken(self.name, before)
            token = before.token if before is not None and before.holder == owner else 0
            # The time: should the file be lost, the next token is still the highest.
            held = self._held(owner, token or max((before.token if before else 0) + 1, int(time.time() * 1000)))
            taken[:] = [held]
            return _content(held)

        try:
            updated = self.file.update(claim)
        except TimeoutError:
            raise LeaseTaken(self.name, self._before(self.file.read()) or Held("a paused process", 0)) from None
        if not updated:
            raise LeaseTaken(self.name, self._before(self.file.read()) or taken[0])
        return Hold(self, owner, taken[0].token)

    def owner(self) -> str | None:
        """Return the owner of the lease; None if none is in force. Raises UnreadableLease."""
        held = _held(self.file.read())
        return held.holder if held is not None and self._is_in_force(held) else None

    def release(self, owner: str) -> None:
        """Give the lease up; does nothing if another owner has it."""

        def expire(content: bytes | None) -> bytes | None:
            with contextlib.suppress(UnreadableLease):
                held = _held(content)
                if held is not None and held.holder == owner:
                    return _content(Held(owner, RELEASED, held.seconds, held.token))
            return None

        # False: another owner took it over after it expired. The lease is theirs.
        self.file.update(expire)

    @property
    def file(self) -> AtomicFile:
        """The lease's file."""
        return AtomicFile(self.files, self.path, LOCK_SECONDS)

    def _held(self, owner: str, token: int) -> Held:
        return Held(owner, time.time() + self.seconds, self.seconds, token)

    def _before(self, content: bytes | None) -> Held | None:
        """Return the lease in a file; None without one, or if it is unreadable and so old that its owner is dead."""
        try:
            return _held(content)
        except UnreadableLease:
            age = self.file.age_seconds()
            if age is None or age >= self.seconds:
                return None
            unknown = (
                f"an unknown run ({self.path} is unreadable; it frees itself {self.seconds:g} s after it was written)"
            )
            raise LeaseTaken(self.name, Held(unknown, RELEASED)) from None

    def _is_in_force(self, held: Held) -> bool:
        if held.until == RELEASED:
            return False
        age = self.file.age_seconds()
        return held.until > time.time() if age is None else age < (held.seconds or self.seconds)


@dataclass(frozen=True)
class Hold:
    """A lease that an owner has taken: renewed while it works, and checked in every publish.

    Attributes:
        lease: The lease.
        owner: The owner.
        token: Its token.
    """

    lease: Lease
    owner: str
    token: int

    def renew(self) -> None:
        """Renew the lease; also if the disk is full.

        Raises:
            LeaseLost: If another owner has taken it.
        """

        def extend(content: bytes | None) -> bytes:
            self._check(content)
            return _content(self.lease._held(self.owner, self.token))

        file = self.lease.file
        try:
            updated = file.update(extend)
        except OSError:
            if not file.files.is_local:
                raise
            # No space for a new file: the time of the old one says as much.
            with file.locked():
                self._check(file.read())
                Path(file.path).touch()
            return
        if not updated:
            self._check(file.read())

    @contextlib.contextmanager
    def checked(self) -> Iterator[None]:
        """Run the body, a publish, only as the owner. On a local disk no other owner takes the lease meanwhile.

        Raises:
            LeaseLost: If another owner has taken the lease.
        """
        file = self.lease.file
        with file.locked():
            self._check(file.read())
            yield

    def require(self) -> None:
        """Raise LeaseLost if another owner has taken the lease."""
        with self.checked():
            return

    def release(self) -> None:
        """Give the lease up; does nothing if another owner has it."""
        self.lease.release(self.owner)

    def _check(self, content: bytes | None) -> None:
        try:
            held = _held(content)
        except UnreadableLease:
            raise LeaseLost(
                f"{self.lease.path} is unreadable, so {self.owner} cannot show that it still owns {self.lease.name}. "
                "It publishes nothing more. Start it again."
            ) from None
        if held is None or (held.holder, held.token) != (self.owner, self.token):
            other = "its file was removed" if held is None else f"{held.holder} has taken it"
            raise LeaseLost(
                f"{self.owner} no longer has the lease of {self.lease.name}: {other}, because it was not renewed for "
                f"{self.lease.seconds:g} s (a paused process, a suspended machine). It publishes nothing more. If its "
                "result is wanted, start it again."
            )


def _held(content: bytes | None) -> Held | None:
    if content is None:
        return None
    try:
        values = json.loads(content)
        held = Held(**{name: values[name] for name in Held.__dataclass_fields__ if name in values})
        return Held(str(held.holder), float(held.until), float(held.seconds), int(held.token))
    # An infinite or very long number, and brackets without end, are errors of their own.
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise UnreadableLease(str(error)) from error


def _content(held: Held) -> bytes:
    return json.dumps(asdict(held)).encode()
