"""Conditional puts, on ETags of a Blob service."""

import pytest

from forecast_assets.storage.publish import PublishConflict

pytestmark = pytest.mark.integration


@pytest.fixture
def path(container):
    return f"{container}/sell_in/country=FR/month=2024-01-01/sell_in.parquet"


@pytest.fixture
def files(azurite):
    return azurite.files()


def test_the_first_file_is_put_where_there_is_none(files, path):
    assert files.state(path) is None
    files.replace(path, b"first", state_before=None)
    assert files.read(path) == b"first"


def test_a_file_that_appeared_meanwhile_is_not_overwritten(files, path):
    files.replace(path, b"theirs", state_before=None)
    with pytest.raises(PublishConflict):
        files.replace(path, b"ours", state_before=None)
    assert files.read(path) == b"theirs"


def test_a_file_that_changed_meanwhile_is_not_overwritten(files, path):
    files.replace(path, b"seen", state_before=None)
    seen = files.state(path)
    files.replace(path, b"theirs", state_before=seen)
    with pytest.raises(PublishConflict):
        files.replace(path, b"ours", state_before=seen)
    assert files.read(path) == b"theirs"


def test_a_file_with_our_bytes_is_still_another_writers(files, path):
    files.create(path, b"the same")
    with pytest.raises(FileExistsError):
        files.create(path, b"the same")


def test_a_file_removed_meanwhile_is_a_conflict(files, path):
    files.replace(path, b"seen", state_before=None)
    seen = files.state(path)
    files.fs.rm_file(path)
    with pytest.raises(PublishConflict):
        files.replace(path, b"ours", state_before=seen)
    assert files.state(path) is None


def test_the_file_that_was_seen_is_replaced(files, path):
    files.replace(path, b"seen", state_before=None)
    files.replace(path, b"ours", state_before=files.state(path))
    assert files.read(path) == b"ours"


def test_a_version_is_never_overwritten(files, path):
    files.create(path, b"first")
    with pytest.raises(FileExistsError):
        files.create(path, b"second")
    assert files.read(path) == b"first"


def test_several_files_are_read_in_their_order_and_absent_ones_are_none(files, path):
    files.create(f"{path}.2", b"two")
    files.create(f"{path}.3", b"")
    assert files.read_many([f"{path}.1", f"{path}.2", f"{path}.3"]) == [None, b"two", b""]


def test_only_the_file_that_was_seen_is_removed(files, path):
    files.replace(path, b"seen", state_before=None)
    seen = files.state(path)
    files.replace(path, b"theirs", state_before=seen)
    with pytest.raises(PublishConflict):
        files.remove_if(path, seen)
    assert files.read(path) == b"theirs"
    files.remove_if(path, files.state(path))
    assert files.state(path) is None
    files.remove_if(path, seen)
