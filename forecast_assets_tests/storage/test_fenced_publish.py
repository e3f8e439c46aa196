"""A run that lost its lease never publishes over its successor, wherever it was paused."""

import os

import pytest

from forecast_assets.storage import PublishConflict, TableStore
from forecast_assets.storage.fenced_publish import Before, publish_file, remove_as_owner, replace_as_owner
from forecast_assets.storage.lease import Hold, Lease, LeaseLost
from forecast_assets.storage.publish import Files
from forecast_assets_tests.storage.blobs_in_memory import BlobsInMemory
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in

FR = key("FR|2024-01-01")


@pytest.fixture(params=["local", "azure"])
def store(request, tmp_path):
    if request.param == "local":
        yield TableStore(str(tmp_path / "store"))
        return
    store = TableStore("memory://container/store")
    store.files = Files(BlobsInMemory())
    yield store
    if store.files.fs.exists("/container"):
        store.files.fs.rm("/container", recursive=True)


@pytest.fixture
def lease(store):
    return Lease(store.files, f"{store.base}/_leases", "FR", 60)


def expire(lease):
    if lease.files.is_local:
        os.utime(lease.path, (0, 0))
    else:
        lease.files.fs.now += 61


def write(store, units, run_id, hold):
    return store.write_all(SELL_IN, {FR: sell_in(units)}, {FR: run(run_id)}, hold)[0]


def stored(store):
    return store.read(SELL_IN, [FR])["sell_in_units"].tolist()


def successor_of(lease):
    expire(lease)
    return lease.take("successor")


@pytest.mark.parametrize("content", [None, b"PAR1 damaged"])
def test_a_file_of_no_known_run_that_came_meanwhile_is_not_replaced(store, lease, content):
    hold, path = lease.take("run"), store.path("sell_in", FR)
    before = Before("another state", b"")
    if content is not None:
        store.files.replace(path, content, None)
    with pytest.raises(PublishConflict):
        publish_file(store.files, path, b"new", before, hold)
    assert store.files.read_with_state(path)[1] == content


def test_a_run_paused_before_its_write_publishes_nothing(store, lease):
    paused = lease.take("paused")
    write(store, 2.0, "successor", successor_of(lease))
    with pytest.raises(LeaseLost, match="paused"):
        write(store, 1.0, "paused", paused)
    assert stored(store) == [2.0]
    # Its version is kept for whoever wants to see it.
    assert [each.name for each in store.versions("sell_in", FR)] == ["successor.parquet", "paused.parquet"]


def test_a_successor_that_has_not_published_yet_stops_it_too(store, lease):
    paused = lease.take("paused")
    successor_of(lease)
    with pytest.raises(LeaseLost):
        write(store, 1.0, "paused", paused)
    assert not store.exists("sell_in", FR)


def test_a_successor_that_has_ended_stops_it_too(store, lease):
    paused = lease.take("paused")
    successor = successor_of(lease)
    write(store, 2.0, "successor", successor)
    successor.release()
    with pytest.raises(LeaseLost):
        write(store, 1.0, "paused", paused)
    assert stored(store) == [2.0]


def pause_in(monkeypatch, name, then, file="/sell_in.parquet"):
    """Call ``then`` once in the middle of a write, right before a call of ``Files``."""
    original = getattr(Files, name)

    def slowly(self, path, *arguments):
        if path.endswith(file):
            monkeypatch.setattr(Files, name, original)
            then()
        return original(self, path, *arguments)

    monkeypatch.setattr(Files, name, slowly)


def test_a_run_paused_within_its_write_publishes_nothing(store, lease, monkeypatch):
    paused = lease.take("paused")
    create = Files.create

    def slowly(self, path, content):
        create(self, path, content)
        monkeypatch.setattr(Files, "create", create)
        write(store, 2.0, "successor", successor_of(lease))

    monkeypatch.setattr(Files, "create", slowly)
    with pytest.raises(LeaseLost):
        write(store, 1.0, "paused", paused)
    assert stored(store) == [2.0]


def test_on_azure_a_put_after_the_check_does_not_replace_the_successors_file(store, lease, monkeypatch):
    if store.files.is_local:
        return  # There the check and the put are under one lock.
    write(store, 0.0, "earlier", lease.take("earlier"))
    expire(lease)
    paused = lease.take("paused")
    pause_in(monkeypatch, "replace", lambda: write(store, 2.0, "successor", successor_of(lease)))
    with pytest.raises(LeaseLost, match="was published by a run that took the lease of FR after paused"):
        write(store, 1.0, "paused", paused)
    assert stored(store) == [2.0]


def test_on_azure_the_successor_replaces_a_put_that_came_late(store, lease, monkeypatch):
    if store.files.is_local:
        return
    write(store, 0.0, "earlier", lease.take("earlier"))
    expire(lease)
    paused = lease.take("paused")
    write(store, 1.0, "paused", paused)
    late = store.files.read(store.path("sell_in", FR))  # The bytes that the paused run puts a moment later.
    successor = successor_of(lease)
    pause_in(monkeypatch, "replace", lambda: store.files.fs.put_bytes(store.path("sell_in", FR), late))
    write(store, 2.0, "successor", successor)
    assert stored(store) == [2.0]


def test_a_writer_without_a_lease_is_still_a_conflict(store, lease, monkeypatch):
    hold = lease.take("run")
    write(store, 0.0, "run", hold)
    pause_in(monkeypatch, "replace", lambda: write(store, 2.0, "stranger", None))
    with pytest.raises(PublishConflict, match="published by run stranger"):
        write(store, 1.0, "run", hold)
    assert stored(store) == [2.0]


