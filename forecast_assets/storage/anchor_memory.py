"""Results of earlier runs that depend on an anchor month alone, kept beside the tables by the digest of their inputs.

``<store>/_anchors/country=FR/month=2024-06-01/<kind>-<digest>``: the SHA-256 of the rest, then the result. An entry
is never changed. One that is absent, damaged or of other inputs is computed anew, so deleting the folder costs
time and changes nothing.
"""

import hashlib
import logging
from dataclasses import dataclass

import pandas as pd

from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.table_store import TableStore

LOG = logging.getLogger("forecast_assets.storage")
FOLDER = "_anchors"
# The backtest reads refits up to 38 months before its month; older entries serve only repeated cycles of old months.
KEPT_MONTHS = 48
CHECKSUM_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class AnchorMemory:
    """Results by market, anchor month, kind and digest.

    Attributes:
        store: The store of the company; None: nothing is remembered, as in a replay, which computes anew.
    """

    store: TableStore | None

    def recall(self, partition: PartitionKey, kind: str, digest: str) -> bytes | None:
        """Return the result that was kept; None where there are none, or the file is damaged."""
        if self.store is None:
            return None
        path = self._path(partition, kind, digest)
        content = self.store.files.read_many([path])[0]
        if content is None:
            return None
        checksum, rest = content[:CHECKSUM_BYTES], content[CHECKSUM_BYTES:]
        if hashlib.sha256(rest).digest() != checksum:
            LOG.warning("%s is damaged: it is deleted and computed anew", path)
            self.store.files.remove(path)
            return None
        return rest

    def keep(self, partition: PartitionKey, kind: str, digest: str, content: bytes) -> None:
        """Keep a result; those of the market's anchors of more than 48 months before are deleted."""
        if self.store is None:
            return
        try:
            self.store.files.create(self._path(partition, kind, digest), hashlib.sha256(content).digest() + content)
        except FileExistsError:
            return
        self._forget_before(partition, partition.month - pd.DateOffset(months=KEPT_MONTHS))

    def _forget_before(self, partition: PartitionKey, month: pd.Timestamp) -> None:
        root = f"{self._root()}/country={partition.country}/"
        for path in self.store.find(root) if self.store else []:
            kept = PartitionKey.of_folder(path.split(f"{self._root()}/", 1)[1].rpartition("/")[0])
            if kept is not None and kept.month < month and self.store:
                self.store.files.remove(path)

    def _path(self, partition: PartitionKey, kind: str, digest: str) -> str:
        return f"{self._root()}/{partition.folder}/{kind}-{digest}"

    def _root(self) -> str:
        return f"{self.store.base}/{FOLDER}" if self.store else ""
