"""Creating a file that is absent and replacing one that is unchanged, on each kind of file system."""

import os

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from forecast_assets.storage import TableStore
from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.publish import Files
from forecast_assets_tests.processes import started
from forecast_assets_tests.storage.blobs_in_memory import BlobsInMemory

PROCESSES, ROUNDS = 3, 20


@pytest.fixture(params=["local", "azure", "memory"])
def file(request, tmp_path):
    """A file that does not exist yet, on each kind of file system."""
    fs = {"azure": BlobsInMemory, "memory": MemoryFileSystem}.get(request.param)
    files = Files(fs()) if fs else TableStore(str(tmp_path)).files
    yield AtomicFile(files, "/folder/file.json" if fs else str(tmp_path / "folder" / "file.json"))
    if fs:
        files.fs.rm("/", recursive=True)


def test_of_two_creations_the_first_one_counts(file):
    assert file.create(b"first")
    assert not file.create(b"second")
    assert file.read() == b"first"


def test_an_update_gets_the_content_and_replaces_it(file):
    assert file.update(lambda before: b"new" if before is None else b"wrong")
    assert file.update(lambda before: before + b"er")
    assert file.read() == b"newer"


def test_an_update_that_returns_none_leaves_the_file(file):
    assert file.update(lambda before: None)
    assert file.read() is None


def test_an_error_of_the_change_passes_through_and_nothing_is_written(file):
    file.create(b"before")
    with pytest.raises(ZeroDivisionError):
        file.update(lambda before: bytes(1 // 0))
    assert file.read() == b"before"


def test_a_file_that_changed_after_it_was_read_is_not_replaced(file):
    file.create(b"before")

    def change_late(before):
        file.files.replace(file.path, b"theirs", file.files.state(file.path))
        return before + b" and ours"

    assert not file.update(change_late)
    assert file.read() == b"theirs"


def test_a_file_has_the_age_of_the_stores_clock(file):
    assert file.age_seconds() is None
    file.update(lambda before: b"content")
    if file.files.is_local:
        written = os.stat(file.path).st_mtime
        os.utime(file.path, (written - 100, written - 100))
        assert 100 <= file.age_seconds() < 130
    elif isinstance(file.files.fs, BlobsInMemory):
        file.files.fs.now += 100
        assert file.age_seconds() == 100
    else:
        assert file.age_seconds() is None


def test_a_local_file_is_locked_for_others_and_other_puts_carry_their_condition(file):
    other = AtomicFile(file.files, file.path, lock_seconds=0)
    with file.locked():
        if file.files.is_local:
            with pytest.raises(TimeoutError):
                other.update(lambda before: b"theirs")
        else:
            assert other.update(lambda before: b"theirs")
    assert other.update(lambda before: b"later")
    assert file.read() == b"later"


def count_up(path: str) -> None:
    """Add one to the number in a file, round by round."""
    file = AtomicFile(TableStore(path).files, f"{path}/counter.json")
    for _ in range(ROUNDS):
        while not file.update(lambda before: str(int(before or b"0") + 1).encode()):
            pass


def test_no_update_of_several_processes_is_lost_on_a_local_folder(tmp_path):
    processes = [started(count_up, str(tmp_path)) for _ in range(PROCESSES)]
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert (tmp_path / "counter.json").read_text(encoding="utf-8") == str(PROCESSES * ROUNDS)
