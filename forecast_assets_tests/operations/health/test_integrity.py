"""The check of a whole store names every damaged file, and a restore brings back what was published."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.operations.health.integrity import DAMAGED, FOREIGN, verify_store
from forecast_assets.operations.health.restore import NothingToRestore, restore
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.lease import LeaseTaken
from forecast_assets.storage.provenance import METADATA_KEY
from forecast_assets.storage.withdrawals import Withdrawal, withdrawn_files
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in

FR, NO = key("FR|2024-01-01"), key("NO|2024-01-01")
PAGE = b"<html>page</html>"


@pytest.fixture
def store(tmp_path):
    """Two versions of FR's sell-in, one of NO's, a report of FR, and a lease."""
    store = TableStore(str(tmp_path / "store"))
    for run_id, units in (("run-a", 1.0), ("run-b", 2.0)):
        store.write(SELL_IN, FR, sell_in(units), run(run_id))
    store.write(SELL_IN, NO, sell_in(3.0), run("run-c"))
    store.write_documents("market_report", FR, {"page.html": PAGE, "book.xlsx": b"book"}, run("run-d"))
    lease_of(store, "FR", 60).take("run-b")
    lease_of(store, "FR", 60).release("run-b")
    return store


def published(store, partition=FR):
    return Path(store.path("sell_in", partition))


def version(store, name):
    return Path(store.versions_folder("sell_in", FR)) / name


def report(store, name):
    return Path(store.document_folder("market_report", FR)) / name


def findings(store):
    return {(Path(each.path).name, each.state) for each in verify_store(store).findings}


def test_a_sound_store_has_no_findings(store):
    verified = verify_store(store)
    assert verified.findings == ()
    assert verified.files == 2 + 3 + 3 + 3 + 1  # tables, their versions, documents, their versions, the lease


DAMAGED_FILES = {
    "published table": (published, "sell_in.parquet"),
    "version": (lambda store: version(store, "run-a.parquet"), "run-a.parquet"),
    "document": (lambda store: report(store, "page.html"), "page.html"),
    "provenance of documents": (lambda store: report(store, "_provenance.json"), "_provenance.json"),
    "lease": (lambda store: Path(lease_of(store, "FR", 60).path), "FR.json"),
}


@pytest.mark.parametrize("kind", DAMAGED_FILES)
@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: b"\x00" + content[1:]])
def test_each_kind_of_damaged_file_is_named(store, kind, damage):
    path_of, name = DAMAGED_FILES[kind]
    path = path_of(store)
    path.write_bytes(damage(path.read_bytes()))
    assert (name, DAMAGED) in findings(store)


def test_a_published_file_that_is_not_its_version_is_named(store):
    version(store, "run-b.parquet").unlink()
    (finding,) = verify_store(store).damaged
    assert finding.path == str(published(store))
    assert "not the same as its version" in finding.problem
    assert "forecast-assets restore sell_in FR 2024-01" in finding.problem


def test_rows_of_a_release_without_digests_are_compared_with_their_content_hash(store):
    path = published(store, NO)
    table, provenance = pq.read_table(path, partitioning=None), pq.read_metadata(path).metadata[METADATA_KEY]
    for rows, expected in (
        (table, set()),
        (table.set_column(1, "sell_in_units", [[4.0]]), {("sell_in.parquet", DAMAGED)}),
    ):
        for file in (path, *Path(store.versions_folder("sell_in", NO)).iterdir()):
            with pq.ParquetWriter(file, rows.schema, store_schema=False) as writer:
                writer.write_table(rows)
                writer.add_key_value_metadata({METADATA_KEY: provenance})
        assert expected <= findings(store)
        assert bool(findings(store)) == bool(expected)


def test_files_that_are_not_the_stores_are_named_as_such(store):
    for name in ("backup/sell_in/country=FR/month=2024-01-01/sell_in.parquet", "sell_in/country=FR/old.parquet",
                 "sell_in/country=FR (1)/month=2024-01-01/sell_in.parquet", "note.txt",
                 "market_report/country=FR/month=2024-01-01/mine.txt"):  # fmt: skip
        path = Path(store.base) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(published(store).read_bytes())
    verified = verify_store(store)
    assert {each.state for each in verified.findings} == {FOREIGN}
    assert len(verified.findings) == 5


def test_a_restored_partition_is_the_version_that_was_published(store):
    sound = published(store).read_bytes()
    for damaged in (b"", sound[: len(sound) // 2], b"foreign"):
        published(store).write_bytes(damaged)
        restored = restore(store, "sell_in", FR, 60)
        assert restored.provenance.version == "run-b.parquet"
        assert published(store).read_bytes() == sound
    published(store).unlink()
    assert restore(store, "sell_in", FR, 60).path == str(published(store))
    assert restore(store, "sell_in", FR, 60).path == ""
    assert verify_store(store).findings == ()
    # The market is free for the next run.
    lease_of(store, "FR", 60).take("run-e")


def test_what_was_withdrawn_stays_withdrawn(store):
    files = withdrawn_files(store, "sell_in", FR)
    files.withdraw(
        Withdrawal("run-b.parquet", "run-b", "0" * 64, "2024-12-01T08:00:00", "Ann", "wrong"), ["sell_in.parquet"]
    )
    assert verify_store(store).findings == ()
    with pytest.raises(NothingToRestore, match="was withdrawn on 2024-12-01 by Ann"):
        restore(store, "sell_in", FR, 60)
    assert not published(store).exists()
    published(store).write_bytes(b"")
    assert restore(store, "sell_in", FR, 60).provenance.version == "run-a.parquet"


def test_a_version_older_than_the_last_is_restored_if_it_was_the_published_one(store):
    older = version(store, "run-a.parquet").read_bytes()
    published(store).write_bytes(older[:300] + b"\x00" + older[301:])
    assert restore(store, "sell_in", FR, 60).provenance.version == "run-a.parquet"


def test_a_published_file_that_lost_its_digest_is_restored_from_its_version(store):
    sound = published(store).read_bytes()
    published(store).write_bytes(sound.replace(b"forecast_assets.file", b"forecast_assets.fyle"))
    assert {each.path for each in verify_store(store).damaged} == {str(published(store))}
    assert restore(store, "sell_in", FR, 60).path == str(published(store))
    assert published(store).read_bytes() == sound
    assert verify_store(store).findings == ()


def test_a_damaged_version_is_written_again_from_the_published_file(store):
    version(store, "run-b.parquet").write_bytes(b"")
    restored = restore(store, "sell_in", FR, 60)
    assert restored.path == str(version(store, "run-b.parquet"))
    assert verify_store(store).findings == ()


def test_without_a_sound_version_nothing_is_changed(store):
    for path in (published(store, NO), *Path(store.versions_folder("sell_in", NO)).iterdir()):
        path.write_bytes(b"x")
    with pytest.raises(NothingToRestore, match=r"sell_in \[NO\|2024-01-01\] has no sound version"):
        restore(store, "sell_in", NO, 60)
    assert published(store, NO).read_bytes() == b"x"


def test_a_table_among_documents_is_one_of_them(store):
    month = PartitionKey(FR.month)
    store.write_documents("company_report", month, {"company_report.parquet": b"rows", "page.html": PAGE}, run("run-c"))
    assert not verify_store(store).findings
    path = Path(store.document_folder("company_report", month)) / "company_report.parquet"
    path.write_bytes(b"other")
    assert [finding.state for finding in verify_store(store).findings] == [DAMAGED]


def test_a_damaged_document_of_a_version_that_is_no_longer_published_is_named(store):
    (older,) = Path(store.versions_folder("market_report", FR)).iterdir()
    store.write_documents("market_report", FR, {"page.html": b"new", "book.xlsx": b"new"}, run("run-e"))
    assert findings(store) == set()
    (older / "book.xlsx").write_bytes(b"other")
    (finding,) = verify_store(store).findings
    assert (finding.path, finding.state) == (str(older / "_provenance.json"), DAMAGED)
    assert finding.problem.startswith("the documents beside it are not those that it names")


def test_documents_are_restored_as_a_set(store):
    report(store, "page.html").write_bytes(b"")
    report(store, "_provenance.json").write_bytes(b"{")
    assert restore(store, "market_report", FR, 60).path == store.document_folder("market_report", FR)
    assert report(store, "page.html").read_bytes() == PAGE
    assert verify_store(store).findings == ()
    assert restore(store, "market_report", FR, 60).path == ""


def test_without_a_sound_set_no_document_is_changed(store):
    (only,) = Path(store.versions_folder("market_report", FR)).iterdir()
    for path in (only / "page.html", report(store, "page.html")):
        path.write_bytes(b"x")
    with pytest.raises(NothingToRestore, match=r"market_report \[FR\|2024-01-01\] has no sound version: materialize"):
        restore(store, "market_report", FR, 60)
    assert report(store, "page.html").read_bytes() == b"x"


def test_a_market_that_a_run_is_writing_is_left_alone(store):
    published(store).write_bytes(b"")
    lease_of(store, "FR", 60).take("run-e")
    with pytest.raises(LeaseTaken, match="run-e"):
        restore(store, "sell_in", FR, 60)
    assert published(store).read_bytes() == b""
    restore(store, "sell_in", NO, 60)


def test_the_command_restores_and_says_what_it_did(store, monkeypatch):
    monkeypatch.setenv("FORECAST_STORE", store.base)
    published(store).write_bytes(b"")
    arguments = ["restore", "sell_in", "FR", "2024-01"]
    first, second = (CliRunner().invoke(app, arguments) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert f"{published(store)} holds version run-b.parquet of cycle dev-2024-01" in first.output
    assert "nothing is damaged; published is version run-b.parquet" in second.output
    for wrong in (
        ["sell_in", "2024-01"],
        ["sell_in", "FR", "2023-01"],
        ["sell_in", "FR", "x", "2024-01"],
        ["sales", "FR", "2024-01"],
    ):
        assert CliRunner().invoke(app, ["restore", *wrong]).exit_code == 2
