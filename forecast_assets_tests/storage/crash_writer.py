"""Writers of the same partitions, run by the crash tests in processes of their own."""

import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

import pandas as pd

from forecast_assets.storage import PartitionKey, TableStore, publish
from forecast_assets_tests.storage.examples import SELL_IN, run

ROWS = 5_000
SYSTEM_MODULES = ("posix", "nt", "io", "_io")
PARTITIONS = tuple(PartitionKey(month, "FR") for month in pd.date_range("2024-01-01", periods=3, freq="MS"))


def table_of_round(number: int) -> pd.DataFrame:
    """Return a table with one value in all rows: a mix of two rounds would show."""
    skus = [f"{row:04d}" for row in range(ROWS)]
    return pd.DataFrame({"sku": skus, "sell_in_units": float(number), "reason": "delivered"})


def write_round(store: TableStore, number: int, run_id: str, partitions: Sequence[PartitionKey] = PARTITIONS) -> None:
    for partition in partitions:
        store.write(SELL_IN, partition, table_of_round(number), run(run_id))


def write_round_and_die_at(base: str, call: int) -> None:
    """Write round 1 and kill this process before the n-th built-in call of ``publish``, or system call of its paths."""
    calls = 0

    def count(frame, event: str, argument: object) -> None:
        nonlocal calls
        is_of_a_path = "pathlib" in frame.f_code.co_filename and getattr(argument, "__module__", "") in SYSTEM_MODULES
        if event == "c_call" and (frame.f_code.co_filename == publish.__file__ or is_of_a_path):
            calls += 1
            if calls == call:
                os.kill(os.getpid(), signal.SIGKILL)

    store = TableStore(base)
    sys.setprofile(count)
    write_round(store, 1, "dies", PARTITIONS[:1])
    sys.setprofile(None)


def write_until_killed(base: str, label: str, started: Connection) -> None:
    """Write rounds without end, and send a message after the first."""
    store = TableStore(base)
    number = 0
    while True:
        number += 1
        write_round(store, number, f"{label}-{number}")
        if number == 1:
            started.send("first round written")
