"""States of files: any change of a file changes its state, and what cannot be read counts by its name."""

import os

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from forecast_assets.storage.file_states import file_states


def states(folder) -> dict:
    return file_states(LocalFileSystem(), str(folder))


@pytest.fixture
def folder(tmp_path):
    for path in ("a.csv", "x/b.csv", "x/y/c.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("1", encoding="utf-8")
    return tmp_path


def test_each_file_has_its_path_below_the_folder(folder):
    (folder / "empty").mkdir()
    assert sorted(states(folder)) == ["a.csv", "x/b.csv", "x/y/c.csv"]


def test_a_folder_that_is_missing_has_no_files(tmp_path):
    assert states(tmp_path / "none") == {}
    assert file_states(MemoryFileSystem(), "/file-states/none") == {}


def test_a_write_changes_the_state_of_its_file_alone(folder):
    before = states(folder)
    file = folder / "x/b.csv"
    times = file.stat()
    file.unlink()
    file.write_text("2", encoding="utf-8")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = states(folder)
    assert {path for path in before if before[path] != after[path]} == {"x/b.csv"}


def test_a_link_has_the_state_of_its_file_and_a_link_to_a_folder_is_not_followed(folder):
    (folder / "link.csv").symlink_to(folder / "a.csv")
    (folder / "folder").symlink_to(folder / "x")
    (folder / "gone.csv").symlink_to(folder / "none")
    found = states(folder)
    assert found["link.csv"] == found["a.csv"] != ()
    assert found["gone.csv"] == ()
    assert [path for path in found if path.startswith("folder")] == ["folder"]


def test_a_folder_that_cannot_be_read_counts_by_its_name(folder, monkeypatch):
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("/x"):
            raise PermissionError(path)
        return sorted(scandir(path), key=lambda entry: entry.name)

    # Folders are read from the last to the first: what cannot be read comes before this one.
    (folder / "w").mkdir()
    (folder / "w/d.csv").touch()
    monkeypatch.setattr(os, "scandir", refused)
    found = states(folder)
    assert (sorted(found), found["x"]) == (["a.csv", "w/d.csv", "x"], ())


def test_elsewhere_the_state_is_what_the_file_system_says_now(monkeypatch):
    fs, forgotten = MemoryFileSystem(), []
    monkeypatch.setattr(fs, "invalidate_cache", lambda: forgotten.append(True))
    fs.pipe("/file-states/s/x/b.csv", b"12")
    try:
        ((path, state),) = file_states(fs, "/file-states/s").items()
        assert (path, state[0]) == ("x/b.csv", 2)
        assert state[4] is not None
        fs.pipe("/file-states/s/x/b.csv", b"123")
        assert file_states(fs, "/file-states/s")[path] != state
        assert forgotten == [True, True]
    finally:
        fs.rm("/file-states", recursive=True)
