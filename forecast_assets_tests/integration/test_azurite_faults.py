"""Faults between client and service: a transient one is repeated, a lasting one is a clear error.

No fault hides the writer of a file.
"""

import itertools
import time

import pytest

from forecast_assets.config.azure_account import StorageUnavailable
from forecast_assets.storage.azure_responses import WAITS
from forecast_assets.storage.publish import PublishConflict
from forecast_assets.storage.transient_errors import is_transient
from forecast_assets_tests.integration.fault_proxy import FAULTS, Fault, can_happen, start_fault_proxy

pytestmark = pytest.mark.integration

ATTEMPTS = 4
CONTENT = bytes(range(256)) * 2_000


@pytest.fixture(scope="module")
def proxy(azurite):
    with start_fault_proxy(azurite.url) as running:
        yield running


@pytest.fixture
def files(azurite, proxy):
    proxy.fault = None
    return azurite.files(proxy.url, waits=(0.02, 0.04, 0.08))


@pytest.fixture
def path(container):
    return f"{container}/sell_in/sell_in.parquet"


def faults(*methods: str) -> list:
    """Return every fault of the methods."""
    cases = [(method, name) for method in methods for name in FAULTS if can_happen(method, name)]
    if len(methods) == 1:
        return [pytest.param(FAULTS[name], id=name) for _, name in cases]
    return [pytest.param(method, FAULTS[name], id=f"{method} {name}") for method, name in cases]


@pytest.mark.parametrize("fault", faults("PUT"))
def test_a_write_that_fails_twice_is_repeated_and_is_ours(files, proxy, path, fault):
    proxy.inject(Fault("PUT", times=2, **fault))
    files.create(path, CONTENT)
    assert proxy.spoiled == 2
    assert files.read(path) == CONTENT


@pytest.mark.parametrize("fault", faults("PUT"))
def test_a_replacement_that_fails_twice_is_repeated_and_no_conflict(files, proxy, path, fault):
    files.create(path, b"before")
    seen = files.state(path)
    proxy.inject(Fault("PUT", times=2, **fault))
    files.replace(path, CONTENT, seen)
    assert proxy.spoiled == 2
    assert files.read(path) == CONTENT


@pytest.mark.parametrize("fault", faults("GET"))
def test_a_read_that_fails_twice_is_repeated_and_whole(files, proxy, path, fault):
    files.create(path, CONTENT)
    proxy.inject(Fault("GET", times=2, **fault))
    assert files.read(path) == CONTENT
    assert proxy.spoiled == 2


@pytest.mark.parametrize("fault", faults("HEAD"))
def test_a_state_request_that_fails_twice_is_repeated(files, proxy, path, fault):
    files.create(path, CONTENT)
    seen = files.state(path)
    proxy.inject(Fault("HEAD", times=2, **fault))
    assert files.state(path) == seen
    assert proxy.spoiled == 2


@pytest.mark.parametrize("fault", faults("GET"))
def test_a_listing_that_fails_twice_is_repeated(files, proxy, path, fault, container):
    files.create(path, CONTENT)
    proxy.inject(Fault("GET", times=2, **fault))
    assert files.fs.find(container) == [path]
    assert proxy.spoiled == 2


@pytest.mark.parametrize("fault", faults("DELETE"))
def test_a_removal_that_fails_twice_is_repeated_and_done(files, proxy, path, fault):
    files.create(path, CONTENT)
    proxy.inject(Fault("DELETE", times=2, **fault))
    files.remove(path)
    assert proxy.spoiled == 2
    assert files.state(path) is None
    files.remove(path)


@pytest.mark.parametrize(("method", "fault"), faults("PUT", "GET", "HEAD"))
def test_a_lasting_fault_is_one_transient_error_of_one_line(files, proxy, path, method, fault):
    files.create(path, CONTENT)
    act = {
        "PUT": lambda: files.replace(path, b"new", files.state(path)),
        "GET": lambda: files.read(path),
        "HEAD": lambda: files.state(path),
    }[method]
    proxy.inject(Fault(method, times=1_000, **fault))
    with pytest.raises(StorageUnavailable) as caught:
        act()
    assert is_transient(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    # What breaks off while it is read is asked for three times, by the library. A request whose connection is cut is
    # sent a second time by aiohttp before we hear of it.
    attempts = {"": ATTEMPTS, "amid": 3}.get(fault.get("moment", ""), 2 * ATTEMPTS)
    assert proxy.spoiled == attempts


def test_the_retry_after_of_a_busy_service_is_respected(files, proxy, path):
    files.create(path, CONTENT)
    proxy.inject(Fault("GET", times=1, status=503, retry_after="1"))
    began = time.monotonic()
    files.read(path)
    assert time.monotonic() - began >= 1


def test_waits_double_from_one_attempt_to_the_next():
    assert [later / earlier for earlier, later in itertools.pairwise(WAITS)] == [2.0] * (len(WAITS) - 1)


def test_a_conflict_with_another_writer_stays_one_on_a_bad_line(files, proxy, path):
    files.create(path, b"seen")
    seen = files.state(path)
    files.replace(path, b"theirs", seen)
    proxy.inject(Fault("PUT", times=2, moment="after"))
    with pytest.raises(PublishConflict):
        files.replace(path, b"ours", seen)
    assert files.read(path) == b"theirs"


def test_a_file_created_by_another_writer_stays_theirs_on_a_bad_line(files, proxy, path):
    files.create(path, b"theirs")
    proxy.inject(Fault("PUT", times=2, moment="after"))
    with pytest.raises(FileExistsError):
        files.create(path, b"ours")
    assert files.read(path) == b"theirs"
