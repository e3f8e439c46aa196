"""The command ``withdraw`` as a person types it: what it changes, prints, runs afterwards, and how it exits."""

from importlib import import_module

import dagster as dg
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.cli import app
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.repository_settings import MARKETS

WITHDRAW = import_module("forecast_assets.cli.withdraw")
OCTOBER, NOVEMBER, DECEMBER = (pd.Timestamp(f"2024-{month}-01") for month in (10, 11, 12))
TABLE = "published_forecasts"
REASON = ("--reason", "half a delivery")


class Desk:
    """FR with October and November published, December by mistake; what the command launches is noted."""

    def __init__(self, base) -> None:
        self.store = TableStore(str(base / "store"))
        self.launched: list[tuple] = []
        self.fails = False
        publish(self.store, OCTOBER)
        publish(self.store, DECEMBER)
        publish(self.store, NOVEMBER, status="backfilled", answers={"later_published": "2024-12-01"})
        for month in ("2024-12-01", "2025-01-01"):
            path = f"{self.store.base}/performance/country=FR/month={month}/performance.parquet"
            self.store.files.create(path, b"")

    def launch(self, load, job, country, months, assets=()) -> RunResult:
        self.launched.append((job, country, str(months)))
        return RunResult(job, country, "run", ("performance: no sell_in",) if self.fails else ())

    def __call__(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["withdraw", *arguments])
        return result.exit_code, unboxed(result.output)

    def status(self, month: pd.Timestamp) -> list[str]:
        partition = PartitionKey(month, "FR")
        if not self.store.exists(TABLE, partition):
            return []
        return self.store.read(TABLE, [partition])["status"].unique().tolist()


@pytest.fixture
def desk(monkeypatch, tmp_path) -> Desk:
    for name, value in {"MARKETS": MARKETS, "STORE": str(tmp_path / "store"), "LANDING": "landing"}.items():
        monkeypatch.setenv(f"FORECAST_{name}", value)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    desk = Desk(tmp_path)
    monkeypatch.setattr(WITHDRAW, "prepare_instance", lambda: None)
    monkeypatch.setattr(WITHDRAW, "launch", desk.launch)
    monkeypatch.setattr(WITHDRAW.dg.DagsterInstance, "get", dg.DagsterInstance.ephemeral)
    return desk


def test_a_publication_is_taken_back_with_its_consequences_and_restored(desk):
    incident = Incident("fallback_published", "FR", "published", DECEMBER, "warning", "the baseline", asset=TABLE)
    Outbox(desk.store).report([incident], "dev-2024-12")
    code, output = desk("FR", "2024-12", *REASON, "--author", "Ann")
    assert code == 0
    assert "withdrawn: published_forecasts FR 2024-12, version run-2024-12" in output
    assert "status of FR 2024-11: backfilled becomes published" in output
    assert [desk.status(month) for month in (NOVEMBER, DECEMBER)] == [["published"], []]
    # December's own performance reads November, whose status has changed.
    assert desk.launched == [("measure", "FR", "2024-12 to 2025-01 (2 months)")]
    assert Outbox(desk.store).open_incidents() == []
    code, output = desk("FR", "2024-12", *REASON, "--undo")
    assert "restored: published_forecasts FR 2024-12" in output
    assert (code, desk.status(NOVEMBER), desk.status(DECEMBER)) == (0, ["backfilled"], ["published"])


def store_december(desk: Desk, table: str, country: str | None) -> None:
    """Store a table of December without rows."""
    spec, partition = table_specs()[table], PartitionKey(DECEMBER, country)
    desk.store.write(spec, partition, spec.arrow_schema.empty_table().to_pandas(), Provenance("run", "dev", "sha"))


def test_sums_over_markets_are_made_again_or_go_with_the_last_market(desk):
    for code in ("FR", "DE"):
        store_december(desk, "forecast_levels", code)
    store_december(desk, "forecast_totals", None)
    publish(desk.store, DECEMBER, country="DE")
    desk("FR", "2024-12", *REASON)
    assert desk.launched[-1] == ("sum_forecasts", None, "2024-12")
    code, output = desk("DE", "2024-12", *REASON)
    assert code == 0
    assert "withdrawn: forecast_totals 2024-12, no market of it is published" in output
    assert not desk.store.exists("forecast_totals", PartitionKey(DECEMBER))


def test_a_run_that_fails_afterwards_is_named_and_repeating_completes_it(desk):
    desk.fails = True
    code, output = desk("FR", "2024-12", *REASON)
    assert code == 1
    assert "failed: measure of 2024-12 to 2025-01 (2 months). Correct the cause and repeat the command" in output
    desk.fails, before = False, list(desk.launched)
    code, output = desk("FR", "2024-12", *REASON)
    assert (code, desk.status(DECEMBER)) == (0, [])
    assert "withdrawn by unknown before: published_forecasts FR 2024-12" in output
    assert desk.launched == before * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("FR", "2025-01", *REASON), "is not published: the latest published month is 2024-12"),
        (("FR", "2024-10", *REASON, "--undo"), "has no withdrawal to undo"),
        (("FR", "2024-12", "--reason", " "), "--reason must not be empty"),
        (("XX", "2024-12", *REASON), "no market XX"),
        (("FR", "December", *REASON), "expected a month like"),
    ],
)
def test_what_is_not_possible_is_refused_and_nothing_changes(desk, arguments, message):
    code, output = desk(*arguments)
    assert code == 2
    assert message in output
    assert [desk.status(month) for month in (OCTOBER, NOVEMBER, DECEMBER)] == [
        ["published"],
        ["backfilled"],
        ["published"],
    ]
    assert desk.launched == []


def test_while_a_run_writes_the_market_it_is_named_and_nothing_changes(desk):
    lease_of(desk.store, "FR", 60).take("run [seven]")
    code, output = desk("FR", "2024-12", *REASON)
    assert code == 1
    assert "run [seven]" in output
    assert (desk.status(DECEMBER), desk.launched) == (["published"], [])


def test_while_a_run_writes_the_sums_over_markets_it_is_named_and_they_stay(desk):
    store_december(desk, "forecast_levels", "FR")
    store_december(desk, "forecast_totals", None)
    lease_of(desk.store, None, 60).take("run [seven]")
    code, output = desk("FR", "2024-12", *REASON)
    assert code == 1
    assert "run [seven]" in output
    assert desk.store.exists("forecast_totals", PartitionKey(DECEMBER))
