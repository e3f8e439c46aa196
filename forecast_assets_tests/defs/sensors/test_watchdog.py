"""Sensors that fail or have stopped ticking, and daemons without a heartbeat, in a real instance."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.cli.prepare import prepare_home
from forecast_assets.defs.sensors.watchdog import build_watchdog_sensor
from forecast_assets.operations.health.watchdog import (
    DAEMON_STOPPED,
    SENSOR_FAILED,
    check_daemons,
    check_markets_file,
    check_sensors,
    report_health,
)
from forecast_assets_tests.alerts.teams_server import FakeTeams, texts
from forecast_assets_tests.defs.sensors.company import make_company

NOW = datetime(2024, 7, 10, 6, tzinfo=UTC)


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield make_company(tmp_path, ["FR"], instance)


def sensor_state(company, name, status=InstigatorStatus.DECLARED_IN_CODE, interval=60):
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("forecast_assets"), "__repository__")
    data = SensorInstigatorData(min_interval=interval)
    return company.instance.add_instigator_state(
        InstigatorState(RemoteInstigatorOrigin(repository, name), InstigatorType.SENSOR, status, data)
    )


def ticked(company, state, minutes_ago, status=TickStatus.SKIPPED, error=None):
    company.instance.create_tick(
        TickData(
            state.instigator_origin_id, state.instigator_name, InstigatorType.SENSOR, status,
            (NOW - timedelta(minutes=minutes_ago)).timestamp(), selector_id=state.selector_id,
            error=SerializableErrorInfo(error, [], None) if error else None,
        )
    )  # fmt: skip


def look(company, names=("kpi_alarms",), schedules=(), now=NOW):
    result = check_sensors(company.instance, names, schedules, now)
    report_health(company.outbox, company.settings, SENSOR_FAILED, result, NOW)
    return result


def test_a_bad_markets_file_is_an_incident_until_it_is_corrected(company):
    file = Path(company.settings.markets.file)
    good = file.read_text(encoding="utf-8")
    assert company.settings.market_table
    for text, is_well in ((good, True), ("markets: 3", False), (good, True)):
        file.write_text(text, encoding="utf-8")
        health = check_markets_file(company.settings)
        report_health(company.outbox, company.settings, SENSOR_FAILED, health, NOW)
        assert health["markets.yaml"].is_well is is_well
        assert len(company.outbox.open_incidents()) == int(not is_well)


def test_the_sensor_reports_what_is_not_well_or_counts_what_is(company):
    def tick():
        with dg.build_sensor_context(instance=company.instance) as context:
            return build_watchdog_sensor(company.settings, ["kpi_alarms"], [MONTHLY]).evaluate_tick(context)

    # No daemon has run a sensor or schedule yet: the markets file alone is checked.
    assert tick().skip_message == "1 sensors and schedules are well."
    ticked(company, sensor_state(company, "kpi_alarms"), 0)  # a tick in 2024
    Path(company.settings.markets.file).write_text("markets: 3", encoding="utf-8")
    sensor, markets = tick().skip_message.splitlines()
    assert sensor.startswith("kpi_alarms has not ticked for")
    assert markets.startswith("markets.yaml cannot be used")
    assert company.open_kinds() == {("sensor_failed", None, name) for name in ("kpi_alarms", "markets.yaml")}


def test_a_sensor_whose_last_tick_failed_is_told_and_closes_when_it_ticks_again(company):
    state = sensor_state(company, "kpi_alarms")
    ticked(company, state, 5, TickStatus.FAILURE, "OSError: no space left\n")
    look(company)
    (open_incident,) = company.outbox.open_incidents()
    assert (open_incident.kind, open_incident.subject) == ("sensor_failed", "kpi_alarms")
    assert open_incident.headline == "kpi_alarms: the tick of 2024-07-10 05:55 UTC failed"
    assert open_incident.facts == (("error", "OSError: no space left"),)
    assert f"{open_incident.month:%Y-%m}" == "2024-06"
    ticked(company, state, 1, TickStatus.STARTED)
    look(company)
    assert company.open_kinds() == {("sensor_failed", None, "kpi_alarms")}
    ticked(company, state, 0.5)
    look(company)
    assert company.open_kinds() == set()


@pytest.mark.parametrize(
    ("minutes", "interval", "is_well"), [(14, 60, True), (16, 60, False), (290, 3600, True), (310, 3600, False)]
)
def test_a_sensor_that_no_longer_ticks_is_told(company, minutes, interval, is_well):
    ticked(company, sensor_state(company, "kpi_alarms", interval=interval), minutes)
    assert look(company)["kpi_alarms"].is_well is is_well
    assert (company.open_kinds() == set()) is is_well


def test_sensors_switched_off_and_those_of_other_code_are_not_watched(company):
    ticked(company, sensor_state(company, "kpi_alarms", InstigatorStatus.STOPPED), 500)
    ticked(company, sensor_state(company, "removed"), 500)
    assert look(company) == {}


TENTH = NOW.replace(hour=4)  # 06:00 in Paris
MONTHLY = dg.ScheduleDefinition(
    name="monthly_cycle_schedule", cron_schedule="0 6 10 * *", execution_timezone="Europe/Paris", job_name="cycle"
)


def schedule_state(company, **data):
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("forecast_assets"), "__repository__")
    given = ScheduleInstigatorData(MONTHLY.cron_schedule, **{name: at.timestamp() for name, at in data.items()})
    return company.instance.add_instigator_state(
        InstigatorState(
            RemoteInstigatorOrigin(repository, MONTHLY.name), InstigatorType.SCHEDULE,
            InstigatorStatus.DECLARED_IN_CODE, given,
        )
    )  # fmt: skip


@pytest.mark.parametrize(("minutes", "is_well"), [(14, True), (16, False)])
def test_a_schedule_that_has_not_ticked_a_quarter_of_an_hour_after_its_time_is_told(company, minutes, is_well):
    state = schedule_state(company, start_timestamp=TENTH - timedelta(days=40))
    ticked(company, state, (NOW - TENTH).total_seconds() / 60 + 30 * 24 * 60)  # of the 10th of June
    result = look(company, schedules=[MONTHLY], now=TENTH + timedelta(minutes=minutes))
    assert result[MONTHLY.name].is_well is is_well
    told = [incident.headline for incident in company.outbox.open_incidents()]
    late = ["monthly_cycle_schedule has not ticked for 2024-07-10 06:00 Europe/Paris, 15 min ago or more"]
    assert told == ([] if is_well else late)


def test_a_schedule_is_over_it_once_it_ticks_and_is_told_where_the_tick_failed(company):
    state = schedule_state(company, start_timestamp=TENTH - timedelta(days=40))
    look(company, schedules=[MONTHLY])
    assert company.open_kinds() == {("sensor_failed", None, MONTHLY.name)}
    ticked(company, state, (NOW - TENTH).total_seconds() / 60)
    assert look(company, schedules=[MONTHLY])[MONTHLY.name].is_well
    assert company.open_kinds() == set()
    ticked(company, state, (NOW - TENTH).total_seconds() / 60 - 1, TickStatus.FAILURE, "OSError: no space left")
    assert look(company, schedules=[MONTHLY])[MONTHLY.name].headline.endswith("04:01 UTC failed")


@pytest.mark.parametrize("data", ["start_timestamp", "last_iteration_timestamp"])
def test_times_of_a_schedule_before_it_was_switched_on_or_given_that_time_are_not_missed(company, data):
    schedule_state(company, **{data: TENTH + timedelta(minutes=1)})
    assert look(company, schedules=[MONTHLY]) == {}


def heartbeat(company, daemon, seconds_ago, now=NOW):
    company.instance.add_daemon_heartbeat(DaemonHeartbeat(now.timestamp() - seconds_ago, daemon, "id", []))


def test_a_daemon_without_a_recent_heartbeat_is_told_and_recovers(company):
    required = company.instance.get_required_daemon_types()
    assert {"SENSOR", "SCHEDULER"} <= set(required)
    for daemon in required:
        heartbeat(company, daemon, 301 if daemon == "SENSOR" else 300)

    def told():
        health = check_daemons(company.instance, NOW)
        return report_health(company.outbox, company.settings, DAEMON_STOPPED, health, NOW)

    assert told() == ["SENSOR daemon: last heartbeat 301 s ago, limit 300 s"]
    assert company.open_kinds() == {("daemon_stopped", None, "SENSOR")}
    heartbeat(company, "SENSOR", 1)
    assert told() == []
    assert company.open_kinds() == set()


def test_the_command_tells_teams_itself_and_says_what_is_not_well_by_its_exit_code(company, tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    settings = company.settings
    Path(settings.store.address).mkdir(exist_ok=True)
    addresses = {"STORE": settings.store.address, "LANDING": settings.sources.landing, "MARKETS": settings.markets.file}
    for name, address in addresses.items():
        monkeypatch.setenv(f"FORECAST_{name}", address)
    with FakeTeams().listening() as teams:
        monkeypatch.setenv("TEAMS_WEBHOOK_URL", teams.url())
        never = CliRunner().invoke(app, ["watchdog"])
        assert never.exit_code == 1
        assert "SENSOR daemon has never run" in never.output
        # Of six incidents of the platform the card shows three.
        assert "ASSET daemon has never run" in texts(teams.received[0])
        sent = len(teams.received)
        assert CliRunner().invoke(app, ["watchdog"]).exit_code == 1
        assert len(teams.received) == sent
    assert ("daemon_stopped", None, "SENSOR") in company.open_kinds()
    # As the command sees it: its dagster.yaml asks for more daemons than the test's own instance.
    daemons_run()
    well = CliRunner().invoke(app, ["watchdog"])
    assert (well.exit_code, company.open_kinds()) == (0, set()), well.output
    schedule_state(company, start_timestamp=datetime.now(UTC) - timedelta(days=70))
    late = CliRunner().invoke(app, ["watchdog"])
    assert late.exit_code == 1
    assert "monthly_cycle_schedule has not ticked for" in late.output


def daemons_run() -> None:
    with dg.DagsterInstance.get() as instance:
        for daemon in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), daemon, "id", []))


def test_the_command_sends_an_alert_for_a_bad_markets_file_without_a_good_copy(company, tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    settings, file = company.settings, tmp_path / "markets.yaml"
    Path(settings.store.address).mkdir(exist_ok=True)
    file.write_text("markets:\n  - {code: FR", encoding="utf-8")
    for name, address in {"STORE": settings.store.address, "LANDING": "landing", "MARKETS": str(file)}.items():
        monkeypatch.setenv(f"FORECAST_{name}", address)
    with FakeTeams().listening() as teams:
        monkeypatch.setenv("TEAMS_WEBHOOK_URL", teams.url())
        prepare_home()
        daemons_run()
        bad = CliRunner().invoke(app, ["watchdog"])
        assert bad.exit_code == 1
        assert any("markets.yaml cannot be used" in texts(received) for received in teams.received)
    assert ("sensor_failed", None, "markets.yaml") in company.open_kinds()
