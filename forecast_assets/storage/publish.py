"""Putting complete bytes in place: create-only for versions, atomic replacement for published files.

The one module where a local folder and object storage differ. Locally: temporary file in the same folder, fsync, link
or rename, fsync of the folder. Remotely: one put of complete bytes, conditional where the backend supports it. No file
is held open: closing a handle after an error would commit a part.
"""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from forecast_assets.storage.file_system import ConditionalFileSystem, FileSystem
from forecast_assets.storage.folders import is_local

REMOTE_AT_ONCE = 32

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class PublishConflict(RuntimeError):
    """Another writer published the partition between this writer's read and its put. The other file stays in place."""


@dataclass(frozen=True)
class Files:
    """Reads and writes whole files of one file system; paths are without protocol."""

    fs: FileSystem

    @property
    def is_local(self) -> bool:
        """True for a folder of this machine."""
        return is_local(self.fs)

    def read(self, path: str) -> bytes:
        """Return a file's bytes, from one moment. Raises FileNotFoundError."""
        return Path(path).read_bytes() if self.is_local else self.fs.cat_file(path)

    def read_many(self, paths: list[str]) -> list[bytes | None]:
        """Return the bytes of several files, None for each missing file. Remote reads run side by side."""
        if self.is_local:
            return [self._read_if_present(path) for path in paths]
        # Threads of our own: adlfs' cat of many paths reads them one after the other.
        return self.side_by_side(self._read_if_present, paths)

    def side_by_side(self, function: Callable[[Argument], Result], arguments: Iterable[Argument]) -> list[Result]:
        """Call a function for each argument, remotely several at a time, and return the results in order.

        The first error in the order of the arguments is raised.
        """
        if self.is_local:
            return [function(argument) for argument in arguments]
        with ThreadPoolExecutor(REMOTE_AT_ONCE) as pool:
            return list(pool.map(function, arguments))

    def _read_if_present(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except FileNotFoundError:
            return None

    def read_with_state(self, path: str) -> tuple[str | None, bytes | None]:
        """Return state and bytes of a file together, None and None without a file. One request on Azure."""
        if isinstance(self.fs, ConditionalFileSystem):
            content, state = self.fs.cat_with_etag(path) or (None, None)
            return state, content
        # In this order: a file that changes in between does not have the state that a replacement must meet.
        return self.state(path), self._read_if_present(path)

    def remove(self, path: str) -> None:
        """Remove a file. A missing file is no error: the first request may have removed it and lost its response."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(path)

    def remove_if(self, path: str, state: str) -> None:
        """Remove a file if it still has a ``state``; on Azure the request itself carries the condition.

        Raises:
            PublishConflict: If the file in place has another state.
        """
        if isinstance(self.fs, ConditionalFileSystem):
            if not self.fs.remove_if(path, state):
                raise PublishConflict(path)
            return
        if self.state(path) not in (state, None):
            raise PublishConflict(path)
        self.remove(path)

    def state(self, path: str) -> str | None:
        """Return a token that changes when the file is replaced (the ETag if there is one), None without a file."""
        try:
            if self.is_local:
                status = Path(path).stat()
                return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
            if isinstance(self.fs, ConditionalFileSystem):
                return self.fs.etag(path)
            self.fs.invalidate_cache(path)
            return str(self.fs.info(path).get("etag") or self.fs.checksum(path))
        except FileNotFoundError:
            return None

    def create(self, path: str, content: bytes) -> None:
        """Write a new file. Raises FileExistsError if there is one, which is left unchanged."""
        if isinstance(self.fs, ConditionalFileSystem):
            if not self.fs.put_bytes(path, content, only_new=True):
                raise FileExistsError(path)
            return
        if not self.is_local:
            self.fs.pipe_file(path, content, mode="create")
            return
        with _temporary_file(Path(path), content) as temporary:
            _link_or_rename(temporary, Path(path))
        _sync_folder(Path(path).parent)

    def replace(self, path: str, content: bytes, state_before: str | None) -> None:
        """Replace the file whose ``state`` was ``state_before``, or write the first one if that is None.

        On Azure the put itself carries the condition (If-Match, or If-None-Match for the first file). Elsewhere the
        state is compared just before the put; ``AtomicFile`` adds a lock to it.

        Raises:
            PublishConflict: If the file in place has another state.
        """
        if isinstance(self.fs, ConditionalFileSystem):
            if not self.fs.put_bytes(path, content, etag=state_before, only_new=state_before is None):
                raise PublishConflict(path)
            return
        if self.state(path) != state_before:
            raise PublishConflict(path)
        if not self.is_local:
            self.fs.pipe_file(path, content)
            return
        with _temporary_file(Path(path), content) as temporary:
            temporary.replace(path)
        _sync_folder(Path(path).parent)


def _link_or_rename(temporary: Path, path: Path) -> None:
    """Give a temporary file its name. Raises FileExistsError if the name is taken."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # File shares without hard links: writers of one partition exclude each other, so the check holds until the
        # rename.
        if path.exists():
            raise FileExistsError(str(path)) from None
        temporary.replace(path)


@contextlib.contextmanager
def _temporary_file(path: Path, content: bytes) -> Iterator[Path]:
    """Write a file beside ``path``: on the disk when the body runs, gone afterwards unless the process is killed."""
    _make_folder(path.parent)
    # The dot hides it from every engine that reads the folder, should the process be killed before the rename.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder to sync it.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
