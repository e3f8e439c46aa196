import pytest

from forecast_assets.storage import MissingPartition, TableStore
from forecast_assets_tests.storage.examples import key, run

PARTITION = key("FR|2024-01-01")


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    return TableStore(str(tmp_path / "store") if request.param == "folder" else f"memory:/{tmp_path}/store")


def test_documents_are_read_back_with_their_provenance(store):
    documents = {"market_report.html": b"<p>", "market_report.xlsx": b"PK"}
    written = store.write_documents("market_report", PARTITION, documents, run("run-a", sell_in={"FR|2024-01-01": "0"}))
    assert store.read_document("market_report", PARTITION, "market_report.xlsx") == b"PK"
    assert written.provenance.rows == 2
    assert store.document_provenance("market_report", PARTITION) == written.provenance
    assert written.provenance.inputs == {"sell_in": {"FR|2024-01-01": "0"}}


def test_replaced_documents_stay_as_a_version(store):
    store.write_documents("market_report", PARTITION, {"a.html": b"old"}, run("run-a"))
    store.write_documents("market_report", PARTITION, {"a.html": b"new"}, run("run-b"))
    assert store.read_document("market_report", PARTITION, "a.html") == b"new"
    assert store.files.read(f"{store.versions_folder('market_report', PARTITION)}/run-a/a.html") == b"old"
    assert store.document_provenance("market_report", PARTITION).previous_version == "run-a"


def test_a_retried_step_gets_its_version_or_a_new_one(store):
    names = [
        store.write_documents("market_report", PARTITION, {"a.html": page}, run("run-a")).provenance.version
        for page in (b"1", b"1", b"2")
    ]
    assert names == ["run-a", "run-a", "run-a-2"]
    assert store.files.read(f"{store.versions_folder('market_report', PARTITION)}/run-a/a.html") == b"1"


def test_missing_documents_are_named(store):
    with pytest.raises(MissingPartition, match=r"market_report \(a.html\) has no partition FR: 2024-01"):
        store.read_document("market_report", PARTITION, "a.html")
    with pytest.raises(MissingPartition, match="market_report has no partition FR: 2024-01"):
        store.document_provenance("market_report", PARTITION)


@pytest.mark.parametrize("documents", [{}, {"../a.html": b""}, {"_provenance.json": b""}])
def test_names_that_leave_the_folder_and_empty_sets_are_rejected(store, documents):
    with pytest.raises(ValueError, match="plain file names"):
        store.write_documents("market_report", PARTITION, documents, run())


def test_a_retried_step_without_one_of_its_documents_gets_a_new_version(store):
    both = {"a.html": b"page", "b.xlsx": b"book"}
    names = [
        store.write_documents("market_report", PARTITION, documents, run("run-a")).provenance.version
        for documents in (both, {"a.html": b"page"})
    ]
    assert names == ["run-a", "run-a-2"]
