"""A company whose source is Dremio: what its graph says, what it stores, and when its cycles start."""

import json
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from dagster._core.test_utils import create_run_for_test
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.config.settings import Settings, SettingsError, load_settings
from forecast_assets.definitions import build_definitions
from forecast_assets.defs.assets.sources import READERS
from forecast_assets.defs.retries import transient_errors_again
from forecast_assets.defs.sensors.arrivals import Cursor, Poll
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.operations.health.connections import FAILS, WORKS, check_connections
from forecast_assets.sources.dremio.arrivals import table_delivery
from forecast_assets.sources.dremio.errors import DremioUnavailable
from forecast_assets.sources.opened import open_sources
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.tags import SOURCES
from forecast_assets_tests.integration.flight_company import PASSWORD, USER, tables_of
from forecast_assets_tests.integration.flight_server import DremioStandIn

MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2024-10-01}
  - {code: "NO", name: N, iso2: "NO", iso3: NOR, region: Europe, since: 2024-10-01}
"""
OCTOBER, NOVEMBER = pd.Timestamp("2024-10-01"), pd.Timestamp("2024-11-01")
DUE = pd.Timestamp("2024-12-10T06:30Z")
ROWS = pd.DataFrame(
    {
        "country": ["FR", "FR", "NO"],
        "sku": ["NULL", "B", "NULL"],
        "month": pd.to_datetime(["2024-10-01", "2024-10-01", "2024-10-01"]).date,
        "units": [1.0, 2.0, 3.0],
    }
)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("DREMIO_PASSWORD", PASSWORD)
    monkeypatch.delenv("DREMIO_TOKEN", raising=False)
    with DremioStandIn() as running:
        running.put("sell_in", ROWS)
        yield running


@pytest.fixture
def settings(server, tmp_path) -> Settings:
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    return load_settings(
        {
            "FORECAST_STORE": str(tmp_path / "store"),
            "FORECAST_LANDING": str(tmp_path / "landing"),
            "FORECAST_MARKETS": str(tmp_path / "markets.yaml"),
            "FORECAST_SOURCE": "dremio",
            "DREMIO_HOST": "localhost",
            "DREMIO_PORT": str(server.port),
            "DREMIO_TLS": "false",
            "DREMIO_USER": USER,
            "DREMIO_SCHEMA": "lake.sales",
            "DREMIO_QUERY_SECONDS": "20",
        }
    )


def add(server, month: str, units: float = 5.0, country: str = "FR", table: str = "sell_in") -> None:
    columns = "(country, sku, month, units)"
    server.execute(f"INSERT INTO lake.sales.{table} {columns} VALUES ('{country}', 'NULL', DATE '{month}', {units})")


def ingest(settings: Settings, asset: str, month: str = "2024-10-01"):
    job = build_definitions(settings).resolve_job_def("ingest")
    key = dg.MultiPartitionKey({"month": month, "country": "FR"})
    return job.execute_in_process(
        run_config=QUIET, asset_selection=[dg.AssetKey(asset)], partition_key=key, raise_on_error=False
    )


def test_what_is_stored_says_that_dremio_made_it(server, settings):
    result = ingest(settings, "sell_in")
    (event,) = result.asset_materializations_for_node("sell_in")
    assert event.metadata["engine"].value == "dremio"
    stored = TableStore(settings.store.address).read("sell_in", [PartitionKey(OCTOBER, "FR")])
    assert stored[["sku", "sell_in_units"]].to_numpy().tolist() == [["B", 2.0], ["NULL", 1.0]]
    assert PASSWORD not in json.dumps([entry.message for entry in result.all_events])


def test_the_graph_reads_tables_in_a_pool_of_their_own(settings):
    assets = {
        key.path[-1]: asset
        for asset in build_definitions(settings).assets
        if isinstance(asset, dg.AssetsDefinition)
        for key in asset.keys
    }
    pools = {name: asset.op.pool for name, asset in assets.items() if name in (*SOURCES, "delivery")}
    assert pools == dict.fromkeys(("delivery", *SOURCES), "dremio") | {"covid_policy": "source"}
    graph = build_definitions(settings).resolve_asset_graph()
    assert graph.get(dg.AssetKey("sell_in")).kinds == {"dremio", "parquet"}
    assert graph.get(dg.AssetKey("landing_sell_in")).kinds == {"dremio"}
    files = build_definitions(settings.copy_with("sources", kind="files", dremio=None)).resolve_asset_graph()
    assert graph.get_all_asset_keys() == files.get_all_asset_keys()
    assert all(graph.get(key).parent_keys == files.get(key).parent_keys for key in graph.get_all_asset_keys())
    assert set(READERS) == {"files", "dremio"}


def test_a_step_that_finds_no_server_asks_for_another_attempt(server, settings):
    server.faults.unavailable = 1_000
    with pytest.raises(dg.RetryRequested) as asked, transient_errors_again(0):
        open_sources(settings).sell_in("FR", [OCTOBER])
    assert "DREMIO_HOST" in str(asked.value.__cause__)


def test_a_bad_table_fails_the_market_with_table_column_and_row(server, settings):
    server.execute("INSERT INTO lake.sales.sell_in VALUES ('FR', 'C', DATE '2024-10-01', NULL)")
    result = ingest(settings, "sell_in")
    (failure,) = result.get_step_failure_events()
    assert "lake.sales.sell_in, column units, row (FR, sku C, 2024-10-01): found an empty cell" in str(
        failure.step_failure_data.error
    )
    assert TableStore(settings.store.address).list_partitions("sell_in") == []


def test_a_month_is_there_when_the_tables_have_rows_of_it(server):
    tables = tables_of(server)
    assert table_delivery(tables, "FR", NOVEMBER).missing == ("sell_in",)
    add(server, "2024-11-01", country="NO")
    assert table_delivery(tables, "FR", NOVEMBER).lacks == "no sell_in of the month"
    add(server, "2024-11-01")
    assert table_delivery(tables, "FR", NOVEMBER).is_complete
    server.put("sell_out", ROWS)
    assert table_delivery(tables, "FR", NOVEMBER).missing == ("sell_out",)
    add(server, "2024-11-01", table="sell_out")
    assert table_delivery(tables, "FR", NOVEMBER).is_complete


def test_sell_out_that_begins_later_or_never_is_not_waited_for(server):
    add(server, "2024-11-01")
    server.put("sell_out", ROWS[ROWS["country"] == "NO"])
    assert table_delivery(tables_of(server), "FR", NOVEMBER).is_complete
    add(server, "2024-12-01", table="sell_out")
    assert table_delivery(tables_of(server), "FR", NOVEMBER).is_complete


def test_the_fingerprint_is_of_the_market_and_its_month_alone(server):
    add(server, "2024-11-01")
    tables = tables_of(server)
    before = table_delivery(tables, "FR", NOVEMBER).fingerprint
    add(server, "2024-11-01", country="NO")
    add(server, "2024-09-01")
    assert table_delivery(tables, "FR", NOVEMBER).fingerprint == before
    server.execute("UPDATE lake.sales.sell_in SET units = units + 0.5 WHERE country = 'FR' AND month = '2024-11-01'")
    assert table_delivery(tables, "FR", NOVEMBER).fingerprint != before


def test_waiting_costs_no_query_but_one_on_the_facts(server):
    tables = tables_of(server)
    server.put("sell_out", ROWS)
    server.seen.statements.clear()
    table_delivery(tables, "FR", NOVEMBER)
    asked = [sql for sql in server.seen.statements if not sql.endswith("LIMIT 0")]
    assert len(asked) == 1
    assert '"sell_in"' in asked[0]


class DremioArrivalPolls:
    """One look of the arrival sensor after the other, at a company whose October is in the store."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings, self.instance, self.cursor = settings, instance, None
        for table in SOURCES:
            folder = Path(settings.store.address, table, PartitionKey(OCTOBER, "FR").folder)
            folder.mkdir(parents=True)
            (folder / f"{table}.parquet").touch()

    def run(self, status: dg.DagsterRunStatus, **tags: str) -> None:
        key = {"dagster/partition": "FR|2024-11-01", "forecast/market": "FR"}
        create_run_for_test(self.instance, job_name="monthly_cycle", status=status, tags=key | tags)

    def look(self, minutes: int = 0) -> list[dg.RunRequest]:
        now = max(DUE, pd.Timestamp.now("UTC")) + pd.Timedelta(minutes=minutes)
        cursor = Cursor.read(self.cursor, NOVEMBER, now.timestamp(), 1e9)
        self.last = Poll(self.settings, self.instance, NOVEMBER, now, cursor)
        market = self.settings.market_table["FR"]
        request = self.last.request_for(market)
        self.cursor = cursor.write()
        return [request] if request else []


