"""One owner at a time, over several processes; the lease is free once its owner is dead."""

import time

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import Lease, LeaseTaken
from forecast_assets.storage.publish import Files
from forecast_assets_tests.processes import started
from forecast_assets_tests.storage.blobs_in_memory import BlobsInMemory

PROCESSES, ROUNDS = 4, 25


@pytest.fixture(params=["local", "azure", "memory"])
def lease(request, tmp_path):
    """A lease of a minute in each kind of store."""
    fs = {"azure": BlobsInMemory, "memory": MemoryFileSystem}.get(request.param)
    files = Files(fs()) if fs else TableStore(str(tmp_path)).files
    folder = "/leases" if fs else str(tmp_path / "leases")
    yield Lease(files, folder, "FR", 60)
    if fs:
        files.fs.rm("/", recursive=True)


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, which tests advance."""
    now = [1_000.0]
    monkeypatch.setattr("forecast_assets.storage.lease.time.time", lambda: now[0])
    return now


def test_a_lease_has_one_owner_until_it_is_given_up(lease, clock):
    lease.take("run 1")
    assert lease.owner() == "run 1"
    with pytest.raises(LeaseTaken, match="FR is held by run 1"):
        lease.take("run 2")
    lease.release("run 1")
    assert lease.owner() is None
    lease.take("run 2")
    assert lease.owner() == "run 2"


def test_only_a_lease_that_is_not_renewed_expires(lease, clock):
    lease.take("run 1")
    clock[0] += 59
    lease.take("run 1")
    clock[0] += 59
    with pytest.raises(LeaseTaken):
        lease.take("run 2")
    clock[0] += 2
    assert lease.owner() is None
    lease.take("run 2")
    with pytest.raises(LeaseTaken):
        lease.take("run 1")


def test_a_lease_of_another_owner_is_not_given_up(lease, clock):
    lease.take("run 1")
    lease.release("run 2")
    assert lease.owner() == "run 1"


def test_names_are_leased_independently(lease, clock):
    lease.take("run 1")
    Lease(lease.files, lease.folder, "NO", 60).take("run 2")
    assert lease.owner() == "run 1"


def test_on_azure_a_lease_taken_between_read_and_put_is_the_other_owners(clock, monkeypatch):
    files = Files(BlobsInMemory())
    ours, theirs = (Lease(files, "/leases", "FR", 60) for _ in range(2))
    read = Files.read_with_state

    def slowly(self, path):
        seen = read(self, path)
        monkeypatch.setattr(Files, "read_with_state", read)
        theirs.take("theirs")
        return seen

    monkeypatch.setattr(Files, "read_with_state", slowly)
    with pytest.raises(LeaseTaken, match="held by theirs"):
        ours.take("ours")
    assert ours.owner() == "theirs"
    files.fs.rm("/", recursive=True)


def take_and_count(folder: str, name: str) -> None:
    """Take the lease repeatedly; each owner adds one to a file in two steps that must not mix."""
    lease = Lease(TableStore(folder).files, f"{folder}/leases", "FR", 60)
    counter = f"{folder}/counter"
    for _ in range(ROUNDS):
        while True:
            try:
                lease.take(name)
                break
            except LeaseTaken:
                time.sleep(0.001)
        with open(counter, encoding="utf-8") as file:
            count = int(file.read())
        time.sleep(0.001)
        with open(counter, "w", encoding="utf-8") as file:
            file.write(str(count + 1))
        lease.release(name)


def test_processes_never_own_it_at_once(tmp_path):
    (tmp_path / "counter").write_text("0", encoding="utf-8")
    processes = [started(take_and_count, str(tmp_path), f"run {number}") for number in range(PROCESSES)]
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert (tmp_path / "counter").read_text(encoding="utf-8") == str(PROCESSES * ROUNDS)
