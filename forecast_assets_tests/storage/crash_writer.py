"""What the crash tests run in a process of their own: write the same partitions over and over."""

from multiprocessing.connection import Connection

import pandas as pd

from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.storage.examples import SELL_IN, run

ROWS = 500
PARTITIONS = tuple(PartitionKey(month, "FR") for month in pd.date_range("2024-01-01", periods=3, freq="MS"))


def table_of_round(number: int) -> pd.DataFrame:
    """One value in all rows, so that rows of two rounds in one table would show."""
    skus = [f"{row:04d}" for row in range(ROWS)]
    return pd.DataFrame({"sku": skus, "sell_in_units": float(number), "reason": "delivered"})


def write_round(store: TableStore, number: int, run_id: str) -> None:
    for partition in PARTITIONS:
        store.write(SELL_IN, partition, table_of_round(number), run(run_id))


def write_until_killed(base: str, label: str, started: Connection) -> None:
    """Write rounds without end; says so once, after the first."""
    store = TableStore(base)
    number = 0
    while True:
        number += 1
        write_round(store, number, f"{label}-{number}")
        if number == 1:
            started.send("first round written")
