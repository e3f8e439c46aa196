"""Whole files put in place on each kind of store: in a folder, on Azure, and where nothing is conditional."""

import errno
import os
import threading
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from forecast_assets.storage import publish
from forecast_assets.storage.publish import Files, PublishConflict
from forecast_assets_tests.storage.blobs_in_memory import BlobsInMemory


class PlainMemory(MemoryFileSystem):
    """A file system without conditional puts, whose checksum changes with the content."""

    cachable = False

    def checksum(self, path):
        return f"{hash(self.cat_file(path)):x}"


KINDS = {"local": LocalFileSystem, "azure": BlobsInMemory, "memory": PlainMemory}


@pytest.fixture(params=list(KINDS))
def files(request):
    files = Files(KINDS[request.param]())
    yield files
    if not files.is_local and files.fs.exists("/c"):
        files.fs.rm("/c", recursive=True)


@pytest.fixture
def path(files, tmp_path) -> str:
    """A path in folders that do not exist."""
    return f"{tmp_path}/a/b/file" if files.is_local else "/c/a/b/file"


def test_a_file_is_created_once_and_read_with_its_state(files, path):
    assert (files.state(path), files.read_with_state(path)) == (None, (None, None))
    files.create(path, b"first")
    with pytest.raises(FileExistsError):
        files.create(path, b"second")
    state, content = files.read_with_state(path)
    assert (content, state) == (b"first", files.state(path))
    assert files.read(path) == b"first"


def test_a_file_is_replaced_only_in_the_state_that_was_seen(files, path):
    with pytest.raises(PublishConflict):
        files.replace(path, b"ours", "a state of a file that is gone")
    files.replace(path, b"first", None)
    seen = files.state(path)
    with pytest.raises(PublishConflict):
        files.replace(path, b"ours", None)
    files.replace(path, b"other", seen)
    assert files.state(path) != seen
    with pytest.raises(PublishConflict):
        files.replace(path, b"ours", seen)
    assert files.read(path) == b"other"


def test_a_file_is_removed_only_in_the_state_that_was_seen(files, path):
    files.create(path, b"first")
    seen = files.state(path)
    files.replace(path, b"other", seen)
    with pytest.raises(PublishConflict):
        files.remove_if(path, seen)
    assert files.read(path) == b"other"
    files.remove_if(path, files.state(path))
    assert files.state(path) is None
    # Its response may have been lost: the file is gone, as was asked for.
    files.remove_if(path, seen)
    files.remove(path)


def test_a_file_is_removed_and_a_missing_one_is_no_error(files, path):
    files.create(path, b"first")
    files.remove(path)
    files.remove(path)
    assert files.read_many([path]) == [None]


def test_several_files_are_read_in_order_with_none_for_missing_ones(files, path):
    files.create(path, b"1")
    files.create(f"{path}2", b"2")
    assert files.read_many([f"{path}2", f"{path}3", path]) == [b"2", None, b"1"]
    with pytest.raises(FileNotFoundError):
        files.read(f"{path}3")


def test_calls_side_by_side_keep_their_order_and_raise_the_first_error(files):
    assert files.side_by_side(lambda number: number * 2, [3, 1, 2]) == [6, 2, 4]

    def divided(number):
        return {0: {}, 1: []}[number][number]

    with pytest.raises(IndexError):
        files.side_by_side(divided, [1, 0])


def test_remote_calls_run_side_by_side_and_local_ones_one_after_the_other(files):
    """Two remote calls wait for each other; in a folder all run in this thread."""
    if files.is_local:
        assert set(files.side_by_side(lambda _: threading.get_ident(), range(3))) == {threading.get_ident()}
        return
    both = threading.Barrier(2, timeout=10)
    assert len(files.side_by_side(lambda _: both.wait(), range(2))) == 2


@pytest.fixture
def local(tmp_path) -> tuple[Files, str]:
    return Files(LocalFileSystem()), f"{tmp_path}/a/b/file"


def test_no_temporary_file_is_left_whatever_happens(local, monkeypatch):
    files, path = local
    files.create(path, b"first")
    files.replace(path, b"second", files.state(path))
    full = OSError(errno.ENOSPC, "full")

    def fail(*_):
        raise full

    monkeypatch.setattr(os, "fsync", fail)
    for act in (lambda: files.create(f"{path}2", b"x"), lambda: files.replace(path, b"x", files.state(path))):
        with pytest.raises(OSError, match="full"):
            act()
    assert [each.name for each in Path(path).parent.iterdir()] == ["file"]
    assert files.read(path) == b"second"


def test_on_a_share_without_hard_links_a_version_is_renamed_and_never_overwritten(local, monkeypatch):
    files, path = local

    def unable(self, target):
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(Path, "hardlink_to", unable)
    files.create(path, b"first")
    with pytest.raises(FileExistsError, match="a/b/file"):
        files.create(path, b"second")
    assert files.read(path) == b"first"
    assert [each.name for each in Path(path).parent.iterdir()] == ["file"]


def test_content_and_folders_are_on_the_disk_before_a_file_counts_as_written(local, monkeypatch):
    """Synced are the new folders' parents, the temporary file, and the folder with the file's name."""
    files, path = local
    synced = []

    def note(handle):
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        assert not synced[-1].endswith(".tmp") or os.fstat(handle).st_size > 0

    monkeypatch.setattr(os, "fsync", note)
    base, folder = str(Path(path).parents[2]), str(Path(path).parent)
    files.create(path, b"first")
    files.replace(path, b"second", files.state(path))
    names = [f"{folder}/tmp" if name.endswith(".tmp") else name for name in synced]
    assert names == [base, f"{base}/a", f"{folder}/tmp", folder, f"{folder}/tmp", folder]


def test_a_temporary_file_is_hidden_from_engines_that_read_the_folder(local, monkeypatch):
    files, path = local
    names = []
    monkeypatch.setattr(os, "fsync", lambda _: names.extend(each.name for each in Path(path).parent.glob("*")))
    monkeypatch.setattr(publish, "_sync_folder", lambda _: None)
    files.create(path, b"first")
    (name,) = names
    assert name.startswith(".file.")
    assert name.endswith(".tmp")


def test_a_folder_that_another_process_makes_meanwhile_is_no_error(local, monkeypatch):
    files, path = local
    Path(path).parent.mkdir(parents=True)
    is_dir = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda self: is_dir(self) and self.name != "b")
    files.create(path, b"first")
    assert files.read(path) == b"first"
