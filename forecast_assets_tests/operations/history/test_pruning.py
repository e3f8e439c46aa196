"""Retention rule on a store small enough to check by hand, and removal beside runs and after a crash.

Today is 1 July. Versions may be removed 30 days after they were replaced, orphans 7 days after they were
written. The last two of a partition stay.
"""

import datetime
from importlib import import_module

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.operations.history.pruning import prune
from forecast_assets.operations.history.retention import Retention, to_prune
from forecast_assets.storage import Provenance, TableStore
from forecast_assets.storage.version_files import all_versions, pruned_of
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.storage.examples import FEATURES, SELL_IN, TOTALS, key, sell_in

TODAY = pd.Timestamp("2024-07-01", tz="UTC")
RETENTION = Retention(days=30, versions=2, orphan_days=7)
JANUARY = key("FR|2024-01-01")
TABLES = import_module("forecast_assets.storage.table_store")
DOCUMENTS = import_module("forecast_assets.storage.documents")


class Clock:
    """Replacement of ``datetime`` with a fixed day."""

    def __init__(self) -> None:
        self.day = "2024-01-01"

    def now(self, zone) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.day).replace(tzinfo=zone)


@pytest.fixture
def clock(monkeypatch):
    fixed = Clock()
    for module in (TABLES, DOCUMENTS):
        monkeypatch.setattr(module, "datetime", fixed)
    return fixed


@pytest.fixture
def store(tmp_path):
    return TableStore(str(tmp_path / "store"))


class Writer:
    """Writer of versions named after their run, each with a different number as content."""

    def __init__(self, store: TableStore, clock: Clock) -> None:
        self.store, self.clock, self.hashes = store, clock, {}

    def write(self, day: str, name: str, spec, partition, built_from: str = "", published: bool = True) -> None:
        self.clock.day = f"2024-{day}"
        source, inputs = self.hashes.get(built_from), {}
        if source:
            inputs = {source[0]: {source[1]: source[2]}}
        number = float(len(self.hashes))
        frame = {
            "sell_in": lambda: sell_in(number),
            "features": lambda: pd.DataFrame(
                {"sku": ["1"], "origin_month": [pd.Timestamp("2024-01-01")], "category": ["a"], "lag": [number]}
            ),
            "demand_totals": lambda: pd.DataFrame({"entity": ["FR"], "sell_in_units": [number]}),
        }[spec.name]()
        before = self.store.files.read_many([self.store.path(spec.name, partition)])[0]
        written = self.store.write(spec, partition, frame, Provenance(name, f"cycle-of-{name}", "sha", inputs))
        self.hashes[name] = (spec.name, partition.to_dagster(), written.provenance.content_hash)
        if not published:
            # As a run leaves it that was killed before it published.
            path = self.store.path(spec.name, partition)
            self.store.files.replace(path, before, self.store.files.state(path))


@pytest.fixture
def history(store, clock):
    """v1 to v4 of sell_in, f1 to f4 of features built from them, totals built from f2; o1 and o2 never published."""
    writer = Writer(store, clock)
    writer.write("01-01", "v1", SELL_IN, JANUARY)
    writer.write("01-02", "f1", FEATURES, JANUARY, "v1")
    writer.write("02-01", "v2", SELL_IN, JANUARY)
    writer.write("02-02", "f2", FEATURES, JANUARY, "v2")
    writer.write("02-03", "t1", TOTALS, key("2024-02-01"), "f2")
    writer.write("03-01", "v3", SELL_IN, JANUARY)
    writer.write("03-02", "f3", FEATURES, JANUARY, "v3")
    writer.write("03-03", "f4", FEATURES, JANUARY, "v3")
    writer.write("05-01", "o2", SELL_IN, JANUARY, published=False)
    writer.write("06-20", "v4", SELL_IN, JANUARY)
    writer.write("06-28", "o1", SELL_IN, JANUARY, published=False)
    return writer


def names(versions) -> set[str]:
    return {each.version.name.removesuffix(".parquet") for each in versions}


def test_old_versions_are_removed_unless_kept_versions_need_them(store, history):
    """f2 is needed by the published totals, v2 by f2; v3 was replaced 11 days ago; f3 is the last but one."""
    plan = to_prune(all_versions(store), RETENTION, TODAY)
    assert names(plan.removable) == {"v1", "f1", "o2"}
    assert names(plan.needed) == {"f2", "v2"}


