"""Files of versions: those of a table and of documents, what is left out, and their removal."""

import datetime
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import Lease, LeaseLost
from forecast_assets.storage.version_files import (
    all_versions,
    pruned_of,
    pruned_partitions,
    remove_left_over,
    remove_versions,
    stored_tables,
    versioned_partitions,
    versions_of_documents,
)
from forecast_assets_tests.storage.examples import SELL_IN, TOTALS, key, run, sell_in

JANUARY, FEBRUARY, DE, ALL = (key(text) for text in ("FR|2024-01-01", "FR|2024-02-01", "DE|2024-02-01", "2024-01-01"))
REPORT = "market_report"
AT = datetime.datetime(2024, 12, 1, 10, 30, 15, 999, tzinfo=datetime.UTC)


@pytest.fixture
def store(tmp_path) -> TableStore:
    """Sell-in of three partitions, January twice; totals of January; two reports of January."""
    store = TableStore(str(tmp_path / "store"))
    for run_id, partition, units in (("a", JANUARY, 1.0), ("b", JANUARY, 2.0), ("c", FEBRUARY, 3.0), ("d", DE, 4.0)):
        store.write(SELL_IN, partition, sell_in(units), run(run_id))
    store.write(TOTALS, ALL, pd.DataFrame({"entity": ["FR"], "sell_in_units": [1.0]}), run("t"))
    for run_id, page in (("e", b"one"), ("f", b"three")):
        store.write_documents(REPORT, JANUARY, {"page.html": page, "book.xlsx": b"book"}, run(run_id))
    return store


def versions(store, table: str, partition=JANUARY):
    return [each for each in all_versions(store) if (each.table, each.partition) == (table, partition)]


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_every_version_is_listed_by_table_and_partition_the_oldest_first(store):
    listed = [(each.table, each.partition.to_dagster(), each.version.name) for each in all_versions(store)]
    assert listed == [
        ("demand_totals", "2024-01-01", "t.parquet"), ("market_report", "FR|2024-01-01", "e"),
        ("market_report", "FR|2024-01-01", "f"), ("sell_in", "DE|2024-02-01", "d.parquet"),
        ("sell_in", "FR|2024-01-01", "a.parquet"), ("sell_in", "FR|2024-01-01", "b.parquet"),
        ("sell_in", "FR|2024-02-01", "c.parquet"),
    ]  # fmt: skip


def test_a_version_has_its_own_files_and_their_size(store):
    """The provenance of documents comes first, so that it is removed first."""
    _, second = versions(store, REPORT)
    assert [Path(path).name for path in second.files] == ["_provenance.json", "book.xlsx", "page.html"]
    assert second.size == sum(Path(path).stat().st_size for path in second.files)
    (table, _) = versions(store, "sell_in")
    assert table.files == (table.version.path,)
    assert table.size == Path(table.version.path).stat().st_size


def test_tables_and_partitions_with_a_version_are_listed(store, tmp_path):
    assert stored_tables(store) == ["demand_totals", "market_report", "sell_in"]
    assert versioned_partitions(store, "sell_in") == sorted([DE, JANUARY, FEBRUARY], key=lambda each: each.sort_key)
    assert versioned_partitions(store, "demand_totals") == [ALL]
    assert versioned_partitions(store, "features") == []
    nothing = TableStore(str(tmp_path / "nothing"))
    assert (stored_tables(nothing), all_versions(nothing), pruned_partitions(nothing)) == ([], [], [])


