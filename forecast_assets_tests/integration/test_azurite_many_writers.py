"""Eight processes that write beside readers: every partition is stored, and no reader sees a part of one."""

import multiprocessing

import numpy as np
import pandas as pd
import pytest

from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.content_hash import content_hash
from forecast_assets.storage.table_spec import to_arrow
from forecast_assets_tests.storage.examples import SELL_IN, run

pytestmark = pytest.mark.integration

WRITERS, PARTITIONS, REPLACED, ROWS, READERS = 8, 200, 20, 40, 2
MONTHS = pd.date_range("2005-01-01", periods=PARTITIONS, freq="MS")
SKUS = [f"{row:03d}" for row in range(ROWS)]


def places(writer: int) -> list[PartitionKey]:
    return [PartitionKey(month, f"M{writer}") for month in MONTHS]


def table(writer: int, number: int, round_: int) -> pd.DataFrame:
    """Return a table with one value in all rows: a mix of two writes would show."""
    return pd.DataFrame({"sku": SKUS, "sell_in_units": float(writer * 1_000 + number + round_ / 10), "reason": "d"})


def write(address: str, account, writer: int, done) -> None:
    """Write all partitions of a market, then the first ones a second time."""
    store = TableStore(address, account)
    for round_, number in ((1, PARTITIONS), (2, REPLACED)):
        frames = {place: table(writer, at, round_) for at, place in enumerate(places(writer)[:number])}
        store.write_all(SELL_IN, frames, dict.fromkeys(frames, run(f"run-{writer}-{round_}")))
    done.put(writer)


def read_until(address: str, account, seed: int, ended, counts) -> None:
    """Read random partitions and compare the rows of each with the hash in its footer."""
    store, random, whole, broken = TableStore(address, account), np.random.default_rng(seed), 0, []
    while not ended.is_set():
        picked = [places(random.integers(WRITERS))[at] for at in random.integers(PARTITIONS, size=20)]
        frame, stored = store.read_with_provenance(SELL_IN, picked, missing="skip")
        for (country, month), rows in frame.groupby(["country", "month"]):
            place = PartitionKey(pd.Timestamp(month), country)
            arrow = to_arrow(SELL_IN, place, rows[["sku", "sell_in_units", "reason"]].reset_index(drop=True))
            same = rows["sell_in_units"].nunique() == 1 and len(rows) == ROWS
            if same and content_hash(arrow, SELL_IN.keys) == stored[place].content_hash:
                whole += 1
            else:
                broken.append(str(place))
    counts.put((whole, broken))


def test_eight_processes_write_200_partitions_each_and_readers_see_whole_files(azurite, container, monkeypatch):
    for name, value in azurite.environment(container).items():
        monkeypatch.setenv(name, value)
    store, context = TableStore(f"abfs://{container}/store", azurite.account), multiprocessing.get_context("spawn")
    done, counts, ended = context.Queue(), context.Queue(), context.Event()
    shared = (store.address, store.account)
    writers = [context.Process(target=write, args=(*shared, number, done), daemon=True) for number in range(WRITERS)]
    readers = [
        context.Process(target=read_until, args=(*shared, seed, ended, counts), daemon=True) for seed in range(READERS)
    ]
    for process in [*writers, *readers]:
        process.start()
    finished = {done.get(timeout=400) for _ in writers}
    ended.set()
    seen = [counts.get(timeout=60) for _ in readers]
    for process in [*writers, *readers]:
        process.join(60)

    assert finished == set(range(WRITERS))
    assert [broken for _, broken in seen] == [[]] * READERS
    assert all(whole > 0 for whole, _ in seen)
    everything = [place for writer in range(WRITERS) for place in places(writer)]
    assert set(store.list_partitions("sell_in")) == set(everything)
    rows = store.read("sell_in", everything).groupby(["country", "month"])["sell_in_units"].agg(["min", "max", "size"])
    assert (rows["size"] == ROWS).all()
    for writer in range(WRITERS):
        expected = [writer * 1_000 + at + (0.2 if at < REPLACED else 0.1) for at in range(PARTITIONS)]
        np.testing.assert_allclose(rows.loc[f"M{writer}", "min"], expected)
        np.testing.assert_allclose(rows.loc[f"M{writer}", "max"], expected)
    versions = [path for path in store.find(f"{store.base}/_versions") if path.endswith(".parquet")]
    assert len(versions) == WRITERS * (PARTITIONS + REPLACED)