def test_documents_are_not_published_over_a_successors(store, lease):
    paused = lease.take("paused")
    store.write_documents("market_report", FR, {"page.html": b"new"}, run("successor"), successor_of(lease))
    with pytest.raises(LeaseLost):
        store.write_documents("market_report", FR, {"page.html": b"old"}, run("paused"), paused)
    assert store.read_document("market_report", FR, "page.html") == b"new"


def test_a_run_that_waits_for_the_file_of_its_own_lease_publishes(store, lease):
    hold = lease.take("run")
    assert write(store, 1.0, "run", hold).provenance.version == "run.parquet"
    write(store, 2.0, "run", hold)
    assert stored(store) == [2.0]


@pytest.mark.parametrize("file", ["/page.html", "/_provenance.json"])
def test_documents_paused_after_the_check_do_not_replace_the_successors(store, lease, monkeypatch, file):
    if store.files.is_local:
        return  # There the check and the put are under one lock.
    write_page(store, b"earlier", "earlier", lease.take("earlier"))
    expire(lease)
    paused = lease.take("paused")
    pause_in(monkeypatch, "replace", lambda: write_page(store, b"new", "successor", successor_of(lease)), file)
    with pytest.raises(LeaseLost):
        write_page(store, b"old", "paused", paused)
    assert store.read_document("market_report", FR, "page.html") == b"new"
    assert store.document_provenance("market_report", FR).run_id == "successor"


def test_the_successor_replaces_documents_that_came_late(store, lease, monkeypatch):
    paused = lease.take("paused")
    write_page(store, b"old", "paused", paused)
    folder = store.document_folder("market_report", FR)
    late = {name: store.files.read(f"{folder}/{name}") for name in ("page.html", "_provenance.json")}
    successor = successor_of(lease)
    for name in late:
        pause_in(monkeypatch, "replace", lambda name=name: put(store, f"{folder}/{name}", late[name]), f"/{name}")
    write_page(store, b"new", "successor", successor)
    assert store.read_document("market_report", FR, "page.html") == b"new"
    assert store.document_provenance("market_report", FR).run_id == "successor"


def write_page(store, content, run_id, hold):
    return store.write_documents("market_report", FR, {"page.html": content}, run(run_id), hold)


def put(store, path, content):
    """Write as a writer that no lease stops."""
    store.files.remove(path)
    if not store.files.is_local:
        store.files.fs.etags.pop(path, None)
    store.files.create(path, content)


@pytest.mark.parametrize("change", ["replace", "remove"])
def test_a_small_file_is_changed_by_the_owner_alone(store, lease, change):
    path = f"{store.base}/_findings/sell_in.json"
    owner = lease.take("owner")
    replace_as_owner(store.files, path, b"1", owner)
    replace_as_owner(store.files, path, b"2", successor_of(lease))
    with pytest.raises(LeaseLost):
        changed(store, path, change, owner)
    assert store.files.read(path) == b"2"


@pytest.mark.parametrize(
    ("change", "paused_in"),
    [("replace", "state"), ("replace", "replace"), ("remove", "state"), ("remove", "remove_if")],
)
def test_a_change_that_was_paused_meets_the_successors_file(store, lease, monkeypatch, change, paused_in):
    if store.files.is_local:
        return  # There the check and the change are under one lock.
    path = f"{store.base}/_findings/sell_in.json"
    owner = lease.take("owner")
    replace_as_owner(store.files, path, b"1", owner)
    pause_in(
        monkeypatch, paused_in, lambda: replace_as_owner(store.files, path, b"2", successor_of(lease)), "/sell_in.json"
    )
    with pytest.raises(LeaseLost):
        changed(store, path, change, owner)
    assert store.files.read(path) == b"2"


def test_without_a_lease_another_writer_is_a_conflict(store, monkeypatch):
    path = f"{store.base}/_findings/sell_in.json"
    replace_as_owner(store.files, path, b"1", None)
    pause_in(monkeypatch, "replace", lambda: put(store, path, b"22"), "/sell_in.json")
    with pytest.raises(PublishConflict):
        replace_as_owner(store.files, path, b"3", None)
    assert store.files.read(path) == b"22"
    remove_as_owner(store.files, path, None)
    remove_as_owner(store.files, path, None)
    assert store.files.state(path) is None


def changed(store, path, change, hold):
    if change == "replace":
        replace_as_owner(store.files, path, b"3", hold)
    else:
        remove_as_owner(store.files, path, hold)


def test_an_owner_that_is_always_overtaken_gives_up_after_five_attempts(store, lease, monkeypatch):
    hold, puts = lease.take("owner"), []

    def overtaken(self, path, content, state_before):
        puts.append(content)
        raise PublishConflict(path)

    monkeypatch.setattr(Files, "replace", overtaken)
    with pytest.raises(PublishConflict, match=r"sell_in\.json"):
        replace_as_owner(store.files, f"{store.base}/_findings/sell_in.json", b"1", hold)
    assert puts == [b"1"] * 5


def test_a_file_of_a_higher_token_stays_although_the_lease_names_its_writer(store, lease):
    """The file of the lease was lost, and the machine that took the lease next has a clock of long ago."""
    write(store, 2.0, "later", lease.take("later"))
    store.files.replace(lease.path, b'{"holder": "run", "until": 9e9, "token": 5}', store.files.state(lease.path))
    hold = Hold(lease, "run", 5)
    hold.require()
    with pytest.raises(LeaseLost, match="was published by a run that took the lease of FR after run"):
        write(store, 1.0, "run", hold)
    assert stored(store) == [2.0]