@pytest.fixture
def desk(settings):
    with dg.instance_for_test() as instance:
        yield DremioArrivalPolls(settings, instance)


def test_a_market_that_waited_is_started_when_its_rows_come(server, desk):
    desk.run(dg.DagsterRunStatus.SUCCESS, **{"forecast/waits_for": "no sell_in of the month"})
    assert desk.look() == []
    assert "FR: no sell_in of the month" in desk.last.in_words()
    add(server, "2024-11-01")
    (request,) = desk.look(1)
    assert request.job_name == "monthly_cycle"
    assert request.run_key.startswith("cycle:dev-2024-11:FR:")


def test_a_run_that_failed_is_followed_by_another_only_when_the_rows_have_changed(server, desk):
    add(server, "2024-11-01")
    desk.look()
    desk.run(dg.DagsterRunStatus.FAILURE)
    assert desk.look(1) == []
    assert "nothing new has been delivered since" in desk.last.in_words()
    server.execute("UPDATE lake.sales.sell_in SET units = 7 WHERE country = 'FR' AND month = '2024-11-01'")
    (request,) = desk.look(2)
    assert request.run_key.startswith("cycle:dev-2024-11:FR:")
    desk.run(dg.DagsterRunStatus.FAILURE, **{"dagster/run_key": request.run_key})
    assert desk.look(3) == []


