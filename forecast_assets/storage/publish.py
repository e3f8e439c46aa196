"""Putting complete bytes in place: create-only for versions, atomically replacing for what readers read.

The one place where a local folder and object storage differ. Locally: temporary file in the same folder, fsync, link or
rename, fsync of the folder. Remotely: one put of complete bytes, conditional where the backend can; never an open file
handle, whose exit commits a part.
"""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import fsspec

from forecast_assets.storage.folders import is_local

REMOTE_AT_ONCE = 32

Argument, Result = TypeVar("Argument"), TypeVar("Result")


class PublishConflict(RuntimeError):
    """Another writer published the partition between this writer's read and its put. Its file was left in place."""


@dataclass(frozen=True)
class Files:
    """Bytes in and out of one filesystem; paths are those of the filesystem, without protocol."""

    fs: fsspec.AbstractFileSystem

    @property
    def is_local(self) -> bool:
        return is_local(self.fs)

    def read(self, path: str) -> bytes:
        """Return a file's bytes, from one moment. Raises FileNotFoundError."""
        return Path(path).read_bytes() if self.is_local else self.fs.cat_file(path)

    def read_many(self, paths: list[str]) -> list[bytes | None]:
        """Return the bytes of several files, None where there is no file. Remote reads run side by side."""
        if self.is_local:
            return [self._read_if_present(path) for path in paths]
        # Threads of our own: adlfs' cat of many paths reads them one after the other.
        return self.side_by_side(self._read_if_present, paths)

    def side_by_side(self, function: Callable[[Argument], Result], arguments: Iterable[Argument]) -> list[Result]:
        """Call a function for each argument, remotely several at a time; the first error ends it, in their order."""
        if self.is_local:
            return [function(argument) for argument in arguments]
        with ThreadPoolExecutor(REMOTE_AT_ONCE) as pool:
            return list(pool.map(function, arguments))

    def _read_if_present(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except FileNotFoundError:
            return None

    def look(self, path: str) -> tuple[str | None, bytes | None]:
        """Return state and bytes of a file together, None and None without one. One request on Azure."""
        if self._has_conditional_puts:
            content, state = self.fs.cat_with_etag(path) or (None, None)
            return state, content
        # In this order: a file that changes in between does not have the state that a replacement must meet.
        return self.state(path), self._read_if_present(path)

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone, because a lost answer was asked for again say, is as it should be."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(path)

    def state(self, path: str) -> str | None:
        """Return a token that changes when the file is replaced (the ETag where there is one), None without a file."""
        try:
            if self.is_local:
                status = os.stat(path)
                return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
            if self._has_conditional_puts:
                return self.fs.etag(path)
            self.fs.invalidate_cache(path)
            return self.fs.info(path).get("etag") or str(self.fs.checksum(path))
        except FileNotFoundError:
            return None

    def create(self, path: str, content: bytes) -> None:
        """Write a new file. Raises FileExistsError where there is one: it is left as it is."""
        if self._has_conditional_puts:
            if not self.fs.put_bytes(path, content, only_new=True):
                raise FileExistsError(path)
            return
        if not self.is_local:
            self.fs.pipe_file(path, content, mode="create")
            return
        with _temporary_file(path, content) as temporary:
            try:
                os.link(temporary, path)
            except FileExistsError:
                raise
            except OSError:
                # File shares without hard links: writers of one partition exclude each other, so the check holds until
                # the rename.
                if os.path.exists(path):
                    raise FileExistsError(path) from None
                os.replace(temporary, path)
        _sync_folder(os.path.dirname(path))

    def replace(self, path: str, content: bytes, state_before: str | None) -> None:
        """Put a file in place of the one whose ``state`` was ``state_before`` (None: there was none).

        On Azure the put itself carries the condition (If-Match, or If-None-Match for the first file). Elsewhere the
        state is compared just before the put.

        Raises:
            PublishConflict: If the file in place is not the one seen before.
        """
        if self._has_conditional_puts:
            if not self.fs.put_bytes(path, content, etag=state_before, only_new=state_before is None):
                raise PublishConflict(path)
            return
        if self.state(path) != state_before:
            raise PublishConflict(path)
        if not self.is_local:
            self.fs.pipe_file(path, content)
            return
        with _temporary_file(path, content) as temporary:
            os.replace(temporary, path)
        _sync_folder(os.path.dirname(path))

    @property
    def _has_conditional_puts(self) -> bool:
        """Whether this is our file system on Azure storage; asked this way, adlfs is imported only where it is used."""
        return hasattr(self.fs, "put_bytes")


@contextlib.contextmanager
def _temporary_file(path: str, content: bytes):
    """Write a file beside ``path``: on the disk when the body runs, gone afterwards unless the process is killed."""
    folder, name = os.path.split(path)
    _make_folder(folder)
    # The dot hides it from every engine that reads the folder, should the process be killed before the rename.
    temporary = os.path.join(folder, f".{name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _make_folder(folder: str) -> None:
    if os.path.isdir(folder):
        return
    parent = os.path.dirname(folder)
    _make_folder(parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    _sync_folder(parent)


def _sync_folder(folder: str) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder to sync it.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