def test_on_request_replay_inputs_are_removed_and_lost_cycles_listed(store, history):
    plan = to_prune(all_versions(store), RETENTION, TODAY, even_if_needed=True)
    assert names(plan.removable) == {"v1", "f1", "o2", "f2", "v2"}
    assert plan.cycles_lost == ("cycle-of-t1",)


def test_the_age_counts_from_the_replacement_of_a_version(store, history):
    """On 19 July v3 was replaced 29 days ago, on 21 July 31; with one version to keep, only f4 needs it."""
    one = Retention(days=30, versions=1, orphan_days=7)
    without_features = [each for each in all_versions(store) if each.table == "sell_in"]
    plans = [to_prune(without_features, one, TODAY + pd.Timedelta(days=days)) for days in (18, 20)]
    assert [names(plan.removable) for plan in plans] == [{"v1", "v2", "o1", "o2"}, {"v1", "v2", "v3", "o1", "o2"}]


def test_by_default_everything_is_kept(store, history):
    settings = loaded()
    usual = Retention(settings.retention.days, settings.retention.versions, settings.retention.orphan_grace_days)
    assert to_prune(all_versions(store), usual, TODAY + pd.Timedelta(days=9999)).removable == ()


def test_one_of_several_versions_with_the_same_content_is_kept(store, clock):
    writer = Writer(store, clock)
    writer.write("01-01", "v1", SELL_IN, JANUARY)
    writer.write("01-02", "t1", TOTALS, key("2024-02-01"), "v1")
    clock.day = "2024-01-03"
    store.write(SELL_IN, JANUARY, sell_in(0.0), Provenance("same", "c", "sha"))
    for day, name in (("02-01", "v2"), ("02-02", "v3")):
        writer.write(day, name, SELL_IN, JANUARY)
    plan = to_prune(all_versions(store), RETENTION, TODAY)
    assert (names(plan.removable), names(plan.needed)) == ({"v1"}, {"same"})


def removed(store, removable=None):
    removable = to_prune(all_versions(store), RETENTION, TODAY).removable if removable is None else removable
    return prune(store, loaded().store.lease_seconds, removable, TODAY)


def left(store, table="sell_in", partition=JANUARY) -> dict[str, bool]:
    """Return the remaining versions: True for those that were published once."""
    return {each.name.removesuffix(".parquet"): each.was_published for each in store.versions(table, partition)}


def test_pruning_leaves_the_published_version_readable(store, history):
    before = store.read(SELL_IN, [JANUARY])
    done = removed(store)
    assert names(done.removed) == {"v1", "f1", "o2"}
    assert left(store) == {"v2": True, "v3": True, "v4": True, "o1": False}
    pd.testing.assert_frame_equal(store.read(SELL_IN, [JANUARY]), before)
    assert set(pruned_of(store, "sell_in", JANUARY)) == {"v1.parquet", "o2.parquet"}
    assert names(removed(store).removed) == set()


def test_versions_older_than_a_removed_one_are_not_orphans(store, clock):
    writer = Writer(store, clock)
    writer.write("01-01", "v1", SELL_IN, JANUARY)
    writer.write("01-02", "t1", TOTALS, key("2024-02-01"), "v1")
    for day, name in (("02-01", "v2"), ("03-01", "v3"), ("04-01", "v4")):
        writer.write(day, name, SELL_IN, JANUARY)
    assert names(removed(store).removed) == {"v2"}
    assert left(store) == {"v1": True, "v3": True, "v4": True}


