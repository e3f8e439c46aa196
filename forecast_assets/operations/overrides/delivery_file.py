"""The delivery file of imported overrides: one per market and origin month, in the landing folder.

Rows have the columns DELIVERED. A write replaces the file as a whole, and fails if someone else wrote it meanwhile.
"""

import io
import re
from dataclasses import dataclass

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.override_entries import DELIVERED
from forecast_assets.sources.landing.listing import path_keys
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.folders import file_system_of, path_of
from forecast_assets.storage.publish import Files, PublishConflict

SOURCE = "overrides"
MONTHS = ("origin_month", "target_month")


class ImportRefused(ValueError):
    """Numbers cannot be imported or withdrawn; nothing was written. One line per problem."""


@dataclass(frozen=True)
class DeliveryFile:
    """Path, rows and state of a delivery file; without a file no rows, and None as state."""

    path: str
    rows: pd.DataFrame
    state: str | None


def delivery_file(settings: Settings, partition: PartitionKey) -> DeliveryFile:
    """Read the delivery file of a market and origin month."""
    path = f"{_folder(settings)}/country={partition.country}/workbooks_{partition.month:%Y-%m}.parquet"
    state, content = _files(settings).read_with_state(path)
    return DeliveryFile(path, _rows_of(content), state)


def partitions_with_a_file(settings: Settings) -> list[PartitionKey]:
    """Return the markets and origin months that have a delivery file, in order."""
    found = []
    for path in _files(settings).fs.find(_folder(settings)):
        month = re.fullmatch(r"workbooks_(\d{4}-\d{2})\.parquet", path.rsplit("/", 1)[-1])
        country = path_keys(path).get("country")
        if month and country:
            found.append(PartitionKey(pd.Timestamp(month.group(1)), country[1]))
    return sorted(found, key=lambda partition: partition.sort_key)


def replace_rows(settings: Settings, file: DeliveryFile, rows: pd.DataFrame) -> None:
    """Replace the rows of a delivery file; without rows the file is removed.

    Raises:
        ImportRefused: If the source is Dremio, or the file has been written since it was read.
    """
    require_files(settings)
    try:
        if rows.empty and file.state is not None:
            _files(settings).remove_if(file.path, file.state)
            return
        buffer = io.BytesIO()
        months = {name: rows[name].dt.strftime("%Y-%m") for name in MONTHS}
        rows.assign(**months).to_parquet(buffer, index=False)
        _files(settings).replace(file.path, buffer.getvalue(), file.state)
    except PublishConflict as error:
        raise ImportRefused(
            f"another import has written {file.path} meanwhile. Nothing was written; repeat the command, which shows "
            "what that import changed"
        ) from error


def require_files(settings: Settings) -> None:
    """Raise ImportRefused if overrides are read from Dremio: this platform does not write its tables."""
    if settings.sources.dremio is not None:
        raise ImportRefused(
            f"the source is {settings.sources.dremio.path} in Dremio: overrides are read from its table {SOURCE}, "
            "which this command does not write. Change the rows there, with the columns of docs/landing.md, or where "
            "the table is filled from. Nothing was written"
        )


def _rows_of(content: bytes | None) -> pd.DataFrame:
    if content is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in DELIVERED}).astype(
            {**dict.fromkeys(MONTHS, "datetime64[ns]"), "forecast_units": float}
        )
    rows = pd.read_parquet(io.BytesIO(content))
    return rows.assign(**{name: pd.to_datetime(rows[name], format="%Y-%m") for name in MONTHS})


def _folder(settings: Settings) -> str:
    return f"{path_of(settings.sources.landing)}/{SOURCE}"


def _files(settings: Settings) -> Files:
    return Files(file_system_of(settings.sources.landing, settings.azure.storage))


NO_FILE = DeliveryFile("", _rows_of(None), None)
