"""Files of planners' numbers: those in force, and the ledger of all states.

One file per market and origin month, replaced as a whole. Rules of the rows are in ``domain``.
"""

import io
import re
from dataclasses import dataclass

import pandas as pd

from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.publish import Files

MONTHS = ("origin_month", "target_month")
IN_FORCE, LEDGER = "workbooks", "ledger"
FOLDER = "_planning/overrides"


@dataclass(frozen=True)
class OverrideFiles:
    """Files of one kind below a folder.

    Attributes:
        files: File system.
        folder: Folder of the markets.
        kind: IN_FORCE or LEDGER, the first part of the names.
    """

    files: Files
    folder: str
    kind: str

    def path(self, partition: PartitionKey) -> str:
        """Return the path of the file of a market and origin month."""
        return f"{self.folder}/country={partition.country}/{self.kind}_{partition.month:%Y-%m}.parquet"

    def read(self, partition: PartitionKey) -> tuple[str | None, pd.DataFrame | None]:
        """Return state and rows of a file; None and None without one."""
        state, content = self.files.read_with_state(self.path(partition))
        return state, None if content is None else rows_of(content)

    def replace(self, partition: PartitionKey, rows: pd.DataFrame, state: str | None) -> None:
        """Replace a file that still has a state; without rows it is removed. Raises PublishConflict."""
        path = self.path(partition)
        if rows.empty:
            if state is not None:
                self.files.remove_if(path, state)
            return
        buffer = io.BytesIO()
        months = {name: rows[name].dt.strftime("%Y-%m") for name in MONTHS}
        rows.assign(**months).to_parquet(buffer, index=False)
        self.files.replace(path, buffer.getvalue(), state)

    def partitions(self) -> list[PartitionKey]:
        """Return the markets and origin months that have a file, in order."""
        pattern = re.compile(rf"country=([^/]+)/{self.kind}_(\d{{4}}-\d{{2}})\.parquet$")
        matches = filter(None, map(pattern.search, self.files.fs.find(self.folder)))
        found = [PartitionKey(pd.Timestamp(match[2]), match[1]) for match in matches]
        return sorted(found, key=lambda partition: partition.sort_key)


def rows_of(content: bytes) -> pd.DataFrame:
    """Return the rows of a file, with months as dates."""
    rows = pd.read_parquet(io.BytesIO(content))
    return rows.assign(**{name: pd.to_datetime(rows[name], format="%Y-%m") for name in MONTHS})
