"""Stored features compared with those that the code builds, before anything is trained on them.

A feature that was added to the code is absent in partitions that were stored before. Read beside newer partitions it
would be null there, and the model would learn from the nulls. What the code builds is
``domain/features/current_columns.py``.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd

from forecast_assets.domain.features.current_columns import current_columns
from forecast_assets.domain.months import MonthRange
from forecast_assets.storage.partition_key import PartitionKey, describe_partitions
from forecast_assets.storage.table_reader import TableReader

SHOWN = 5


class OutdatedFeatures(ValueError):
    """Stored features lack columns that the code builds; the message names the command that rebuilds them."""


@dataclass(frozen=True)
class CurrentFeatures:
    """Check of the features that a step has loaded.

    Attributes:
        store: Store to look up the columns of a partition in; None: nothing is checked, as in a replay, which reads
            what an earlier version of the code has stored.
    """

    store: TableReader | None

    def require(self, country: str | None, features: pd.DataFrame, among: Collection[str] | None = None) -> None:
        """Raise OutdatedFeatures if a partition lacks a feature that the code builds.

        Only partitions in which such a column has no value are looked up. A column without a value in any of the loaded
        months teaches nothing: there the latest month is enough.

        Args:
            country: The market; None for pooled rows of all markets.
            features: Rows of ``features`` or ``pooled_rows`` with their ``month``.
            among: Columns that were read, if not all.
        """
        if self.store is None or features.empty:
            return
        table = "features" if country else "pooled_rows"
        absent: dict[PartitionKey, list[str]] = {}
        for month, suspects in _without_value(features, among).items():
            partition = PartitionKey(month, country)
            lacking = self._lacking(self.store, table, partition, suspects)
            if lacking:
                absent[partition] = lacking
        if absent:
            raise OutdatedFeatures(_message(table, absent))

    @staticmethod
    def _lacking(store: TableReader, table: str, partition: PartitionKey, names: set[str]) -> list[str]:
        """Return the names that a partition has no column of; its 850 columns are read only if there are any."""
        try:
            store.read(table, [partition], columns=sorted(names))
        except KeyError:
            return sorted(names - set(store.read(table, [partition]).columns))
        return []


def _without_value(features: pd.DataFrame, among: Collection[str] | None) -> dict[pd.Timestamp, set[str]]:
    """Return the expected columns that have no value, by month to look up."""
    expected = {
        pd.Timestamp(str(month)): set().union(*map(current_columns, rows.dropna().unique()))
        for month, rows in features.groupby("month")["inputs_missing"]
    }
    if among is not None:
        expected = {month: columns & set(among) for month, columns in expected.items()}
    names = sorted(set().union(*expected.values()))
    known = features.reindex(columns=names).notna().groupby(features["month"]).any()
    anywhere = set(known.columns[known.any()])
    latest = max(expected)
    suspects: dict[pd.Timestamp, set[str]] = {}
    for month, columns in expected.items():
        unknown = columns & set(known.columns[~known.loc[month].to_numpy(bool)])
        relevant = unknown if month == latest else unknown & anywhere
        if relevant:
            suspects[month] = relevant
    return suspects


def _message(table: str, absent: dict[PartitionKey, list[str]]) -> str:
    names = sorted(set().union(*absent.values()))
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return (
        f"{table} of {describe_partitions(absent)} lacks {shown}, which this version of the code builds: those months "
        f"would count as unknown. Rebuild them: {_command(table, absent)}"
    )


def _command(table: str, partitions: Iterable[PartitionKey]) -> str:
    keys = list(partitions)
    span = MonthRange(min(key.month for key in keys), max(key.month for key in keys))
    market = f"--country {keys[0].country}" if keys[0].country else "--all"
    months = f"--from {span.first:%Y-%m} --to {span.last:%Y-%m}"
    return f"forecast-assets backfill {market} {months} --assets features" + ("+" if table != "features" else "")
