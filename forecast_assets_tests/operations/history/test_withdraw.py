"""A publication that is taken back: the store is as if it had not been, and undoing brings it back."""

import dataclasses

import dagster as dg
import duckdb
import pandas as pd
import pytest

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.market_lease import MarketBusy, lease_of
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.health.integrity import verify_store
from forecast_assets.operations.health.restore import NothingToRestore
from forecast_assets.operations.health.restore import restore as restore_damaged
from forecast_assets.operations.history.retention import Retention, to_prune
from forecast_assets.operations.history.withdraw import (
    NotPossible,
    close_incidents,
    restore,
    steps_after,
    tell_dagster,
    withdraw,
)
from forecast_assets.sources.sql.project import DEFAULT_FOLDER
from forecast_assets.storage import PartitionKey, Provenance, TableSpec, TableStore, WrittenVersion
from forecast_assets.storage.publish import Files
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.storage.version_files import all_versions
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.operations.history.withdrawals import order
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-{month:02d}-01") for month in (5, 6, 7, 8))
NOW = pd.Timestamp("2024-09-01 12:00", tz="UTC")
TABLE = "published_forecasts"


@pytest.fixture
def store(tmp_path) -> TableStore:
    """FR with June and July published, each with a champion and a report."""
    store = TableStore(str(tmp_path))
    for month in (JUNE, JULY):
        publish_with_report(store, month)
    publish(store, JULY, country="DE")
    return store


def publish_with_report(store: TableStore, month: pd.Timestamp, run: str = "") -> None:
    run = run or f"run-{month:%Y-%m}"
    publish(store, month, run=run, forecast_units=float(month.month))
    partition, provenance = PartitionKey(month, "FR"), Provenance(run, f"dev-{month:%Y-%m}", "sha")
    spec = table_specs()["champion"]
    store.write(spec, partition, spec_frame(spec), provenance)
    store.write_documents("market_report", partition, {"page.html": b"page", "book.xlsx": b"book"}, provenance)


def spec_frame(spec: TableSpec) -> pd.DataFrame:
    """Return a table without rows."""
    return spec.arrow_schema.empty_table().to_pandas()


def files_of(store: TableStore) -> dict[str, bytes]:
    """Every published file by path; what stands beside the versions is not published."""
    paths = [path for path in store.find(store.base) if "/_" not in path.removesuffix("_provenance.json")]
    return {path.removeprefix(store.base): store.files.read(path) for path in paths if not path.endswith(".lock")}


