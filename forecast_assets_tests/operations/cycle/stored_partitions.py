"""A store that lists partitions, with the sources and features of a market."""

import dataclasses

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import SOURCES

JUNE = pd.Timestamp("2024-06-01")
# Data from January 2023 on: sources of 2023-01 to 2024-05, origins with a year of data of 2023-12 to 2024-05.
FR = Market("FR", "France", "FR", "FRA", "Europe", since=pd.Timestamp("2023-01-01"))
NO = dataclasses.replace(FR, code="NO", since=pd.Timestamp("2023-03-01"))
MONTHS = pd.date_range("2023-01-01", "2024-05-01", freq="MS")
ORIGINS = pd.date_range("2023-12-01", "2024-05-01", freq="MS")


class Stored:
    """Partitions of tables by name, and the markets that the totals of a month hold."""

    def __init__(self, **tables: dict[str | None, list[str]]) -> None:
        self._keys = {
            table: [PartitionKey(pd.Timestamp(month), code) for code, months in of.items() for month in months]
            for table, of in tables.items()
        }
        self.totals_of: dict[pd.Timestamp, list[str]] = {}
        self.damaged: list[pd.Timestamp] = []
        self.restated: dict[pd.Timestamp, list[str]] = {}

    def list_partitions(self, table: str) -> list[PartitionKey]:
        return self._keys.get(table, [])

    def list_market(self, table: str, country: str | None) -> list[PartitionKey]:
        return [each for each in self.list_partitions(table) if each.country == country]

    def read(self, spec, partitions, columns):
        assert (spec.name, columns) == ("sell_in", ["restated_month"])
        months = [month for each in partitions for month in self.restated.get(each.month, [None])]
        return pd.DataFrame({"restated_month": pd.to_datetime(months)})

    def read_with_provenance(self, table, partitions, columns=None, missing="error"):
        assert missing == "skip_damaged"
        readable = [each for each in partitions if each.month not in self.damaged]
        if table != "demand_totals":
            return pd.DataFrame(), dict.fromkeys(readable)
        rows = [
            (each.month, level, entity)
            for each in readable
            for level, entity in [("world", "world"), *(("market", code) for code in self.totals_of[each.month])]
        ]
        return pd.DataFrame(rows, columns=["month", *columns]), dict.fromkeys(readable)


def with_sources(*, without: dict[str, list[str]] | None = None, **more) -> Stored:
    """A store with every source of France and its features, except some months of some tables."""
    tables = {table: {"FR": list(MONTHS)} for table in SOURCES}
    tables |= {table: {"FR": list(ORIGINS)} for table in ("features", "history_marks")}
    for table, months in (without or {}).items():
        gone = pd.to_datetime(months)
        tables[table] = {"FR": [month for month in tables[table]["FR"] if month not in gone]}
    return Stored(**tables | more)
