"""The key of a stored partition: a month, and the market if the table has one.

Text forms (Dagster's and the Hive folder's) and the error for missing partitions. The list of existing partitions
belongs to the store.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from forecast_assets.domain.months import describe_months

COUNTRY_PATTERN = re.compile(r"[A-Z0-9_]{2,10}")
FOLDER_PATTERN = re.compile(r"(?:country=(?P<country>[A-Z0-9_]{2,10})/)?month=(?P<month>\d{4}-(?:0[1-9]|1[0-2])-01)")


@dataclass(frozen=True)
class PartitionKey:
    """One partition: ``month`` is a first of month, ``country`` the market code (None for tables by month alone).

    Raises:
        ValueError: If the month is not a first of month without time and zone, or the code is not ``[A-Z0-9_]{2,10}``.
    """

    month: pd.Timestamp
    country: str | None = None

    def __post_init__(self) -> None:
        month = pd.Timestamp(self.month)
        if month.tz is not None or month != month.normalize() or month.day != 1:
            raise ValueError(f"a partition's month is a first of month such as 2024-01-01, got {self.month!r}")
        if self.country is not None and not COUNTRY_PATTERN.fullmatch(self.country):
            raise ValueError(f"a market code is 2 to 10 of A-Z, 0-9 and _, got {self.country!r}")
        object.__setattr__(self, "month", month.as_unit("ns"))

    @classmethod
    def from_dagster(cls, text: str) -> "PartitionKey":
        """Read Dagster's form: ``FR|2024-01-01`` or ``2024-01-01``."""
        *country, month = text.split("|")
        if len(country) > 1 or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", month):
            raise ValueError(f"a partition reads FR|2024-01-01 or 2024-01-01, got {text!r}")
        return cls(pd.Timestamp(month), country[0] if country else None)

    def to_dagster(self) -> str:
        """Return ``FR|2024-01-01``, or ``2024-01-01`` for a table by month alone."""
        return self.month_text if self.country is None else f"{self.country}|{self.month_text}"

    @classmethod
    def from_folder(cls, folder: str) -> "PartitionKey":
        """Read the Hive folders ``country=FR/month=2024-01-01`` or ``month=2024-01-01``."""
        values = dict(part.split("=", 1) for part in folder.split("/"))
        return cls(pd.Timestamp(values["month"]), values.get("country"))

    @classmethod
    def of_folder(cls, folder: str) -> "PartitionKey | None":
        """Read the Hive folders as ``from_folder`` does; None if they are not exactly those of a partition."""
        match = FOLDER_PATTERN.fullmatch(folder)
        return cls(pd.Timestamp(match["month"]), match["country"]) if match else None

    @property
    def month_text(self) -> str:
        """The month as ``2024-01-01``."""
        return f"{self.month:%Y-%m-%d}"

    @property
    def folder(self) -> str:
        """The Hive folders of the partition."""
        month = f"month={self.month_text}"
        return month if self.country is None else f"country={self.country}/{month}"

    @property
    def sort_key(self) -> tuple[str, pd.Timestamp]:
        """Order by country, then by month."""
        return (self.country or "", self.month)

    def __str__(self) -> str:
        return self.to_dagster()


class MissingPartition(LookupError):
    """Requested partitions are not in the store; ``partitions`` lists them."""

    def __init__(self, table: str, partitions: Iterable[PartitionKey]) -> None:
        self.table = table
        self.partitions = sorted(partitions, key=lambda partition: partition.sort_key)
        super().__init__(f"{table} has no {describe_partitions(self.partitions)}. Materialize {table} for these first.")


def describe_partitions(partitions: Iterable[PartitionKey]) -> str:
    """Return partitions in few words: ``FR: 2023-01 to 2023-06 (6 months), 2023-09; NO: 2024-01``."""
    months: dict[str | None, list[pd.Timestamp]] = {}
    for partition in sorted(set(partitions), key=lambda partition: partition.sort_key):
        months.setdefault(partition.country, []).append(partition.month)
    by_country = [(f"{country}: " if country else "") + describe_months(own) for country, own in months.items()]
    return ("partition " if sum(map(len, months.values())) == 1 else "partitions ") + "; ".join(by_country)
