"""One small file that several processes write: each write is one compare-and-swap.

Leases and the records of alerts stand on it. On Azure the write itself carries the condition. A local folder has no
conditional write, so a lock of the operating system makes comparison and write one step.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from forecast_assets.storage.publish import Files, PublishConflict


@dataclass(frozen=True)
class AtomicFile:
    """A file that is created once, or replaced only while it is unchanged.

    Attributes:
        files: The file system of the store.
        path: Path of the file.
    """

    files: Files
    path: str

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
        with self._locked():
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
    def _locked(self) -> Iterator[None]:
        if not self.files.is_local:
            yield
            return
        from filelock import FileLock

        path = Path(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.stem}.lock")):
            yield
