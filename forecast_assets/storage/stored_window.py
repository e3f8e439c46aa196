"""An input of a step that is read when it is needed, and only the months and columns that are.

Content hashes are read at once: they are stored with the step's output, whether its rows were needed or not.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.table_reader import TableReader
from forecast_assets.storage.table_spec import TableSpec


class ChangedInput(RuntimeError):
    """A partition was published anew between two reads of a step."""


@dataclasses.dataclass(frozen=True)
class StoredWindow:
    """Months of a market's table that are stored.

    Attributes:
        store: Store to read from.
        spec: Spec of the table.
        hashes: Content hash of each partition that is stored.
        columns: Columns that the asset has declared to read; None: all.
    """

    store: TableReader
    spec: TableSpec
    hashes: Mapping[PartitionKey, str]
    columns: Sequence[str] | None = None

    @property
    def months(self) -> list[pd.Timestamp]:
        """The months that are stored, ascending."""
        return sorted(partition.month for partition in self.hashes)

    def between(self, first: pd.Timestamp, last: pd.Timestamp) -> "StoredWindow":
        """Return the window of fewer months, both ends included."""
        inside = {partition: digest for partition, digest in self.hashes.items() if first <= partition.month <= last}
        return dataclasses.replace(self, hashes=inside)

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read the rows, as ``TableReader.read`` returns them.

        Args:
            columns: Columns to read; None: those declared.

        Raises:
            ChangedInput: If a partition has other content than when the step began.
        """
        frame, provenances = self.store.read_with_provenance(self.spec, self.hashes, columns or self.columns, "skip")
        for partition, expected in self.hashes.items():
            if partition not in provenances or provenances[partition].content_hash != expected:
                raise ChangedInput(
                    f"{self.spec.name} [{partition}] was published anew while this step was reading it. Run the step "
                    "again: it reads what is published now"
                )
        return frame

    def identity(self) -> list[tuple[str, str]]:
        """Return partition and content hash of each month, in order: the part of a key that stands for the rows."""
        return sorted((partition.to_dagster(), digest) for partition, digest in self.hashes.items())
