"""Order to withdraw a publication of FR, and the status that is stored."""

import dataclasses

import pandas as pd

from forecast_assets.operations.history.withdraw import (
    Order,
)
from forecast_assets.storage import PartitionKey, TableStore

MAY, JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-{month:02d}-01") for month in (5, 6, 7, 8))
NOW = pd.Timestamp("2024-09-01 12:00", tz="UTC")
TABLE = "published_forecasts"


def order(month: pd.Timestamp, **changed: object) -> Order:
    return dataclasses.replace(Order("FR", month, "Ann", "wrong file", NOW), **changed)


def status(store: TableStore, month: pd.Timestamp) -> str:
    return ", ".join(store.read(TABLE, [PartitionKey(month, "FR")])["status"].unique())
