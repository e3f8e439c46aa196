"""The conditional put, against a stand-in with the ETags of Blob storage and the two keywords that adlfs hands on."""

import itertools

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError
from fsspec.implementations.memory import MemoryFileSystem

from forecast_assets.storage.publish import Files, PublishConflict

PATH = "/container/sell_in/country=FR/month=2024-01-01/sell_in.parquet"


class BlobsInMemory(MemoryFileSystem):
    protocol = ("abfs", "az")
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.etags, self.numbers = {}, itertools.count()

    def info(self, path, **kwargs):
        return {**super().info(path, **kwargs), "etag": self.etags.get(path)}

    def pipe_file(self, path, value, mode="overwrite", etag=None, match_condition=None):
        if etag is not None:
            assert match_condition is MatchConditions.IfNotModified
            if self.etags.get(path) != etag:
                raise ResourceModifiedError("the condition specified using HTTP conditional header(s) is not met")
        super().pipe_file(path, value, mode=mode)
        self.etags[path] = f'"{next(self.numbers)}"'


@pytest.fixture
def files():
    blobs = BlobsInMemory()
    yield Files(blobs)
    blobs.rm("/container", recursive=True)


def test_the_first_file_is_put_where_there_is_none(files):
    files.replace(PATH, b"first", state_before=None)
    assert files.read(PATH) == b"first"


def test_a_file_that_appeared_meanwhile_is_not_overwritten(files):
    files.replace(PATH, b"theirs", state_before=None)
    with pytest.raises(PublishConflict):
        files.replace(PATH, b"ours", state_before=None)
    assert files.read(PATH) == b"theirs"


def test_a_file_that_changed_meanwhile_is_not_overwritten(files):
    files.replace(PATH, b"seen", state_before=None)
    seen = files.state(PATH)
    files.replace(PATH, b"theirs", state_before=seen)
    with pytest.raises(PublishConflict):
        files.replace(PATH, b"ours", state_before=seen)
    assert files.read(PATH) == b"theirs"


def test_the_file_that_was_seen_is_replaced(files):
    files.replace(PATH, b"seen", state_before=None)
    files.replace(PATH, b"ours", state_before=files.state(PATH))
    assert files.read(PATH) == b"ours"


def test_a_version_is_never_overwritten(files):
    files.create(PATH, b"first")
    with pytest.raises(FileExistsError):
        files.create(PATH, b"second")
    assert files.read(PATH) == b"first"
