"""Files of imported overrides, one per market and origin month: those in force, and the ledger of all states.

Numbers in force lie in the landing folder, where the deliveries are read. With Dremio as the source they lie in the
store, and are read beside its table. The ledger lies in the store. A write replaces a file as a whole, and fails if
someone else wrote it meanwhile.
"""

from dataclasses import dataclass

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.override_entries import DELIVERED
from forecast_assets.domain.publication.override_states import SUBMITTED, empty_ledger, with_expiry
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.folders import file_system_of, path_of
from forecast_assets.storage.imported_overrides import FOLDER, IN_FORCE, LEDGER, MONTHS, OverrideFiles
from forecast_assets.storage.opened import open_store
from forecast_assets.storage.publish import Files, PublishConflict

SOURCE = "overrides"


class ImportRefused(ValueError):
    """Numbers cannot be imported, decided or withdrawn; nothing was written. One line per problem."""


@dataclass(frozen=True)
class DeliveryFile:
    """Path, rows and state of a file; without a file no rows, and None as state."""

    partition: PartitionKey
    path: str
    rows: pd.DataFrame
    state: str | None


def files_in_force(settings: Settings) -> OverrideFiles:
    """Return the files of the numbers in force."""
    if settings.sources.dremio is not None:
        return _in_store(settings, IN_FORCE)
    files = Files(file_system_of(settings.sources.landing, settings.azure.storage))
    return OverrideFiles(files, f"{path_of(settings.sources.landing)}/{SOURCE}", IN_FORCE)


def ledger_files(settings: Settings) -> OverrideFiles:
    """Return the ledgers."""
    return _in_store(settings, LEDGER)


def delivery_file(settings: Settings, partition: PartitionKey) -> DeliveryFile:
    """Read the numbers in force of a market and origin month: DELIVERED."""
    files = files_in_force(settings)
    state, rows = files.read(partition)
    return DeliveryFile(partition, files.path(partition), _no_rows() if rows is None else rows, state)


def ledger(settings: Settings, partition: PartitionKey, now: pd.Timestamp) -> DeliveryFile:
    """Read the ledger of a market and origin month, numbers that have waited too long as expired."""
    files = ledger_files(settings)
    state, rows = files.read(partition)
    table = empty_ledger() if rows is None else with_expiry(rows, now, settings.overrides.expiry_days)
    return DeliveryFile(partition, files.path(partition), table, state)


def partitions_with_a_file(settings: Settings) -> list[PartitionKey]:
    """Return the markets and origin months that have numbers in force or a ledger, in order."""
    found = {*files_in_force(settings).partitions(), *ledger_files(settings).partitions()}
    return sorted(found, key=lambda partition: partition.sort_key)


def waiting_numbers(settings: Settings, origin: pd.Timestamp, now: pd.Timestamp) -> dict[str, int]:
    """Return the number of submitted numbers of an origin month that wait for approval, by market."""
    wanted = [each for each in ledger_files(settings).partitions() if each.month == origin]
    return {str(each.country): int((ledger(settings, each, now).rows["state"] == SUBMITTED).sum()) for each in wanted}


def replace_rows(settings: Settings, file: DeliveryFile, rows: pd.DataFrame) -> None:
    """Replace the numbers in force; without rows the file is removed.

    Raises:
        ImportRefused: If the file has been written since it was read.
    """
    _replace(files_in_force(settings), file, rows)


def replace_ledger(settings: Settings, file: DeliveryFile, rows: pd.DataFrame) -> None:
    """Replace a ledger. Raises ImportRefused as ``replace_rows``."""
    _replace(ledger_files(settings), file, rows)


def _replace(files: OverrideFiles, file: DeliveryFile, rows: pd.DataFrame) -> None:
    try:
        files.replace(file.partition, rows, file.state)
    except PublishConflict as error:
        raise ImportRefused(
            f"another import has written {file.path} meanwhile. Nothing was written; repeat the command, which shows "
            "what that import changed"
        ) from error


def _in_store(settings: Settings, kind: str) -> OverrideFiles:
    store = open_store(settings)
    return OverrideFiles(store.files, f"{store.base}/{FOLDER}", kind)


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in DELIVERED}).astype(
        {**dict.fromkeys(MONTHS, "datetime64[ns]"), "forecast_units": float}
    )
