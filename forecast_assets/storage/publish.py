"""Putting complete bytes in place: create-only for versions, atomically replacing for what readers read.

The one place where a local folder and object storage differ. Locally: temporary file in the same folder, fsync, link or
rename, fsync of the folder. Remotely: one put of complete bytes, conditional where the backend can; never an open file
handle, whose exit commits a part.
"""

import contextlib
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

REMOTE_READS_AT_ONCE = 32
AZURE_PROTOCOLS = {"abfs", "abfss", "az", "adl"}


class PublishConflict(RuntimeError):
    """Another writer published the partition between this writer's read and its put. Its file was left in place."""


@dataclass(frozen=True)
class Files:
    """Bytes in and out of one filesystem; paths are those of the filesystem, without protocol."""

    fs: fsspec.AbstractFileSystem

    @property
    def is_local(self) -> bool:
        return isinstance(self.fs, LocalFileSystem)

    def read(self, path: str) -> bytes:
        """Return a file's bytes, from one moment. Raises FileNotFoundError."""
        return Path(path).read_bytes() if self.is_local else self.fs.cat_file(path)

    def read_many(self, paths: list[str]) -> list[bytes | None]:
        """Return the bytes of several files, None where there is no file. Remote reads run side by side."""
        if self.is_local:
            return [self._read_if_present(path) for path in paths]
        # Threads of our own: adlfs' cat of many paths reads them one after the other.
        with ThreadPoolExecutor(REMOTE_READS_AT_ONCE) as pool:
            return list(pool.map(self._read_if_present, paths))

    def _read_if_present(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except FileNotFoundError:
            return None

    def state(self, path: str) -> str | None:
        """Return a token that changes when the file is replaced (the ETag where there is one), None without a file."""
        try:
            if self.is_local:
                status = os.stat(path)
                return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
            self.fs.invalidate_cache(path)
            return self.fs.info(path).get("etag") or str(self.fs.checksum(path))
        except FileNotFoundError:
            return None

    def create(self, path: str, content: bytes) -> None:
        """Write a new file. Raises FileExistsError where there is one: it is left as it is."""
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
        if not self.is_local and AZURE_PROTOCOLS & set(_protocols(self.fs)):
            self._replace_on_azure(path, content, state_before)
            return
        if self.state(path) != state_before:
            raise PublishConflict(path)
        if not self.is_local:
            self.fs.pipe_file(path, content)
            return
        with _temporary_file(path, content) as temporary:
            os.replace(temporary, path)
        _sync_folder(os.path.dirname(path))

    def _replace_on_azure(self, path: str, content: bytes, etag: str | None) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        try:
            if etag is None:
                self.fs.pipe_file(path, content, mode="create")
            else:
                # adlfs hands further keywords to BlobClient.upload_blob, which turns these two into If-Match.
                self.fs.pipe_file(path, content, etag=etag, match_condition=MatchConditions.IfNotModified)
        except (FileExistsError, ResourceModifiedError, ResourceNotFoundError) as error:
            raise PublishConflict(path) from error


def _protocols(fs: fsspec.AbstractFileSystem) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


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
