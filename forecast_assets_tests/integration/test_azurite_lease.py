"""Leases between processes: one holder at a time, and nobody's once it has run out."""

import multiprocessing
import time

import pytest

from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import LeaseTaken

pytestmark = pytest.mark.integration

TAKES = 12


@pytest.fixture
def store(azurite, container, monkeypatch):
    for name, value in azurite.environment(container).items():
        monkeypatch.setenv(name, value)
    return TableStore(f"abfs://{container}/store", azurite.account)


def hold_in_turns(address: str, account, holder: str, results) -> None:
    """Take the lease so many times; while it is held, a file says by whom, and nobody else may have changed it."""
    store = TableStore(address, account)
    lease, note = lease_of(store, "FR", seconds=60), f"{store.base}/note"
    clean, refused = 0, 0
    while clean < TAKES:
        try:
            lease.take(holder)
        except LeaseTaken:
            refused += 1
            time.sleep(0.01)
            continue
        store.files.fs.put_bytes(note, holder.encode())
        time.sleep(0.02)
        if store.files.read(note) != holder.encode():
            results.put((holder, -1, refused))
            return
        clean += 1
        lease.release(holder)
        time.sleep(0.01)
    results.put((holder, clean, refused))


def test_two_processes_never_hold_it_at_the_same_time(store):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    shared = (store.address, store.account)
    holders = [context.Process(target=hold_in_turns, args=(*shared, name, results), daemon=True) for name in ("a", "b")]
    for process in holders:
        process.start()
    ended = [results.get(timeout=120) for _ in holders]
    for process in holders:
        process.join(60)
    assert sorted((holder, clean) for holder, clean, _ in ended) == [("a", TAKES), ("b", TAKES)]


def test_of_two_that_saw_it_free_one_gets_it(store):
    first, second = (lease_of(store, "FR", seconds=60) for _ in range(2))
    seen = store.files.state(first.path)
    first.take("a")
    with pytest.raises(LeaseTaken, match="FR is held by a"):
        second._put(second._read(), seen)
    assert first.holder() == "a"


def test_a_lease_that_has_run_out_is_free(store):
    lease_of(store, "FR", seconds=0.2).take("dead")
    time.sleep(0.3)
    lease_of(store, "FR", seconds=60).take("next")
    assert lease_of(store, "FR", 60).holder() == "next"


def test_only_its_holder_gives_it_up(store):
    lease = lease_of(store, "FR", seconds=60)
    lease.take("a")
    lease.release("b")
    assert lease.holder() == "a"
    lease.release("a")
    assert lease.holder() is None
