"""One owner at a time, over several processes; the lease is free once its owner is dead."""

import errno
import os
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import Lease, LeaseLost, LeaseTaken
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
def let_pass(lease, monkeypatch):
    """Let seconds pass in the store's clock, which for the file system in memory is this machine's."""
    now = [1_000.0]
    monkeypatch.setattr("forecast_assets.storage.lease.time.time", lambda: now[0])

    def passes(seconds):
        if lease.files.is_local:
            written = Path(lease.path).stat().st_mtime
            os.utime(lease.path, (written - seconds, written - seconds))
        elif isinstance(lease.files.fs, BlobsInMemory):
            lease.files.fs.now += seconds
        else:
            now[0] += seconds

    return passes


def test_a_lease_has_one_owner_until_it_is_given_up(lease, let_pass):
    lease.take("run 1")
    assert lease.owner() == "run 1"
    with pytest.raises(LeaseTaken, match="FR is held by run 1"):
        lease.take("run 2")
    lease.release("run 1")
    assert lease.owner() is None
    lease.take("run 2")
    assert lease.owner() == "run 2"


def test_only_a_lease_that_is_not_renewed_expires(lease, let_pass):
    hold = lease.take("run 1")
    let_pass(59)
    hold.renew()
    let_pass(59)
    with pytest.raises(LeaseTaken):
        lease.take("run 2")
    let_pass(2)
    assert lease.owner() is None
    lease.take("run 2")
    with pytest.raises(LeaseTaken):
        lease.take("run 1")


def test_a_lease_of_another_owner_is_not_given_up(lease, let_pass):
    lease.take("run 1")
    lease.release("run 2")
    assert lease.owner() == "run 1"


def test_every_owner_gets_a_higher_token_and_keeps_it(lease, let_pass):
    first = lease.take("run 1")
    first.renew()
    assert lease.take("run 1").token == first.token
    first.release()
    second = lease.take("run 2")
    assert second.token > first.token
    second.release()
    assert lease.take("run 1").token > second.token


def test_an_owner_that_was_paused_too_long_notices_it(lease, let_pass):
    paused = lease.take("run 1")
    let_pass(61)
    successor = lease.take("run 2")
    with pytest.raises(LeaseLost, match="run 1 no longer has the lease of FR: run 2 has taken it"):
        paused.renew()
    # Also when the successor has ended meanwhile: its result counts.
    successor.release()
    for act in (paused.renew, paused.checked().__enter__):
        with pytest.raises(LeaseLost):
            act()
    paused.release()
    assert lease.take("run 3").token > successor.token


def test_a_paused_process_does_not_go_on_with_the_lease_of_a_later_one_of_its_name(lease, let_pass):
    paused = lease.take("run 1")
    let_pass(61)
    lease.take("run 2").release()
    lease.take("run 1")
    with pytest.raises(LeaseLost):
        paused.renew()


def test_an_owner_that_nobody_replaced_goes_on_after_a_pause(lease, let_pass):
    hold = lease.take("run 1")
    let_pass(1_000)
    hold.renew()
    with hold.checked():
        pass
    assert lease.owner() == "run 1"


@pytest.mark.parametrize("hours", [-3, 3])
def test_clocks_that_differ_mark_no_live_owner_as_dead(lease, monkeypatch, hours):
    if isinstance(lease.files.fs, MemoryFileSystem) and not isinstance(lease.files.fs, BlobsInMemory):
        return  # It has no clock but this machine's.
    lease.take("run 1")
    here = time.time()
    monkeypatch.setattr("forecast_assets.storage.lease.time.time", lambda: here + hours * 3_600)
    assert lease.owner() == "run 1"
    with pytest.raises(LeaseTaken):
        lease.take("run 2")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"holder": "run 1"}', b'{"holder": "run 1", "until": "x"}'])
def test_an_unreadable_lease_frees_itself_by_its_age(lease, let_pass, content):
    lease.take("run 1")
    lease.files.replace(lease.path, content, lease.files.state(lease.path))
    if lease.file.age_seconds() is not None:
        with pytest.raises(LeaseTaken, match=r"an unknown run \(.*FR\.json is unreadable"):
            lease.take("run 2")
        let_pass(61)
    lease.take("run 2")
    assert lease.owner() == "run 2"


def test_a_lease_of_an_earlier_release_is_read(lease, let_pass):
    lease.files.create(lease.path, b'{"holder": "run 1", "until": 1030.0}')
    assert lease.owner() == "run 1"
    let_pass(61)
    assert lease.take("run 2").token > 0
    lease.release("run 2")
    lease.files.replace(lease.path, b'{"holder": "run 1", "until": 0.0}', lease.files.state(lease.path))
    lease.take("run 2")


def test_a_full_disk_does_not_end_a_lease(tmp_path, monkeypatch):
    lease = Lease(TableStore(str(tmp_path)).files, str(tmp_path / "leases"), "FR", 60)
    hold = lease.take("run 1")
    os.utime(lease.path, (0, 0))
    assert lease.owner() is None
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr("forecast_assets.storage.publish._temporary_file", Mock(side_effect=full))
    hold.renew()
    assert lease.owner() == "run 1"


def test_a_process_paused_in_a_publish_keeps_its_lease(tmp_path, monkeypatch):
    monkeypatch.setattr("forecast_assets.storage.lease.LOCK_SECONDS", 0.05)
    lease = Lease(TableStore(str(tmp_path)).files, str(tmp_path / "leases"), "FR", 60)
    hold = lease.take("run 1")
    with hold.checked():
        os.utime(lease.path, (0, 0))
        with pytest.raises(LeaseTaken, match="run 1"):
            lease.take("run 2")
    lease.take("run 2")


def test_names_are_leased_independently(lease):
    lease.take("run 1")
    Lease(lease.files, lease.folder, "NO", 60).take("run 2")
    assert lease.owner() == "run 1"


def test_on_azure_a_lease_taken_between_read_and_put_is_the_other_owners(monkeypatch):
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


def test_on_azure_a_renewal_that_meets_another_owner_is_lost_and_one_that_meets_itself_is_not(monkeypatch):
    files = Files(BlobsInMemory())
    lease = Lease(files, "/leases", "FR", 60)
    hold = lease.take("ours")
    read = Files.read_with_state

    def renew_after(then):
        def slowly(self, path):
            seen = read(self, path)
            monkeypatch.setattr(Files, "read_with_state", read)
            then()
            return seen

        monkeypatch.setattr(Files, "read_with_state", slowly)
        hold.renew()

    def take_over():
        files.fs.now += 61
        lease.take("theirs")

    renew_after(hold.renew)
    assert lease.owner() == "ours"
    with pytest.raises(LeaseLost, match="theirs has taken it"):
        renew_after(take_over)
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
