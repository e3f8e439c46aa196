"""Digest of a stored Parquet file, kept in the file's own footer.

A reader compares it with the bytes that it has read anyway, so a damaged file never becomes a table. The footer also
names table and partition: a file that was copied to another partition is found. Files of earlier releases have no
digest and are read without this check.

The value of the metadata key is ``data=<hex> footer=<hex> token=<number> place=<table>/<folder>``. ``data`` is the
digest of all bytes before the footer. ``footer`` is that of the footer with this digest as zeros, so that a footer
alone can be checked. ``token`` is that of the writer's lease, 0 without one.
"""

import hashlib
import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from forecast_assets.storage.damaged_file import DamagedFile

FILE_KEY = b"forecast_assets.file"
MAGIC = b"PAR1"
DIGEST_BYTES = 16
# Length of the footer, four bytes, and the magic number.
END_BYTES = 8
# Holds the footer of 400 columns; a longer one is read in a second step.
READ_AT_ONCE = 65_536
_NO_DIGEST = b"0" * 2 * DIGEST_BYTES
# Between key and value stand at most a field header and the value's length.
_VALUE = re.compile(
    re.escape(FILE_KEY) + rb".{1,6}?data=([0-9a-f]{32}) footer=([0-9a-f]{32}) token=(\d+) place=([^\x00]*)\x00",
    re.DOTALL,
)


def value_to_seal(place: str, token: int) -> str:
    """Return the value of ``FILE_KEY`` before the digests are known; ``seal`` fills them in.

    Args:
        place: Table and folders of the partition, such as ``sell_in/country=FR/month=2024-01-01``.
        token: Token of the lease that the writer holds; 0 without one.
    """
    empty = _NO_DIGEST.decode()
    return f"data={empty} footer={empty} token={token} place={place}"


def seal(content: bytes) -> bytes:
    """Fill the digests into a file that was written with ``value_to_seal``."""
    start = footer_start(content)
    value = _VALUE.search(content, start)
    assert value is not None  # The writer put it there.
    sealed = bytearray(content)
    sealed[value.start(1) : value.end(1)] = _digest(content[:start])
    footer = bytes(sealed[start:])
    sealed[value.start(2) : value.end(2)] = _digest(footer)
    return bytes(sealed)


def token_of(content: bytes) -> int:
    """Return the lease token of the writer of a file that was checked; 0 without one, or in earlier releases."""
    value = _VALUE.search(content, footer_start(content))
    return int(value[3]) if value else 0


def footer_start(content: bytes) -> int:
    """Return where the footer of a file begins, from the length at its end; the content may be a file's last bytes."""
    return len(content) - END_BYTES - int.from_bytes(content[-END_BYTES : -len(MAGIC)], "little")


def check_content(content: bytes, path: str) -> None:
    """Compare a whole file with its digests.

    Raises:
        DamagedFile: If the content differs from what was written, is no Parquet file, or belongs to another partition.
    """
    start = _checked_start(content, path)
    value = _value_in(content, start, path)
    if value is None:
        return
    if _digest(content[:start]) != value[1]:
        raise DamagedFile(path, f"the digest of its data is not {value[1].decode()}, which its footer names")
    _check_footer(content[start:], path)


def footer_of(path: str) -> pq.FileMetaData:
    """Read and check the footer of a local file alone. Raises DamagedFile, and FileNotFoundError without a file."""
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        before = max(0, size - READ_AT_ONCE)
        file.seek(before)
        end = file.read()
        if 0 < -footer_start(end) <= before:
            file.seek(before + footer_start(end))
            end = file.read()
    footer = end[_checked_start(end, path) :]
    _check_footer(footer, path)
    return parsed_footer(footer, path)


def parsed_footer(content: bytes, path: str) -> pq.FileMetaData:
    """Parse the footer at the end of the content. Raises DamagedFile."""
    try:
        return pq.read_metadata(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(path, f"its footer cannot be read ({str(error).splitlines()[0]})") from error


def _check_footer(footer: bytes, path: str) -> None:
    value = _value_in(footer, 0, path)
    if value is None:
        return
    if _digest(footer[: value.start(2)] + _NO_DIGEST + footer[value.end(2) :]) != value[2]:
        raise DamagedFile(path, f"the digest of its footer is not {value[2].decode()}, which the footer names")
    place = value[4].decode()
    if f"/{place}/" not in f"/{path}":
        raise DamagedFile(path, f"it was written as {place} and copied or moved here")


def _value_in(content: bytes, start: int, path: str) -> "re.Match[bytes] | None":
    """Find the digests in a footer; None in a file of an earlier release. Raises DamagedFile if they are unreadable."""
    value = _VALUE.search(content, start)
    if value is None and FILE_KEY in content:
        raise DamagedFile(path, "the digests in its footer cannot be read")
    return value


def _checked_start(content: bytes, path: str) -> int:
    if not content:
        raise DamagedFile(path, "it is empty")
    start = footer_start(content)
    if content[-len(MAGIC) :] != MAGIC or start < 0:
        raise DamagedFile(path, "it does not end as a Parquet file does: it was cut off, or is of another kind")
    return start


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest().encode()
