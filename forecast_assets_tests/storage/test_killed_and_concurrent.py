"""A writer killed at any moment, and readers beside a writer: whole files only, and none lost."""

import multiprocessing
import random
import signal

import pyarrow.parquet as pq
import pytest

from forecast_assets.storage import TableStore, content_hash
from forecast_assets_tests.storage.crash_writer import (
    PARTITIONS,
    ROWS,
    write_round,
    write_round_and_die_at,
    write_until_killed,
)
from forecast_assets_tests.storage.examples import SELL_IN

KILLS = 20


@pytest.fixture(scope="module")
def processes():
    """Processes forked from one that has only the imports: 20 of them start in a second."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([write_until_killed.__module__])
    return context


@pytest.fixture
def store(tmp_path):
    store = TableStore(str(tmp_path / "store"))
    write_round(store, 0, "first")
    return store


def start_writer(processes, store: TableStore, label: str):
    receiver, sender = processes.Pipe(duplex=False)
    writer = processes.Process(target=write_until_killed, args=(store.base, label, sender), daemon=True)
    writer.start()
    assert receiver.poll(60), "the writer did not start"
    return writer


def assert_whole(store: TableStore, path: str) -> None:
    file = pq.ParquetFile(path)
    table = file.read()
    footer = pq.read_metadata(path).metadata[b"forecast_assets.provenance"].decode()
    assert table.num_rows == ROWS
    assert content_hash(table, SELL_IN.keys) in footer


def test_a_writer_killed_at_any_moment_leaves_whole_files_only(processes, store):
    moments = random.Random(20240101)
    for kill in range(KILLS):
        writer = start_writer(processes, store, f"killed-{kill}")
        writer.join(moments.uniform(0, 0.1))
        writer.kill()
        writer.join(60)
        assert store.list_partitions("sell_in") == list(PARTITIONS)
        for partition in PARTITIONS:
            assert_whole(store, store.path("sell_in", partition))
    for partition in PARTITIONS:
        versions = store.versions("sell_in", partition)
        assert sum(version.is_published for version in versions) == 1
        for version in versions:
            assert_whole(store, version.path)


def test_a_writer_killed_at_any_call_leaves_the_old_file_or_the_new_one(processes, store):
    partition = PARTITIONS[0]
    outcomes = []
    for call in range(1, 500):
        writer = processes.Process(target=write_round_and_die_at, args=(store.base, call))
        writer.start()
        writer.join(60)
        assert_whole(store, store.path("sell_in", partition))
        for version in store.versions("sell_in", partition):
            assert_whole(store, version.path)
        (units,) = store.read(SELL_IN, [partition])["sell_in_units"].unique()
        outcomes.append(units)
        if writer.exitcode == 0:
            break
        assert writer.exitcode == -signal.SIGKILL
        if units == 1.0:
            write_round(store, 0, f"back-{call}", [partition])
    assert outcomes == sorted(outcomes), "the old round until the rename, the new one from then on"
    assert set(outcomes) == {0.0, 1.0}
    assert len(outcomes) > 20


def test_after_a_kill_the_next_run_writes_normally(processes, store):
    writer = start_writer(processes, store, "killed")
    writer.kill()
    writer.join(60)
    write_round(store, 7, "next")
    table = store.read(SELL_IN, PARTITIONS)
    assert table["sell_in_units"].unique().tolist() == [7.0]
    assert len(table) == ROWS * len(PARTITIONS)


def test_readers_beside_a_writer_see_whole_partitions_of_one_round(processes, store):
    writer = start_writer(processes, store, "beside")
    rounds_seen = set()
    try:
        while len(rounds_seen) < 15 and writer.is_alive():
            table, provenances = store.read_with_provenance(SELL_IN, PARTITIONS)
            assert len(table) == ROWS * len(PARTITIONS)
            units = table.groupby("month")["sell_in_units"].agg(["min", "max"])
            assert (units["min"] == units["max"]).all()
            for partition, provenance in provenances.items():
                number = provenance.run_id.removeprefix("beside-")
                assert units.loc[partition.month, "min"] == float(number)
                rounds_seen.add(number)
        assert writer.is_alive(), "the writer failed"
    finally:
        writer.kill()
        writer.join(60)
