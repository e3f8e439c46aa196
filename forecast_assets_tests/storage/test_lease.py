"""One holder at a time, by several processes too, and nobody's once its holder is dead."""

import multiprocessing
import time

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import Lease, LeaseTaken
from forecast_assets.storage.publish import Files
from forecast_assets_tests.storage.test_publish_on_azure import BlobsInMemory

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
    """The time, to be moved on by hand."""
    now = [1_000.0]
    monkeypatch.setattr("forecast_assets.storage.lease.time.time", lambda: now[0])
    return now


def test_a_lease_is_one_holders_until_he_gives_it_up(lease, clock):
    lease.take("run 1")
    assert lease.holder() == "run 1"
    with pytest.raises(LeaseTaken, match="FR is held by run 1"):
        lease.take("run 2")
    lease.release("run 1")
    assert lease.holder() is None
    lease.take("run 2")
    assert lease.holder() == "run 2"


def test_a_lease_that_is_not_renewed_runs_out_and_one_that_is_does_not(lease, clock):
    lease.take("run 1")
    clock[0] += 59
    lease.take("run 1")
    clock[0] += 59
    with pytest.raises(LeaseTaken):
        lease.take("run 2")
    clock[0] += 2
    assert lease.holder() is None
    lease.take("run 2")
    with pytest.raises(LeaseTaken):
        lease.take("run 1")


def test_nobody_gives_up_what_another_holds(lease, clock):
    lease.take("run 1")
    lease.release("run 2")
    assert lease.holder() == "run 1"


def test_leases_of_other_names_are_other_leases(lease, clock):
    lease.take("run 1")
    Lease(lease.files, lease.folder, "NO", 60).take("run 2")
    assert lease.holder() == "run 1"


def test_on_azure_a_lease_that_somebody_took_between_look_and_put_is_his(clock, monkeypatch):
    files = Files(BlobsInMemory())
    ours, theirs = (Lease(files, "/leases", "FR", 60) for _ in range(2))
    put = Lease._put

    def slowly(self, held, state):
        if held.holder == "ours":
            put(theirs, type(held)("theirs", held.until), state)
        put(self, held, state)

    monkeypatch.setattr(Lease, "_put", slowly)
    with pytest.raises(LeaseTaken, match="held by theirs"):
        ours.take("ours")
    files.fs.rm("/", recursive=True)


def take_and_count(folder: str, name: str) -> None:
    """Take the lease over and over; whoever holds it adds one to a file in two steps that must not mix."""
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


def test_processes_never_hold_it_at_once(tmp_path):
    (tmp_path / "counter").write_text("0", encoding="utf-8")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=take_and_count, args=(str(tmp_path), f"run {n}")) for n in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert (tmp_path / "counter").read_text(encoding="utf-8") == str(PROCESSES * ROUNDS)