def test_a_sensor_that_finds_no_server_says_so(server, desk):
    server.faults.unavailable = 1_000
    with pytest.raises(DremioUnavailable, match="check DREMIO_HOST"):
        desk.look()


def test_the_doctor_uses_the_tables_in_place_of_the_folder(server, settings, monkeypatch):
    def deliveries():
        with dg.instance_for_test() as instance:
            monkeypatch.setenv("DAGSTER_HOME", instance.root_directory)
            return {each.name: each for each in check_connections(settings)}["deliveries"]

    assert (deliveries().state, deliveries().result) == (WORKS, "delivered: sell_in")
    assert deliveries().where == f"lake.sales in Dremio at localhost:{server.port}"
    server.execute("DROP TABLE lake.sales.sell_in")
    assert "no sell_in in lake.sales in Dremio" in deliveries().result
    monkeypatch.setenv("DREMIO_PASSWORD", "wr0ng-word")
    assert "rejected user 'planner': check DREMIO_USER" in deliveries().result
    assert deliveries().state == FAILS


def test_a_command_says_what_dremio_refused_in_one_line(server, settings, monkeypatch):
    dremio = settings.sources.dremio
    for name, value in {
        "FORECAST_STORE": settings.store.address, "FORECAST_LANDING": settings.sources.landing,
        "FORECAST_MARKETS": settings.markets.file,
        "FORECAST_SOURCE": "dremio", "DREMIO_HOST": dremio.host, "DREMIO_PORT": str(dremio.port), "DREMIO_TLS": "false",
        "DREMIO_USER": dremio.user, "DREMIO_SCHEMA": dremio.path, "DREMIO_PASSWORD": "wr0ng-word",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    ended = CliRunner().invoke(app, ["market", "check", "FR", "--month", "2024-10"])
    assert ended.exit_code == 2
    output = " ".join(ended.output.split())
    assert "rejected user 'planner': check DREMIO_USER and DREMIO_PASSWORD" in output
    assert "Traceback" not in ended.output
    assert "wr0ng-word" not in ended.output


def test_variables_are_checked_when_the_settings_are_loaded():
    with pytest.raises(SettingsError) as refused:
        load_settings({"FORECAST_SOURCE": "dremio", "DREMIO_HOTS": "x", "DREMIO_PORT": "99999"}, with_markets=False)
    message = str(refused.value)
    assert "DREMIO_HOTS: unknown. Did you mean DREMIO_HOST?" in message
    assert "DREMIO_HOST: not set, and needed where FORECAST_SOURCE is dremio" in message
    assert "DREMIO_PORT = '99999'" in message
    with pytest.raises(SettingsError, match=r"FORECAST_SOURCE = 'snowflake'"):
        load_settings({"FORECAST_SOURCE": "snowflake"}, with_markets=False)
    cloud = {"FORECAST_SOURCE": "dremio", "DREMIO_HOST": "data.dremio.cloud", "DREMIO_SCHEMA": "lake.sales"}
    assert load_settings(cloud, with_markets=False).sources.dremio.address == "data.dremio.cloud:443"
    assert load_settings({**cloud, "DREMIO_HOST": "d.example.com"}, with_markets=False).sources.dremio.port == 32010
    assert load_settings({"DREMIO_HOME": "/opt/dremio"}, with_markets=False).sources.dremio is None
