"""Publications of a partition that were taken back: the published files go, their version stays, and a note says why.

The note stands beside the versions. Readers of the store need not know it: a withdrawn partition is not published.
"""

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Protocol

from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.documents import PROVENANCE_FILE
from forecast_assets.storage.fenced_publish import remove_as_owner, replace_as_owner
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.publish import Files

WITHDRAWN_FILE = "_withdrawn.json"


class WithdrawalConflict(RuntimeError):
    """Another process changed the notes, or the published file, at the same time."""


@dataclasses.dataclass(frozen=True)
class Withdrawal:
    """One publication that was taken back.

    Attributes:
        version: Name of the version that was published.
        run_id: Run that had published it.
        content_hash: Its content.
        withdrawn_at: Time in UTC, ISO 8601.
        withdrawn_by: Who took it back.
        reason: Why.
        restored_at: Time at which it was published again; empty while the withdrawal is in force.
        restored_by: Who restored it.
        restored_because: Why.
    """

    version: str
    run_id: str
    content_hash: str
    withdrawn_at: str
    withdrawn_by: str
    reason: str
    restored_at: str = ""
    restored_by: str = ""
    restored_because: str = ""

    @property
    def is_in_force(self) -> bool:
        """True until the publication is restored."""
        return not self.restored_at


@dataclasses.dataclass(frozen=True)
class WithdrawnFiles:
    """The files of one partition of a table or of documents.

    Attributes:
        files: The file system of the store.
        published: Folder of the published files.
        versions: Folder of the versions.
        hold: Lease of the market, for changes.
    """

    files: Files
    published: str
    versions: str
    hold: Hold | None = None

    def withdrawals(self) -> list[Withdrawal]:
        """Return all withdrawals, oldest first. Raises DamagedFile."""
        return read_withdrawals(self._note.read(), self._note.path)

    def in_force(self) -> Withdrawal | None:
        """Return the latest withdrawal that has not been undone; None without one."""
        return next((each for each in reversed(self.withdrawals()) if each.is_in_force), None)

    def withdraw(self, withdrawal: Withdrawal, names: Sequence[str]) -> None:
        """Note a withdrawal, then remove the published files.

        A process killed in between leaves the publication in place. The next call completes it.

        Args:
            withdrawal: What is taken back, by whom and why.
            names: Names of the published files.

        Raises:
            LeaseLost: If another owner has taken the lease.
        """
        self._change(lambda notes: [*[each for each in notes if not _is_open(each, withdrawal.version)], withdrawal])
        # The provenance of documents goes last: until then a repeated call finds them published.
        for name in sorted(names, key=lambda name: name == PROVENANCE_FILE):
            remove_as_owner(self.files, f"{self.published}/{name}", self.hold)

    def restore(self, withdrawal: Withdrawal, contents: dict[str, bytes]) -> None:
        """Publish a withdrawn version again, then note that it was restored.

        Args:
            withdrawal: The withdrawal in force, with the time, author and reason of its end.
            contents: Bytes of the files to publish by name.

        Raises:
            LeaseLost, PublishConflict: If another process published meanwhile.
        """
        for name in sorted(contents, key=lambda name: name == PROVENANCE_FILE):
            replace_as_owner(self.files, f"{self.published}/{name}", contents[name], self.hold)
        self._change(lambda notes: [withdrawal if _is_open(each, withdrawal.version) else each for each in notes])

    @property
    def _note(self) -> AtomicFile:
        return AtomicFile(self.files, f"{self.versions}/{WITHDRAWN_FILE}")

    def _change(self, change: Callable[[list[Withdrawal]], list[Withdrawal]]) -> None:
        path = self._note.path

        def written(content: bytes | None) -> bytes:
            notes = change(read_withdrawals(content, path))
            return json.dumps([dataclasses.asdict(each) for each in notes], indent=1, sort_keys=True).encode()

        if self.hold is not None:
            self.hold.require()
        if not self._note.update(written):
            raise WithdrawalConflict(f"{path} was changed by another process at the same time; repeat the command")


class _Store(Protocol):
    """The part of a store that leads to the files of a partition."""

    base: str

    @property
    def files(self) -> Files:
        """The files of the store's file system."""

    def versions_folder(self, name: str, partition: PartitionKey) -> str:
        """Return the folder of a partition's versions."""


def withdrawn_files(store: _Store, table: str, partition: PartitionKey, hold: Hold | None = None) -> WithdrawnFiles:
    """Return the files of a partition of a table or of documents; changes need the ``hold`` of the market's lease."""
    folder = f"{store.base}/{table}/{partition.folder}"
    return WithdrawnFiles(store.files, folder, store.versions_folder(table, partition), hold)


def read_withdrawals(content: bytes | None, path: str) -> list[Withdrawal]:
    """Return the notes in a file, oldest first; none without a file. Raises DamagedFile."""
    try:
        return [] if content is None else [Withdrawal(**note) for note in json.loads(content)]
    except (ValueError, TypeError) as error:
        raise DamagedFile(path, "the notes of withdrawals cannot be read; restore the file from a backup") from error


def _is_open(withdrawal: Withdrawal, version: str) -> bool:
    return withdrawal.version == version and withdrawal.is_in_force
