"""Parts of the evidence: a principle, what serves it, and proofs. A proof is a query with the rows that it returned."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.operations.history.replay import Outcome
from forecast_assets.storage import PartitionKey, TableStore

Row = Mapping[str, Any]
LARGEST = 200


@dataclasses.dataclass(frozen=True)
class Proof:
    """One query and its result.

    Attributes:
        title: What the rows are.
        query: How a reader asks again.
        rows: The rows as they were returned, at most ``LARGEST``.
        holds: Comparison that the rows were put to; None: the rows alone are the proof.
    """

    title: str
    query: str
    rows: Sequence[Row]
    holds: bool | None = None

    @property
    def state(self) -> str:
        """Return ``no record``, ``recorded``, ``holds`` or ``does not hold``."""
        if not self.rows:
            return "no record"
        return {None: "recorded", True: "holds", False: "does not hold"}[self.holds]


@dataclasses.dataclass(frozen=True)
class Principle:
    """A principle of Kreuzberger, Kühl and Hirschl (2023), with its proofs."""

    number: int
    name: str
    served_by: tuple[str, ...]
    proofs: tuple[Proof, ...]

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return f"{self.number}-{self.name.lower().replace(' ', '-').replace('/', '').replace(',', '')}.json"

    @property
    def state(self) -> str:
        """Return ``proved``, ``partly`` if a query returned nothing, or ``not proved``."""
        states = {proof.state for proof in self.proofs}
        if "does not hold" in states or states == {"no record"}:
            return "not proved"
        return "partly" if "no record" in states else "proved"


@dataclasses.dataclass(frozen=True)
class Live:
    """The instance that is asked.

    Attributes:
        settings: Settings of the company.
        store: Its store.
        instance: Its Dagster instance.
        definitions: Its code location.
        replay: Rebuilds the tables of a cycle and a market now, and compares them.
    """

    settings: Settings
    store: TableStore
    instance: dg.DagsterInstance
    definitions: dg.Definitions
    replay: Callable[[str, str], Sequence[Outcome]]

    def latest(self, table: str = "published_forecasts") -> list[PartitionKey]:
        """Return the partitions of the last month that any market has of a table."""
        partitions = self.store.list_partitions(table)
        last = max((each.month for each in partitions), default=pd.NaT)
        return [each for each in partitions if each.month == last]

    def read(self, table: str) -> pd.DataFrame:
        """Return all rows of a table, an empty frame if there are none."""
        partitions = self.store.list_partitions(table)
        return self.store.read(table, partitions) if partitions else pd.DataFrame()


def rows_of(table: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame as JSON can hold them, the last ``LARGEST``."""
    texts = table.tail(LARGEST).copy()
    for name in texts.columns:
        if pd.api.types.is_datetime64_any_dtype(texts[name]):
            texts[name] = texts[name].dt.strftime("%Y-%m-%d")
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in texts.to_dict(orient="records")
    ]
