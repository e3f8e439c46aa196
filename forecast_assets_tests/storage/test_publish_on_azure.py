"""Results of conditional puts; the integration tests show that the service honours the conditions."""

import pytest

from forecast_assets.storage.publish import Files, PublishConflict
from forecast_assets_tests.storage.blobs_in_memory import BlobsInMemory

PATH = "/container/sell_in/country=FR/month=2024-01-01/sell_in.parquet"


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
