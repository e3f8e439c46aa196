"""Damage in one place of a store concerns that place alone: listings, versions and rewrites of the rest go on."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forecast_assets.storage import TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.version_files import (
    all_versions,
    pruned_of,
    pruned_partitions,
    remove_versions,
    stored_tables,
    versioned_partitions,
)
from forecast_assets_tests.storage.blobs_in_memory import BlobsInMemory
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in

JANUARY, FEBRUARY = key("FR|2024-01-01"), key("FR|2024-02-01")
DAMAGE = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "flipped": lambda content: content[:100] + bytes([content[100] ^ 1]) + content[101:],
    "foreign": lambda content: b"a note of somebody, in a file of this name",
}


@pytest.fixture
def store(tmp_path):
    """Two months, the first one written twice."""
    store = TableStore(str(tmp_path / "store"))
    for run_id, units in (("run-a", 1.0), ("run-b", 2.0)):
        store.write(SELL_IN, JANUARY, sell_in(units), run(run_id))
    store.write(SELL_IN, FEBRUARY, sell_in(3.0), run("run-c"))
    return store


def damage(store, path, kind):
    Path(path).write_bytes(DAMAGE[kind](Path(path).read_bytes()))


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_partition_is_materialized_again_over_a_damaged_file(store, kind):
    damage(store, store.path("sell_in", JANUARY), kind)
    written = store.write(SELL_IN, JANUARY, sell_in(5.0), run("run-d"))
    assert written.provenance.previous_version == "run-b.parquet"
    assert store.read(SELL_IN, [JANUARY])["sell_in_units"].tolist() == [5.0]
    assert [version.was_published for version in store.versions("sell_in", JANUARY)] == [True, True, True]


def test_a_partition_is_materialized_again_over_a_damaged_file_on_azure():
    store = TableStore("memory://container/store")
    store.files = type(store.files)(BlobsInMemory())
    store.write(SELL_IN, JANUARY, sell_in(1.0), run("run-a"))
    store.files.fs.put_bytes(store.path("sell_in", JANUARY), b"")
    store.write(SELL_IN, JANUARY, sell_in(5.0), run("run-b"))
    assert store.read(SELL_IN, [JANUARY])["sell_in_units"].tolist() == [5.0]
    store.files.fs.rm("/container", recursive=True)


def test_a_retry_writes_beside_its_own_damaged_version(store):
    damage(store, f"{store.versions_folder('sell_in', JANUARY)}/run-b.parquet", "cut off")
    written = store.write(SELL_IN, JANUARY, sell_in(2.0), run("run-b"))
    assert written.provenance.version == "run-b-2.parquet"
    assert store.read(SELL_IN, [JANUARY])["sell_in_units"].tolist() == [2.0]


@pytest.mark.parametrize("kind", ["cut off", "flipped"])
def test_a_damaged_file_counts_as_the_version_that_it_resembles(store, kind):
    path = Path(store.path("sell_in", JANUARY))
    path.write_bytes(Path(f"{store.versions_folder('sell_in', JANUARY)}/run-a.parquet").read_bytes())
    damage(store, path, kind)
    assert [each.name for each in store.versions("sell_in", JANUARY) if each.is_published] == ["run-a.parquet"]


def test_versions_of_a_damaged_file_are_no_orphans_that_pruning_removes(store):
    damage(store, store.path("sell_in", JANUARY), "empty")
    assert [version.was_published for version in store.versions("sell_in", JANUARY)] == [True, True]


def test_an_unreadable_version_is_left_out_of_the_list(store):
    damage(store, f"{store.versions_folder('sell_in', JANUARY)}/run-a.parquet", "foreign")
    assert [version.name for version in store.versions("sell_in", JANUARY)] == ["run-b.parquet"]
    assert len(all_versions(store)) == 2


COPIES = (
    "backup/country=FR/month=2024-01-01", "country=FR (1)/month=2024-01-01", "country=FR/month=2024-01-01 copy",
    "country=FR/month=2024-01-15", "country=FR/month=2024-13-01", "country=FR/month=2024-01-01/old",
)  # fmt: skip


@pytest.mark.parametrize("copy", COPIES)
def test_copied_folders_are_no_partitions(store, copy):
    for root in (f"{store.base}/sell_in", f"{store.base}/_versions/sell_in"):
        shutil.copytree(f"{root}/country=FR/month=2024-01-01", f"{root}/{copy}")
    assert store.list_partitions("sell_in") == [JANUARY, FEBRUARY]
    assert versioned_partitions(store, "sell_in") == [JANUARY, FEBRUARY]
    assert len(all_versions(store)) == 3


def test_foreign_files_anywhere_stop_no_listing(store):
    for folder in (
        "",
        "sell_in/",
        "sell_in/country=FR/",
        "_versions/",
        "_versions/sell_in/country=FR/month=2024-01-01/",
    ):
        for name in (".DS_Store", "Thumbs.db", "note.txt"):
            Path(f"{store.base}/{folder}{name}").write_bytes(b"\x00\x01")
    Path(f"{store.base}/backup").mkdir()
    assert store.list_partitions("sell_in") == [JANUARY, FEBRUARY]
    assert "sell_in" in stored_tables(store)
    assert ".DS_Store" not in stored_tables(store)
    assert len(all_versions(store)) == 3
    assert pruned_partitions(store) == []


def test_unreadable_notes_of_removed_versions_are_named(store):
    versions = [each for each in all_versions(store) if each.version.name == "run-a.parquet"]
    remove_versions(store, versions, datetime(2024, 12, 1, tzinfo=UTC))
    assert pruned_partitions(store) == [("sell_in", JANUARY)]
    Path(f"{store.versions_folder('sell_in', JANUARY)}/_pruned.json").write_bytes(b"{")
    with pytest.raises(DamagedFile, match=r"_pruned\.json"):
        pruned_of(store, "sell_in", JANUARY)


def test_documents_are_written_again_over_an_unreadable_provenance(store):
    folder = Path(f"{store.base}/market_report/country=FR/month=2024-01-01")
    store.write_documents("market_report", JANUARY, {"page.html": b"one"}, run("run-a"))
    (folder / "_provenance.json").write_bytes(b"")
    with pytest.raises(DamagedFile, match=r"market_report/country=FR/month=2024-01-01/_provenance\.json"):
        store.document_provenance("market_report", JANUARY)
    store.write_documents("market_report", JANUARY, {"page.html": b"two"}, run("run-b"))
    assert store.document_provenance("market_report", JANUARY).run_id == "run-b"
