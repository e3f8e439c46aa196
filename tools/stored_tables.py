"""Comparison of two stores by what their files hold: tables by content, market reports by their figures.

Only the layout of docs/storage.md is relied upon. Run ids, times and the wording of reports do not count.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

PROVENANCE = b"forecast_assets.provenance"
DOCUMENT_PROVENANCE = "_provenance.json"
SHOWN_ROWS = 3


@dataclass(frozen=True)
class Version:
    """One stored version of a partition; ``content_hash`` is what its writer recorded."""

    path: Path
    content_hash: str
    rows: int
    written_at: str


@dataclass(frozen=True)
class Partition:
    """A partition: what readers read, and all versions in the order in which they were written."""

    published: Version
    versions: list[Version]


def absent_tables(store: Path, expected: list[str]) -> list[str]:
    """Return the expected tables that have no published row or document in the store."""
    rows: dict[str, int] = {}
    for (table, _), partition in partitions(store).items():
        rows[table] = rows.get(table, 0) + partition.published.rows
    return [table for table in expected if not rows.get(table)]


def differences(base: Path, own: Path) -> list[str]:
    """Return a line per difference between two stores, ordered by table and partition."""
    before, after = partitions(base), partitions(own)
    lines = []
    for table, partition in sorted(before.keys() | after.keys()):
        title = f"{table} [{partition}]"
        if (table, partition) not in after:
            lines.append(f"{title}: missing in the working tree's store")
        elif (table, partition) not in before:
            lines.append(f"{title}: missing in the base's store")
        else:
            lines += _differing_versions(title, before[table, partition], after[table, partition])
    return lines


def partitions(store: Path) -> dict[tuple[str, str], Partition]:
    """Read every partition of a store by table and partition, such as ``country=FR/month=2024-01-01``."""
    stored = {}
    for folder in sorted(store.glob("[!_]*/**/month=*")):
        table, _, place = folder.relative_to(store).as_posix().partition("/")
        published = [_version(path) for path in _files(folder)]
        if len(published) != 1:
            raise ValueError(f"{folder}: expected one table or one set of documents, got {len(published)}")
        versions = [_version(path) for path in _versions(store / "_versions" / table / place)]
        stored[table, place] = Partition(published[0], sorted(versions, key=lambda version: version.written_at))
    return stored


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.parquet"), *folder.glob(DOCUMENT_PROVENANCE)])


def _versions(folder: Path) -> Iterator[Path]:
    yield from _files(folder)
    yield from folder.glob(f"*/{DOCUMENT_PROVENANCE}")


def _version(path: Path) -> Version:
    is_table = path.suffix == ".parquet"
    text = (pq.read_metadata(path).metadata or {}).get(PROVENANCE) if is_table else path.read_bytes()
    if text is None:
        raise ValueError(f"{path}: its metadata lacks {PROVENANCE.decode()}, so nothing says what the file holds")
    provenance = json.loads(text)
    return Version(path, provenance["content_hash"], provenance["rows"], provenance["written_at"])


def _differing_versions(title: str, before: Partition, after: Partition) -> list[str]:
    difference = _difference(before.published, after.published)
    if difference:
        return [f"{title}: {difference}"]
    if len(before.versions) != len(after.versions):
        return [f"{title}: {len(before.versions)} versions in the base's store, {len(after.versions)} in the other"]
    pairs = enumerate(zip(before.versions, after.versions, strict=True), start=1)
    return [f"{title}, version {number}: {text}" for number, pair in pairs if (text := _difference(*pair))]


def _difference(before: Version, after: Version) -> str:
    """Describe the first difference in content; empty where there is none."""
    if before.path.suffix != ".parquet":
        return _differing_figures(before.path.parent, after.path.parent)
    # The rows are compared whatever the hashes are: code that computes the hash may be what was broken.
    difference = _differing_table(pq.ParquetFile(before.path).read(), pq.ParquetFile(after.path).read())
    if not difference and before.content_hash != after.content_hash:
        return f"equal rows, but content_hash {before.content_hash[:12]} and {after.content_hash[:12]}"
    return difference


def _differing_table(before: pa.Table, after: pa.Table) -> str:
    if before.column_names != after.column_names:
        gone = sorted(set(before.column_names) - set(after.column_names))
        new = sorted(set(after.column_names) - set(before.column_names))
        return f"columns gone: {gone}, new: {new}" if gone or new else "columns in another order"
    if before.num_rows != after.num_rows:
        return f"{before.num_rows} rows in the base's store, {after.num_rows} in the other"
    for name in before.column_names:
        if before.column(name).type != after.column(name).type:
            return f"column {name}: type {before.column(name).type} and {after.column(name).type}"
        if not before.column(name).equals(after.column(name)):
            return f"column {name}: {_differing_rows(before, after, name)}"
    return ""


def _differing_rows(before: pa.Table, after: pa.Table, name: str) -> str:
    pairs = zip(before.column(name).to_pylist(), after.column(name).to_pylist(), strict=True)
    rows = [(row, *pair) for row, pair in enumerate(pairs) if pair[0] != pair[1]]
    first = before.column_names[0]
    shown = [
        f"row {row} ({first} {before.column(first)[row].as_py()!r}): {_short(old)} and {_short(new)}"
        for row, old, new in rows[:SHOWN_ROWS]
    ]
    return f"{len(rows)} of {before.num_rows} rows differ; " + "; ".join(shown)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({hashlib.sha256(text.encode()).hexdigest()[:8]})"


def _differing_figures(before: Path, after: Path) -> str:
    """Compare the documents of two folders, by name and by the figures in them."""
    names = [sorted(file.name for file in folder.iterdir()) for folder in (before, after)]
    if names[0] != names[1]:
        return f"documents {names[0]} and {names[1]}"
    for name in names[0]:
        figures = [_figures(folder / name) for folder in (before, after)]
        if len(figures[0]) != len(figures[1]):
            return f"{name}: {len(figures[0])} figures in the base's store, {len(figures[1])} in the other"
        unequal = [place for place, pair in enumerate(zip(*figures, strict=True)) if pair[0] != pair[1]]
        if unequal:
            place = unequal[0]
            return f"{name}: {len(unequal)} figures differ, first {figures[0][place]} and {figures[1][place]}"
    return ""


def _figures(document: Path) -> list[str]:
    """Return the numbers of a workbook's cells, or of the data that a page's charts are drawn from, in their order."""
    if document.suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(document.read_bytes()))
        cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
        return [repr(value) for value in cells if value is not None and not isinstance(value, str)]
    if document.suffix == ".html":
        blocks = re.findall(
            r'<script type="application/json"[^>]*>(.*?)</script>', document.read_text(encoding="utf-8"), re.DOTALL
        )
        return [figure for block in blocks for figure in _numbers(json.loads(block))]
    return []


def _numbers(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)
    elif isinstance(value, int | float):
        yield repr(value)
