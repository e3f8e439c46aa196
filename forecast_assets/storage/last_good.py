"""The last good version of a partition whose published file is damaged, and putting it back.

Versions are compared with the damaged file: a file that lost a part or some bytes still shows which version it was. If
nothing of it is left, the latest sound version counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.parquet_files import provenance_in
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.publish import Files


@dataclass(frozen=True)
class GoodVersion:
    """A version of a table whose file is as it was written."""

    path: str
    content: bytes
    provenance: StoredProvenance


def last_good_version(files: Files, published: str, versions: Sequence[str]) -> GoodVersion | None:
    """Return the version that the published file most likely was; None if no version is sound.

    Args:
        files: File system of the store.
        published: Path of the published file, which may be damaged or missing.
        versions: Paths of the partition's versions.
    """
    damaged = read_or_nothing(files, published)
    # A name that begins with a dot is a temporary file of a killed writer.
    tables = [path for path in versions if path.endswith(".parquet") and not path.rpartition("/")[2].startswith(".")]
    good = [version for path in tables if (version := _if_sound(files, path)) is not None]
    return max(good, key=lambda each: (_shared_bytes(each.content, damaged), each.provenance.written_at), default=None)


def read_or_nothing(files: Files, path: str) -> bytes:
    """Return the bytes of a file; none if it is missing or cannot be read."""
    try:
        return files.read_many([path])[0] or b""
    except OSError:
        return b""


def _if_sound(files: Files, path: str) -> GoodVersion | None:
    content = read_or_nothing(files, path)
    try:
        return GoodVersion(path, content, provenance_in(content, path))
    except DamagedFile:
        return None


def _shared_bytes(content: bytes, damaged: bytes) -> int:
    """Return the bytes that a file shares with a damaged one at its start and at its end."""
    length = min(len(content), len(damaged))
    bytes_, others = (np.frombuffer(each, np.uint8) for each in (content, damaged))
    start = _equal_before_first_difference(bytes_[:length], others[:length])
    end = _equal_before_first_difference(bytes_[::-1][:length], others[::-1][:length])
    return min(start + end, length)


def _equal_before_first_difference(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]) -> int:
    differs = left != right
    return int(differs.argmax()) if differs.any() else len(differs)
