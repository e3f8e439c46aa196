"""Watched folder of filled workbooks: each is imported and moved aside, a broken one with the reason beside it.

Workbooks lie in ``override_workbooks/`` of the landing folder. Nothing is deleted before its copy is written.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.override_states import SUBMITTED, Person
from forecast_assets.operations.overrides.decisions import enter
from forecast_assets.operations.overrides.delivery_file import ImportRefused
from forecast_assets.operations.overrides.import_workbook import check_import, deliver
from forecast_assets.reports.override_reader import WorkbookError, read_override_workbook
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.folders import file_system_of, path_of
from forecast_assets.storage.publish import Files

FOLDER, IMPORTED, PARKED = "override_workbooks", "imported", "parked"
ENDING = ".xlsx"
# Reading a workbook of 130 SKUs takes 0.7 s of CPU time, and a tick of a sensor ends after 60 s.
MOST_OF_A_POLL = 10


@dataclass(frozen=True)
class TakenIn:
    """Result for one workbook.

    Attributes:
        name: Name of the file.
        digest: Digest of its content.
        partition: Market and origin month; None if it cannot be read.
        changes: Number of cells that change.
        in_force: True if they are in force, False if they wait for approval.
        problem: Reason why it was parked, one line per problem; empty if it was imported.
    """

    name: str
    digest: str
    partition: PartitionKey | None
    changes: int
    in_force: bool
    problem: str


def take_in(
    settings: Settings, store: TableStore, now: pd.Timestamp, seen: dict[str, str]
) -> tuple[list[TakenIn], dict[str, str]]:
    """Import the workbooks of the folder and move them aside.

    Args:
        settings: Settings of the company.
        store: Its store.
        now: Time of the import.
        seen: Digest by name of workbooks that could not be opened at the last poll.

    Returns:
        A result per workbook, and those to look at again: they cannot be opened, and were another file at the last
        poll.
    """
    files = Files(file_system_of(settings.sources.landing, settings.azure.storage))
    folder = f"{path_of(settings.sources.landing)}/{FOLDER}"
    results, again = [], {}
    for path in list(_workbooks(files, folder))[:MOST_OF_A_POLL]:
        content, name = files.read(path), path.rsplit("/", 1)[-1]
        digest = hashlib.sha256(content).hexdigest()[:16]
        if not zipfile.is_zipfile(io.BytesIO(content)) and seen.get(name) != digest:
            again[name] = digest
            continue
        result = _imported(settings, store, name, content, digest, now)
        _move(files, path, folder, result, content, now)
        results.append(result)
    return results, again


def _workbooks(files: Files, folder: str) -> Iterator[str]:
    """Yield the workbooks directly in the folder, in order; locks that Excel leaves beside an open file are none."""
    for path in sorted(files.fs.find(folder)):
        inner = path[len(folder) :].lstrip("/")
        if "/" not in inner and inner.lower().endswith(ENDING) and not inner.startswith(("~", ".")):
            yield path


def _imported(
    settings: Settings, store: TableStore, name: str, content: bytes, digest: str, now: pd.Timestamp
) -> TakenIn:
    partition = None
    try:
        workbook = read_override_workbook(io.BytesIO(content))
        partition = PartitionKey(workbook.origin_month, workbook.market)
        checked = check_import(settings, store, workbook, Person(_author(content)), now)
        waits = settings.overrides.four_eyes
        if len(checked.changes) and waits:
            enter(settings, checked, SUBMITTED, now)
        elif len(checked.changes):
            deliver(settings, checked)
    except (WorkbookError, ImportRefused) as error:
        return TakenIn(name, digest, partition, 0, False, str(error))
    return TakenIn(name, digest, partition, len(checked.changes), not waits, "")


def _author(content: bytes) -> str:
    """Return the name of the person who saved the workbook last, as Excel keeps it.

    Raises:
        ImportRefused: If the workbook names nobody.
    """
    import openpyxl

    properties = openpyxl.load_workbook(io.BytesIO(content), read_only=True).properties
    name = (properties.lastModifiedBy or "").strip()
    if not name:
        raise ImportRefused(
            "the workbook does not say who saved it (File > Info > Last modified by). Save it in Excel with your name, "
            "or import it with forecast-assets override import --author"
        )
    return name


def _move(files: Files, path: str, folder: str, result: TakenIn, content: bytes, now: pd.Timestamp) -> None:
    """Copy a workbook into its folder, with the reason if it is parked, then remove it from the inbox."""
    target = f"{folder}/{PARKED if result.problem else IMPORTED}/{now:%Y%m%dT%H%M%S}_{result.digest}_{result.name}"
    _create(files, target, content)
    if result.problem:
        _create(files, f"{target}.txt", f"{result.problem}\n".encode())
    files.remove(path)


def _create(files: Files, path: str, content: bytes) -> None:
    try:
        files.create(path, content)
    except FileExistsError:
        # The poll before copied it and was interrupted: the name has the digest, so it is the same file.
        return
