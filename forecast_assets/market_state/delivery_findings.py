"""Findings on a market's deliveries by month, and what people have accepted: small files beside the tables.

``<store>/_findings/country=FR/month=2024-06-01/`` holds ``<source>.json``, the findings of the last run of a source,
and ``accepted.json``, all decisions about the month.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.fenced_publish import replace_as_owner
from forecast_assets.storage.lease import Hold

FOLDER = "_findings"
BLOCKS, WARNS, ACCEPTED = "blocks", "warns", "accepted"
SOURCES = ("sell_in", "sell_out", "products", "promotions", "overrides")


@dataclass(frozen=True)
class Acceptance:
    """Decision of a person to use a month although a check found something."""

    author: str
    reason: str
    accepted_at: str

    def __str__(self) -> str:
        return f"accepted by {self.author} on {self.accepted_at[:10]}: {self.reason}"


@dataclass(frozen=True)
class StoredFinding:
    """Finding of a check in one month. ``effect`` is ``blocks``, ``warns`` or ``accepted``."""

    source: str
    name: str
    effect: str
    message: str
    run_id: str
    acceptance: Acceptance | None = None


@dataclass(frozen=True)
class DeliveryFindings:
    """Findings and acceptances of a company, read from and written to its store.

    Attributes:
        store: The store of the company.
        holds: Leases of the runs under way, by run id.
    """

    store: TableStore
    holds: Mapping[str, Hold] = field(default_factory=dict)

    @contextlib.contextmanager
    def owned_by(self, run_id: str) -> Iterator[None]:
        """Run the body, what a run tells people, only while the run owns the lease of its market. Raises LeaseLost."""
        hold = self.holds.get(run_id)
        with hold.checked() if hold else contextlib.nullcontext():
            yield

    def accept(self, partition: PartitionKey, source: str, name: str, author: str, reason: str) -> Acceptance:
        """Accept a finding of a market's month. Earlier decisions about it stay in the file."""
        acceptance = Acceptance(author, reason, pd.Timestamp.now("UTC").isoformat(timespec="seconds"))
        record = {"source": source, "finding": name, **asdict(acceptance)}

        def with_decision(content: bytes | None) -> bytes:
            decisions = json.loads(content) if content else []
            return _encoded([*decisions, record])

        file = AtomicFile(self.store.files, self._acceptances(partition))
        while not file.update(with_decision):
            pass  # Another process has accepted a finding meanwhile: both decisions are kept.
        return acceptance

    def accepted(self, partition: PartitionKey) -> dict[tuple[str, str], Acceptance]:
        """Return the decisions in force about a market's month, by source and finding; the last one counts."""
        content = self.store.files.read_many([self._acceptances(partition)])[0]
        return {
            (record["source"], record["finding"]): Acceptance(record["author"], record["reason"], record["accepted_at"])
            for record in (json.loads(content) if content else [])
        }

    def keep(self, source: str, findings: dict[PartitionKey, list[StoredFinding]], run_id: str = "") -> None:
        """Store the findings of a run of a source; a month without any loses those of earlier runs.

        Raises:
            LeaseLost: If the run has lost the lease of its market: its successor's findings stay.
        """
        paths = {partition: f"{self._folder(partition)}/{source}.json" for partition in findings}
        states = self.store.files.read_many(list(paths.values()))
        for (partition, path), before in zip(paths.items(), states, strict=True):
            records = [asdict(finding) for finding in findings[partition]]
            if records or before is not None:
                replace_as_owner(self.store.files, path, _encoded(records), self.holds.get(run_id))

    def of(self, partition: PartitionKey) -> list[StoredFinding]:
        """Return the findings of a market's month, of all sources, those that block first."""
        contents = self.store.files.read_many([f"{self._folder(partition)}/{source}.json" for source in SOURCES])
        records = [record for content in contents if content is not None for record in json.loads(content)]
        findings = [StoredFinding(**{**record, "acceptance": _acceptance(record["acceptance"])}) for record in records]
        return sorted(findings, key=lambda finding: (BLOCKS, WARNS, ACCEPTED).index(finding.effect))

    def table(self, partition: PartitionKey) -> pd.DataFrame:
        """Return the findings of a market's month as rows: ``source, finding, effect, message``."""
        rows = [(each.source, each.name, each.effect, each.message) for each in self.of(partition)]
        return pd.DataFrame(rows, columns=["source", "finding", "effect", "message"])

    def _folder(self, partition: PartitionKey) -> str:
        return f"{self.store.base}/{FOLDER}/{partition.folder}"

    def _acceptances(self, partition: PartitionKey) -> str:
        return f"{self._folder(partition)}/accepted.json"


def _encoded(records: list[dict[str, Any]]) -> bytes:
    return json.dumps(records, indent=1, ensure_ascii=False).encode()


def _acceptance(record: dict[str, str] | None) -> Acceptance | None:
    return Acceptance(**record) if record else None
