"""Leases between processes: one owner at a time; an expired lease is free."""

import contextlib
import multiprocessing
import time

import pytest

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PublishConflict, TableStore
from forecast_assets.storage.fenced_publish import remove_as_owner, replace_as_owner
from forecast_assets.storage.lease import Hold, LeaseLost, LeaseTaken
from forecast_assets.storage.publish import Files
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in

pytestmark = pytest.mark.integration

TAKES = 12


@pytest.fixture
def store(azurite, container, monkeypatch):
    for name, value in azurite.environment(container).items():
        monkeypatch.setenv(name, value)
    return TableStore(f"abfs://{container}/store", azurite.account)


def own_in_turns(address: str, account, owner: str, results) -> None:
    """Take the lease several times; while it is in force, no other process changes the note of its owner."""
    store = TableStore(address, account)
    lease, note = lease_of(store, "FR", seconds=60), f"{store.base}/note"
    clean, rejected = 0, 0
    while clean < TAKES:
        try:
            lease.take(owner)
        except LeaseTaken:
            rejected += 1
            time.sleep(0.01)
            continue
        store.files.fs.put_bytes(note, owner.encode())
        time.sleep(0.02)
        if store.files.read(note) != owner.encode():
            results.put((owner, -1, rejected))
            return
        clean += 1
        lease.release(owner)
        time.sleep(0.01)
    results.put((owner, clean, rejected))


def test_two_processes_never_own_it_at_the_same_time(store):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    shared = (store.address, store.account)
    processes = [
        context.Process(target=own_in_turns, args=(*shared, name, results), daemon=True) for name in ("a", "b")
    ]
    for process in processes:
        process.start()
    ended = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(60)
    assert sorted((owner, clean) for owner, clean, _ in ended) == [("a", TAKES), ("b", TAKES)]


def test_of_two_that_saw_it_free_one_gets_it(store, monkeypatch):
    first, second = (lease_of(store, "FR", seconds=60) for _ in range(2))
    seen = store.files.read_with_state(first.path)
    first.take("a")
    monkeypatch.setattr(Files, "read_with_state", lambda files, path: seen)
    with pytest.raises(LeaseTaken, match="FR is held by a"):
        second.take("b")
    assert first.owner() == "a"


def test_an_expired_lease_is_free(store):
    lease_of(store, "FR", seconds=1).take("dead")
    time.sleep(2.1)  # The service's times are whole seconds.
    lease_of(store, "FR", seconds=60).take("next")
    assert lease_of(store, "FR", 60).owner() == "next"


def test_only_its_owner_gives_it_up(store):
    lease = lease_of(store, "FR", seconds=60)
    lease.take("a")
    lease.release("b")
    assert lease.owner() == "a"
    lease.release("a")
    assert lease.owner() is None


def test_a_run_that_lost_its_lease_publishes_nothing(store, monkeypatch):
    paused = lease_of(store, "FR", seconds=1).take("paused")
    partition = key("FR|2024-01-01")
    store.write_all(SELL_IN, {partition: sell_in(0.0)}, {partition: run("paused")}, paused)
    time.sleep(2.1)
    successor = lease_of(store, "FR", seconds=60).take("successor")
    store.write_all(SELL_IN, {partition: sell_in(2.0)}, {partition: run("successor")}, successor)
    successor.release()
    with pytest.raises(LeaseLost):
        store.write_all(SELL_IN, {partition: sell_in(1.0)}, {partition: run("paused-2")}, paused)
    # Paused between the check and the put: the token in the published file stops it.
    monkeypatch.setattr(Hold, "checked", lambda self: contextlib.nullcontext())
    with pytest.raises(LeaseLost):
        store.write_all(SELL_IN, {partition: sell_in(1.0)}, {partition: run("paused-2")}, paused)
    assert store.read(SELL_IN, [partition])["sell_in_units"].tolist() == [2.0]


def test_documents_and_small_files_of_a_run_that_lost_its_lease_stay_its_successors(store, monkeypatch):
    partition, note = key("FR|2024-01-01"), f"{store.base}/_findings/sell_in.json"
    paused = lease_of(store, "FR", seconds=1).take("paused")
    store.write_documents("market_report", partition, {"page.html": b"old"}, run("paused"), paused)
    replace_as_owner(store.files, note, b"old", paused)
    seen = store.files.state(note)
    time.sleep(2.1)
    successor = lease_of(store, "FR", seconds=60).take("successor")
    store.write_documents("market_report", partition, {"page.html": b"new"}, run("successor"), successor)
    replace_as_owner(store.files, note, b"new", successor)
    for change in (
        lambda: store.write_documents("market_report", partition, {"page.html": b"late"}, run("paused-2"), paused),
        lambda: replace_as_owner(store.files, note, b"late", paused),
        lambda: remove_as_owner(store.files, note, paused),
    ):
        with pytest.raises(LeaseLost):
            change()
    # Paused between the check and the put: the put carries the state from before.
    monkeypatch.setattr(Hold, "checked", lambda self: contextlib.nullcontext())
    monkeypatch.setattr(Files, "state", lambda files, path: seen)
    with pytest.raises(PublishConflict):
        replace_as_owner(store.files, note, b"late", paused)
    monkeypatch.undo()
    assert store.files.read(note) == b"new"
    assert store.read_document("market_report", partition, "page.html") == b"new"


def test_the_age_of_a_file_is_that_of_the_service(store):
    lease = lease_of(store, "FR", seconds=60)
    assert lease.file.age_seconds() is None
    lease.take("a")
    assert 0 <= lease.file.age_seconds() <= 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast_assets.storage.lease.time.time", lambda: 4e9)
        assert lease.owner() == "a"