def test_a_killed_pruning_loses_nothing_needed_and_the_next_completes_it(store, history, monkeypatch):
    removing = type(store.files.fs).rm_file
    calls = []

    def dies_at_the_second(fs, path):
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        removing(fs, path)

    monkeypatch.setattr(type(store.files.fs), "rm_file", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        removed(store)
    monkeypatch.undo()
    gone = {"v1", "f1", "o2"} - names(all_versions(store))
    assert len(gone) == 1
    assert names(removed(store).removed) == {"v1", "f1", "o2"} - gone
    assert left(store) == {"v2": True, "v3": True, "v4": True, "o1": False}


def test_a_killed_pruning_leaves_no_partial_set_of_documents(store, clock, monkeypatch):
    files = {"a.html": b"a", "b.xlsx": b"b"}
    for number, day in enumerate(("01-01", "02-01", "03-01")):
        clock.day = f"2024-{day}"
        provenance = Provenance(f"d{number}", "c", "sha")
        store.write_documents("market_report", JANUARY, files | {"a.html": str(number).encode()}, provenance)
    removable = to_prune(all_versions(store), RETENTION, TODAY).removable
    assert names(removable) == {"d0"}
    assert removable[0].size == sum(len(store.files.read(path)) for path in removable[0].files)
    removing = type(store.files.fs).rm_file

    def dies_after_the_first(fs, path):
        removing(fs, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(store.files.fs), "rm_file", dies_after_the_first)
    with pytest.raises(KeyboardInterrupt):
        removed(store)
    monkeypatch.undo()
    folder = store.versions_folder("market_report", JANUARY)
    assert left(store, "market_report") == {"d1": True, "d2": True}
    assert [path for path in store.find(folder) if "/d0/" in path] != []
    removed(store)
    assert [path for path in store.find(folder) if "/d0/" in path] == []
    assert left(store, "market_report") == {"d1": True, "d2": True}


def test_a_market_that_a_run_is_writing_is_not_pruned(store, history, clock):
    writer = Writer(store, clock)
    germany = key("DE|2024-01-01")
    for day, name in (("01-01", "w1"), ("02-01", "w2"), ("03-01", "w3")):
        writer.write(day, name, SELL_IN, germany)
    lease_of(store, "FR", 60).take("run-7")
    done = removed(store)
    assert (names(done.removed), done.busy) == ({"w1"}, {"FR": "run-7"})
    assert "v1" in left(store)


def test_a_version_published_since_the_plan_stays(store, history):
    removable = to_prune(all_versions(store), RETENTION, TODAY).removable
    (orphan,) = (each for each in removable if each.version.name == "o2.parquet")
    path = store.path("sell_in", JANUARY)
    store.files.replace(path, store.files.read(orphan.version.path), store.files.state(path))
    assert "o2" not in names(removed(store, removable).removed)
    assert store.files.state(orphan.version.path) is not None


@pytest.fixture
def command(store, tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_STORE", store.base)
    monkeypatch.setenv("FORECAST_LANDING", str(tmp_path / "landing"))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_a_dry_run_lists_the_versions_and_removes_nothing(store, history, command, monkeypatch):
    monkeypatch.setenv("FORECAST_RETENTION_DAYS", "30")
    monkeypatch.setenv("FORECAST_RETENTION_VERSIONS", "2")
    before = names(all_versions(store))
    result = command("prune", "--dry-run", "--list")
    assert result.exit_code == 0, result.output
    # By today's clock everything replaced is old; the last two of each partition stay.
    assert "Versions that go: 4 versions" in result.output
    assert "sell_in FR|2024-01-01 v1.parquet (replaced, 2024-01-01" in " ".join(result.output.split())
    assert names(all_versions(store)) == before
    command("prune")
    assert before - names(all_versions(store)) == {"v1", "f1", "o1", "o2"}


def test_without_a_retention_the_command_keeps_everything(store, history, command):
    assert "every version is kept" in command("prune").output
    assert "v1" in left(store)


def test_versions_are_listed_with_their_state_and_pruned_ones(store, history, command):
    removed(store)
    result = command("versions", "sell_in", "--country", "FR", "--month", "2024-01")
    assert result.exit_code == 0, result.output
    rows = [line.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split() for line in result.output.splitlines()]
    states = {row[0]: row[1] for row in rows if row and row[0] in {"v1", "v2", "v3", "v4", "o1", "o2"}}
    assert states == {"v2": "replaced", "v3": "replaced", "v4": "published", "o1": "orphan"}
    assert "pruned 2024-07-01T00:00:00+00:00: v1.parquet of cycle-of-v1" in result.output
    months = command("versions", "demand_totals", "--month", "2024-02").output
    assert "t1" in months
    for wrong in (
        ("sell_inn", "--country", "FR"),
        ("sell_in",),
        ("sell_in", "--country", ""),
        ("demand_totals", "--country", "FR"),
    ):
        assert command("versions", *wrong, "--month", "2024-02").exit_code == 2