def test_temporary_files_and_deeper_folders_are_no_versions(store):
    folder = Path(store.versions_folder("sell_in", JANUARY))
    content = (folder / "a.parquet").read_bytes()
    for name in (".a.parquet.1.tmp", ".x.parquet", "a.txt", "old/a.parquet", "old/deep/_provenance.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert [each.version.name for each in versions(store, "sell_in")] == ["a.parquet", "b.parquet"]


def test_removed_versions_are_noted_with_what_they_had_replaced(store):
    first, second = versions(store, "sell_in")
    remove_versions(store, [first], AT)
    assert pruned_of(store, "sell_in", JANUARY) == {
        "a.parquet": {
            "previous_version": None, "content_hash": first.version.provenance.content_hash,
            "cycle_id": "dev-2024-01", "pruned_at": "2024-12-01T10:30:15+00:00",
        }
    }  # fmt: skip
    remove_versions(store, [second], AT)
    notes = pruned_of(store, "sell_in", JANUARY)
    assert {name: note["previous_version"] for name, note in notes.items()} == {
        "a.parquet": None, "b.parquet": "a.parquet",
    }  # fmt: skip
    assert names(Path(store.versions_folder("sell_in", JANUARY))) == {"_pruned.json"}
    assert pruned_of(store, "sell_in", FEBRUARY) == {}
    assert pruned_partitions(store) == [("sell_in", JANUARY)]


def test_an_orphan_is_noted_without_the_version_before_it(store):
    """As a run leaves it that was killed before it published: the file in place is still the first."""
    first, _ = versions(store, "sell_in")
    path = store.path("sell_in", JANUARY)
    Path(path).write_bytes(Path(first.version.path).read_bytes())
    first, orphan = versions(store, "sell_in")
    assert (first.version.is_published, orphan.version.was_published) == (True, False)
    remove_versions(store, [orphan], AT)
    assert pruned_of(store, "sell_in", JANUARY)["b.parquet"]["previous_version"] is None


def test_nothing_is_removed_once_another_owner_has_the_lease(store):
    lease = Lease(store.files, f"{store.base}/_leases", "FR", 60)
    hold = lease.take("paused")
    lease.release("paused")
    lease.take("successor")
    with pytest.raises(LeaseLost):
        remove_versions(store, versions(store, "sell_in")[:1], AT, hold)
    assert len(versions(store, "sell_in")) == 2
    assert pruned_partitions(store) == []
    remove_versions(store, versions(store, "sell_in")[:1], AT, lease.take("successor"))
    assert len(versions(store, "sell_in")) == 1


def test_documents_of_a_removed_version_without_provenance_are_removed_later(store):
    """The process was killed after it had removed the provenance of version e."""
    folder = Path(store.versions_folder(REPORT, JANUARY))
    kept = {path: path.read_bytes() for path in (folder / "e").iterdir() if path.name != "_provenance.json"}
    remove_versions(store, versions(store, REPORT)[:1], AT)
    for path, content in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    remove_left_over(store, REPORT, JANUARY)
    assert names(folder) == {"_pruned.json", "f/_provenance.json", "f/book.xlsx", "f/page.html"}


def test_documents_of_a_noted_version_that_is_whole_stay(store):
    """The process was killed after the note: the next pruning removes the version."""
    folder = Path(store.versions_folder(REPORT, JANUARY))
    whole = {path: path.read_bytes() for path in (folder / "e").iterdir()}
    remove_versions(store, versions(store, REPORT)[:1], AT)
    for path, content in whole.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    remove_left_over(store, REPORT, JANUARY)
    assert {name.partition("/")[0] for name in names(folder)} == {"_pruned.json", "e", "f"}


def test_documents_are_read_by_version_but_those_without_a_readable_provenance(store):
    folder = store.versions_folder(REPORT, JANUARY)
    (Path(folder) / "g").mkdir()
    (Path(folder) / "g" / "_provenance.json").write_bytes(b"{")
    (Path(folder) / "g" / "page.html").write_bytes(b"x")
    read = versions_of_documents(store.files, sorted(store.find(folder)))
    assert [(provenance.run_id, contents) for provenance, contents in read] == [
        ("e", {"page.html": b"one", "book.xlsx": b"book"}), ("f", {"page.html": b"three", "book.xlsx": b"book"}),
    ]  # fmt: skip
    gone = [*store.find(folder), f"{folder}/f/gone.html", f"{folder}/h/_provenance.json"]
    assert [contents for _, contents in versions_of_documents(store.files, sorted(gone))] == [
        contents for _, contents in read
    ]
