"""One small file that several processes write: each write is one compare-and-swap.

Leases and the records of alerts stand on it. On Azure the write itself carries the condition. A local folder has no
conditional write, so a lock of the operating system makes comparison and write one step.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from forecast_assets.storage.file_system import ConditionalFileSystem
from forecast_assets.storage.publish import Files, PublishConflict


@dataclass(frozen=True)
class AtomicFile:
    """A file that is created once, or replaced only while it is unchanged.

    Attributes:
        files: The file system of the store.
        path: Path of the file.
        lock_seconds: Seconds to wait for the lock of a local file; negative: without limit.
    """

    files: Files
    path: str
    lock_seconds: float = -1

    def read(self) -> bytes | None:
        """Return the content, None without a file."""
        return self.files.read_many([self.path])[0]

    def create(self, content: bytes) -> bool:
        """Write a new file; return False if there is one, which is left unchanged."""
        try:
            self.files.create(self.path, content)
        except FileExistsError:
            return False
        return True

    def update(self, change: Callable[[bytes | None], bytes | None]) -> bool:
        """Replace the content by ``change`` of it; return False if another process has changed it meanwhile.

        Args:
            change: Takes the content (None without a file) and returns the new one, or None to leave the file as it is.
                An error of its own passes through, and nothing is written.
        """
        with self.locked():
            state, before = self.files.read_with_state(self.path)
            after = change(before)
            if after is None:
                return True
            try:
                self.files.replace(self.path, after, state)
            except PublishConflict:
                return False
            return True

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing a local file; elsewhere each write carries its condition.

        Raises:
            TimeoutError: If another process keeps the lock for longer than ``lock_seconds``.
        """
        if not self.files.is_local:
            yield
            return
        from filelock import FileLock

        # It makes the folder.
        with FileLock(self.lock_path, timeout=self.lock_seconds):
            yield

    @property
    def lock_path(self) -> Path:
        """Path of the lock beside a local file."""
        path = Path(self.path)
        return path.with_name(f".{path.stem}.lock")

    def age_seconds(self) -> float | None:
        """Return the seconds since the file was written, by the store's clock; None if it has none or no file.

        The clocks of two machines may differ by minutes, so no machine's clock is compared with another's.
        """
        if isinstance(self.files.fs, ConditionalFileSystem):
            return self.files.fs.age_seconds(self.path)
        if not self.files.is_local:
            return None
        try:
            return _now_of(self.lock_path) - Path(self.path).stat().st_mtime
        except FileNotFoundError:
            return None


def _now_of(lock: Path) -> float:
    """Return the time of the file server of a folder: it stamps a file that is touched. This needs no space."""
    try:
        os.utime(lock)
        return lock.stat().st_mtime
    except OSError:
        return time.time()
