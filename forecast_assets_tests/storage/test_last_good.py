"""The version that a damaged file most likely was, by the bytes that are left of it."""

from pathlib import Path

import pytest

from forecast_assets.storage import TableStore
from forecast_assets.storage.last_good import _shared_bytes, last_good_version, read_or_nothing
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in

JUNE = key("FR|2024-06-01")


@pytest.mark.parametrize(
    ("content", "damaged", "shared"),
    [
        (b"abcdef", b"abcdef", 6),
        (b"abcdef", b"abXdef", 5),  # Two before it, three behind.
        (b"abcdef", b"Xbcdef", 5),
        (b"abcdef", b"abcdeX", 5),
        (b"abcdef", b"abc", 3),  # Its end is lost.
        (b"abcdef", b"def", 3),  # Its start is lost.
        (b"abcdef", b"", 0),
        (b"abcdef", b"XXXXXX", 0),
        (b"aaaa", b"aa", 2),  # Its bytes count once.
    ],
)
def test_bytes_at_the_start_and_at_the_end_are_shared(content, damaged, shared):
    assert _shared_bytes(content, damaged) == shared


@pytest.fixture
def store(tmp_path) -> TableStore:
    """Three versions of June, the last one published."""
    store = TableStore(str(tmp_path))
    for number in (1, 2, 3):
        store.write(SELL_IN, JUNE, sell_in(float(number)), run(f"run-{number}"))
    return store


def found(store: TableStore, content: bytes | None) -> str | None:
    """Return the run of the version that stands for a published file of this content."""
    published = Path(store.path("sell_in", JUNE))
    if content is None:
        published.unlink()
    else:
        published.write_bytes(content)
    good = last_good_version(store.files, str(published), store.find(store.versions_folder("sell_in", JUNE)))
    return good and good.provenance.run_id


def version(store: TableStore, run_id: str) -> Path:
    (path,) = Path(store.versions_folder("sell_in", JUNE)).glob(f"*{run_id}*.parquet")
    return path


def test_without_bytes_the_latest_sound_version_counts(store):
    assert found(store, None) == "run-3"
    assert found(store, b"") == "run-3"
    version(store, "run-3").write_bytes(b"PAR1")
    assert found(store, b"") == "run-2"


def test_a_file_that_lost_some_bytes_is_the_version_that_shares_most(store):
    first = version(store, "run-1").read_bytes()
    assert found(store, first[:-1]) == "run-1"
    assert found(store, first[1:]) == "run-1"
    middle = len(first) // 2
    assert found(store, first[:middle] + bytes([first[middle] ^ 1]) + first[middle + 1 :]) == "run-1"


def test_temporary_files_and_other_kinds_are_no_versions(store):
    folder = Path(store.versions_folder("sell_in", JUNE))
    content = version(store, "run-3").read_bytes()
    for path in folder.glob("*.parquet"):
        path.unlink()
    (folder / ".run-3.parquet").write_bytes(content)
    (folder / "run-3.json").write_bytes(content)
    assert found(store, b"") is None


def test_a_file_that_is_missing_or_cannot_be_read_is_nothing(store, monkeypatch):
    assert read_or_nothing(store.files, f"{store.base}/none") == b""

    def refused(_):
        raise PermissionError("no access")

    monkeypatch.setattr(type(store.files), "read_many", lambda self, paths: refused(paths))
    assert read_or_nothing(store.files, store.path("sell_in", JUNE)) == b""
