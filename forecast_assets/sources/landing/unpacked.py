"""Copies of packed deliveries as DuckDB reads them: compressed CSV as CSV, sheets of workbooks as Parquet.

DuckDB 2.0 reads compressed CSV itself, but takes a truncated zstd file for a whole one and ignores checksums of gzip.
The copies live in a temporary folder as long as the reader. Not here: what a file means (files.py, workbook.py).
"""

import tempfile
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

COMPRESSION: dict[str, Literal["gzip", "zstd"]] = {"csv.gz": "gzip", "csv.zst": "zstd"}
BYTES_AT_ONCE = 1 << 20


class Unpacked:
    """A temporary folder that mirrors the landing folder; it is removed with this object."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def root(self) -> str:
        """The folder's path."""
        with self._lock:
            return self._folder.name

    def text(self, fs: Any, path: str, relative: str, file_format: str) -> str:
        """Return the path of a compressed file's content. Raises ``OSError`` if the file is truncated or damaged."""

        def decompress(target: Path) -> None:
            with (
                fs.open(path, "rb") as packed,
                pa.input_stream(packed, compression=COMPRESSION[file_format]) as content,
                target.open("wb") as copy,
            ):
                while chunk := content.read(BYTES_AT_ONCE):
                    copy.write(chunk)

        return self.write(relative, decompress)

    def write(self, relative: str, write: Callable[[Path], None]) -> str:
        """Return the path of a copy, replaced at once by what ``write`` puts into a new file."""
        target = Path(self.root, relative)
        target.parent.mkdir(parents=True, exist_ok=True)
        new = Path(self.root, f"{threading.get_ident()}.new")
        write(new)
        new.replace(target)
        return str(target)

    @cached_property
    def _folder(self) -> "tempfile.TemporaryDirectory[str]":
        return tempfile.TemporaryDirectory(prefix="forecast-assets-unpacked-", ignore_cleanup_errors=True)
