"""The part of fsspec's interface that the store uses, as types: fsspec itself has none.

``ConditionalFileSystem`` is that of ``azure_file_system``: each write may carry a condition.
"""

from collections.abc import Mapping
from typing import IO, Any, Literal, Protocol, overload, runtime_checkable


class FileSystem(Protocol):
    """Files by path, without protocol. A missing file raises FileNotFoundError."""

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget listings."""

    def cat_file(self, path: str) -> bytes:
        """Return the bytes of a file."""

    def pipe_file(self, path: str, value: bytes, mode: Literal["overwrite", "create"] = "overwrite") -> object:
        """Write a file at once. Raises FileExistsError if ``mode`` is "create" and the file exists."""

    def rm_file(self, path: str) -> None:
        """Remove a file."""

    def info(self, path: str) -> Mapping[str, Any]:
        """Return the properties of a file."""

    def checksum(self, path: str) -> int | str:
        """Return a token that changes with the file's properties."""

    @overload
    def find(self, path: str, *, detail: Literal[False] = False) -> list[str]: ...
    @overload
    def find(self, path: str, *, detail: Literal[True]) -> dict[str, Mapping[str, Any]]: ...

    def ls(self, path: str, detail: Literal[False]) -> list[str]:
        """Return the paths directly below a folder."""

    def size(self, path: str) -> int | None:
        """Return the bytes of a file."""

    def open(self, path: str, mode: Literal["rb"]) -> IO[bytes]:
        """Open a file for reading."""

    def unstrip_protocol(self, name: str) -> str:
        """Return a path with its protocol."""


@runtime_checkable
class ConditionalFileSystem(FileSystem, Protocol):
    """A file system whose writes may carry a condition on the file's ETag."""

    def etag(self, path: str) -> str | None:
        """Return the ETag of a file, None without one."""

    def age_seconds(self, path: str) -> float | None:
        """Return the seconds since a file was written, by the service's clock; None without a file."""

    def cat_with_etag(self, path: str) -> tuple[bytes, str] | None:
        """Return bytes and ETag of a file from one request, None without a file."""

    def put_bytes(self, path: str, content: bytes, etag: str | None = None, only_new: bool = False) -> bool:
        """Write a file if it still has the ETag, or if it is new; False if the condition does not hold."""

    def remove_if(self, path: str, etag: str) -> bool:
        """Remove a file if it still has the ETag, True also without a file; False if it has another one."""