def read_by_readers(store: TableStore) -> set[tuple[str, str]]:
    sql = (DEFAULT_FOLDER / "readers" / "published.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute("set variable store = ?", [store.base])
        rows = connection.execute(sql).df()
    return {(row.country, f"{row.origin_month:%Y-%m}") for row in rows.itertuples()}


def test_readers_look_ups_and_closed_months_are_as_if_it_had_not_been_published(store):
    assert PublishedMonths(store).is_closed("FR", JUNE)
    outcome = withdraw(store, order(JULY), 60)
    assert sorted(outcome.withdrawals) == ["champion", "market_report", TABLE]
    assert read_by_readers(store) == {("FR", "2024-06"), ("DE", "2024-07")}
    assert PublishedMonths(store).latest("FR") == JUNE
    assert not PublishedMonths(store).is_closed("FR", JUNE)
    assert RecipesInForce(store).latest_month("FR") == JUNE
    assert [path for path in files_of(store) if "country=FR/month=2024-07-01" in path] == []


def test_undoing_brings_back_every_file_as_it_was(store):
    before = files_of(store)
    withdraw(store, order(JULY), 60)
    undone = restore(store, order(JULY, author="Bob", reason="it was right"), 60)
    assert files_of(store) == before
    note = undone.withdrawals[TABLE]
    assert (note.withdrawn_by, note.reason, note.restored_by, note.restored_because) == (
        "Ann", "wrong file", "Bob", "it was right"
    )  # fmt: skip
    assert (note.version, note.run_id, note.withdrawn_at) == ("run-2024-07.parquet", "run-2024-07", NOW.isoformat())
    with pytest.raises(NotPossible, match=r"FR.2024-08-01 has no withdrawal to undo"):
        restore(store, order(AUGUST), 60)
    (version,) = store.versions(TABLE, PartitionKey(JULY, "FR"))
    assert (version.is_published, version.is_withdrawn) == (True, False)
    assert lease_of(store, "FR", 60).owner() is None


def test_a_withdrawal_that_was_undone_is_not_undone_again_once_a_cycle_has_published(store):
    withdraw(store, order(JULY), 60)
    restore(store, order(JULY), 60)
    publish(store, JULY, run="cycle")
    with pytest.raises(NotPossible, match=r"FR.2024-07-01 has no withdrawal to undo"):
        restore(store, order(JULY), 60)
    assert store.provenance(TABLE, PartitionKey(JULY, "FR")).run_id == "cycle"


def test_a_withdrawn_version_is_no_orphan_and_is_never_pruned(store):
    publish(store, JULY, run="again")
    withdraw(store, order(JULY), 60)
    versions = {version.name: version for version in store.versions(TABLE, PartitionKey(JULY, "FR"))}
    assert {name: (each.was_published, each.is_withdrawn) for name, each in versions.items()} == {
        "run-2024-07.parquet": (True, False), "again.parquet": (True, True)
    }  # fmt: skip
    much_later = pd.Timestamp.now("UTC") + pd.Timedelta(days=9_000)
    pruned = to_prune(all_versions(store), Retention(days=1, versions=1, orphan_days=1), much_later)
    assert {each.version.name for each in pruned.removable if each.table == TABLE} == {"run-2024-07.parquet"}
    publish(store, JULY, run="after")
    pruned = to_prune(all_versions(store), Retention(days=1, versions=1, orphan_days=1), much_later)
    assert {each.version.name for each in pruned.removable if each.table == TABLE} == {"run-2024-07.parquet"}


@pytest.mark.parametrize("table", [TABLE, "champion", "market_report"])
def test_a_withdrawn_publication_is_not_mistaken_for_a_damaged_one(store, table):
    withdraw(store, order(JULY), 60)
    with pytest.raises(NothingToRestore, match=r"by Ann: wrong file\. .* withdraw FR 2024-07 --undo"):
        restore_damaged(store, table, PartitionKey(JULY, "FR"), 60)
    assert verify_store(store).damaged == []
    assert [path for path in files_of(store) if "country=FR/month=2024-07-01" in path] == []


def test_what_was_published_after_a_withdrawal_is_not_undone(store):
    withdraw(store, order(JULY), 60)
    publish(store, JULY, run="again")
    with pytest.raises(NotPossible, match=r"was published again by run again\. Withdraw that publication first"):
        restore(store, order(JULY), 60)
    withdraw(store, order(JULY), 60)
    assert restore(store, order(JULY), 60).withdrawals[TABLE].version == "again.parquet"


def test_a_month_that_is_not_published_is_not_withdrawn(store):
    before = files_of(store)
    with pytest.raises(NotPossible, match=r"FR.2024-08-01 is not published: the latest published month is 2024-07"):
        withdraw(store, order(AUGUST), 60)
    with pytest.raises(NotPossible, match="no month is published"):
        withdraw(store, order(JULY, country="NO"), 60)
    assert files_of(store) == before


@pytest.mark.parametrize("killed_at", [1, 2, 3, 4, 5, 6])
def test_a_command_that_was_killed_is_completed_by_repeating_it(store, monkeypatch, killed_at):
    before, remove, calls = files_of(store), Files.remove, []

    def dying(files: Files, path: str) -> None:
        calls.append(path)
        if len(calls) == killed_at:
            raise KeyboardInterrupt
        remove(files, path)

    monkeypatch.setattr(Files, "remove", dying)
    try:
        withdraw(store, order(JULY), 60)
    except KeyboardInterrupt:
        assert killed_at < 6
    monkeypatch.setattr(Files, "remove", remove)
    withdraw(store, order(JULY), 60)
    assert [path for path in files_of(store) if "country=FR/month=2024-07-01" in path] == []
    restore(store, order(JULY), 60)
    restore(store, order(JULY), 60)
    assert files_of(store) == before


def test_while_a_run_writes_the_market_nothing_changes(store):
    before = files_of(store)
    lease_of(store, "FR", 60).take("another run")
    for change in (withdraw, restore):
        with pytest.raises(MarketBusy, match="run another run is writing; nothing was changed"):
            change(store, order(JULY), 60)
    assert files_of(store) == before


def test_performance_and_reports_that_read_a_changed_month_are_made_again(store):
    for month in ("2024-07-01", "2024-08-01", "2025-12-01", "2026-01-01", "2026-02-01"):
        store.files.create(f"{store.base}/performance/country=FR/month={month}/performance.parquet", b"")
    publish_with_report(store, AUGUST)
    outcome = withdraw(store, order(JULY), 60)
    december_and_january = MonthRange(pd.Timestamp("2025-12-01"), pd.Timestamp("2026-01-01"))
    assert steps_after(store, order(JULY), outcome) == [
        Step("measure", MonthRange(AUGUST, AUGUST)),
        Step("measure", december_and_january),
        Step("republish", MonthRange(AUGUST, AUGUST), assets=("market_report",)),
    ]


def incident(country: str, month: pd.Timestamp, kind: str = "fallback_published", asset: str = TABLE) -> Incident:
    return Incident(kind, country, "published", month, "warning", "the baseline", asset=asset)


def test_incidents_of_the_publication_are_closed_and_others_stay(store):
    outbox, settings = Outbox(store), loaded(FORECAST_STORE=store.base)
    others = [
        incident("DE", JULY),
        incident("FR", JUNE, "challenger_held"),
        incident("FR", JULY, "wape", "performance"),
    ]
    outbox.report([incident("FR", JULY), *others], "dev-2024-07")
    close_incidents(outbox, settings, order(JULY))
    assert {each.key for each in outbox.open_incidents()} == {each.key for each in others}


def test_dagster_shows_the_withdrawal_and_its_sensors_see_the_latest_month_that_is_left(store):
    outcome = withdraw(store, order(JULY), 60)
    with dg.DagsterInstance.ephemeral() as instance:
        tell_dagster(instance, store, order(JULY), outcome, undo=False)
        (observed,) = instance.fetch_observations(dg.AssetKey(TABLE), limit=5).records
        (judged,) = instance.fetch_materializations(dg.AssetKey(TABLE), limit=5).records
    observation = observed.asset_observation
    assert (observation.partition, observation.description) == ("FR|2024-07-01", "publication withdrawn")
    assert observation.metadata["reason"].value == "wrong file"
    assert observation.metadata["versions"].value.endswith(f"{TABLE} run-2024-07.parquet")
    assert judged.partition_key == "FR|2024-06-01"


def test_dagster_shows_each_month_whose_status_changed(store):
    june = PartitionKey(JUNE, "FR")
    changed = WrittenVersion(june, store.path(TABLE, june), store.provenance(TABLE, june))
    outcome = dataclasses.replace(withdraw(store, order(JULY), 60), written=(changed,))
    with dg.DagsterInstance.ephemeral() as instance:
        tell_dagster(instance, store, order(JULY), outcome, undo=True)
        (record,) = instance.fetch_materializations(dg.AssetKey(TABLE), limit=5).records
        (observed,) = instance.fetch_observations(dg.AssetKey(TABLE), limit=5).records
    assert record.partition_key == "FR|2024-06-01"
    assert record.asset_materialization.description == "status changed by forecast-assets withdraw"
    assert observed.asset_observation.description == "publication restored"
