"""Runs whose process is gone, told apart from those that live, wait or have just begun."""

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent
from dagster._core.test_utils import create_run_for_test

from forecast_assets.defs.sensors import dead_runs
from forecast_assets.defs.sensors.dead_runs import build_dead_runs_sensor, mark_dead_runs
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import TableStore
from forecast_assets_tests.repository_settings import loaded


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as stored:
        yield stored


@pytest.fixture
def settings(tmp_path):
    """A lease of 60 s and a wait of 120 s: a run is given 240 s after its start."""
    return loaded(FORECAST_STORE=str(tmp_path / "store"))


def started(instance, country: str = "FR") -> tuple[str, float]:
    """A run that has started, and when."""
    tags = {"dagster/partition": f"{country}|2024-06-01"}
    run = create_run_for_test(instance, job_name="monthly_cycle", tags=tags, status=dg.DagsterRunStatus.STARTING)
    instance.report_dagster_event(
        DagsterEvent(event_type_value=dg.DagsterEventType.RUN_START.value, job_name="monthly_cycle"), run.run_id
    )
    return run.run_id, instance.get_run_record_by_id(run.run_id).start_time


def watched(settings, instance, *times: float) -> list[str]:
    """The runs that the sensor marks when it looks at these times of its own clock."""
    marked, unowned = [], {}
    for now in times:
        dead, unowned = mark_dead_runs(settings, instance, now, unowned)
        marked += dead
    return marked


def test_a_run_that_does_not_hold_its_market_any_more_is_marked_and_says_why(instance, settings):
    run_id, start = started(instance)
    assert watched(settings, instance, start, start + 240, start + 241) == [run_id]
    assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE
    messages = [entry.message for entry in instance.all_logs(run_id)]
    assert any("The process of this run is gone" in message for message in messages)
    assert watched(settings, instance, start, start + 241) == []


def test_the_time_of_waiting_ends_with_its_last_second(instance, settings):
    run_id, _ = started(instance)
    assert watched(settings, instance, 1000.0, 1239.0) == []
    assert watched(settings, instance, 1000.0, 1240.0) == [run_id]


def test_runs_that_live_or_have_just_begun_hide_no_dead_one(instance, settings):
    """Dagster lists the latest run first: NO lives, DE has just begun, FR is dead."""
    dead, young, alive = (started(instance, country)[0] for country in ("FR", "DE", "NO"))
    lease_of(TableStore(settings.store.address), "NO", 60).take(alive)
    marked, unowned = mark_dead_runs(settings, instance, 1240.0, {dead: 1000.0, young: 1001.0})
    assert (marked, unowned) == ([dead], {young: 1001.0})


@pytest.mark.parametrize("again", [None, dg.DagsterRunStatus.SUCCESS])
def test_a_run_that_has_ended_or_is_gone_since_it_was_listed_is_left(instance, settings, monkeypatch, again):
    run_id, _ = started(instance)
    ended = None if again is None else instance.get_run_by_id(run_id).with_status(again)
    monkeypatch.setattr(instance, "get_run_by_id", lambda _: ended)
    assert mark_dead_runs(settings, instance, 1240.0, {run_id: 1000.0}) == ([], {run_id: 1000.0})


def test_the_sensor_remembers_from_tick_to_tick_and_names_the_runs(instance, settings, monkeypatch):
    run_id, _ = started(instance)
    sensor, cursor, messages = build_dead_runs_sensor(settings), None, []
    for now in (1000.0, 1240.0, 1300.0):
        monkeypatch.setattr(dead_runs.time, "time", lambda now=now: now)
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            tick = sensor.evaluate_tick(context)
        cursor = tick.cursor
        messages.append(tick.skip_message)
    alive = "Every started run is alive."
    assert messages == [alive, f"Marked as failed: {run_id}.", alive]


def test_a_run_that_may_still_wait_for_its_market_is_left(instance, settings):
    _, start = started(instance)
    assert watched(settings, instance, start, start + 239) == []


@pytest.mark.parametrize("minutes", [-60, 60])
def test_clocks_that_differ_mark_no_run_that_may_still_wait(instance, settings, minutes):
    _, start = started(instance)
    here = start + minutes * 60
    assert watched(settings, instance, here, here + 239) == []


def test_a_run_that_renews_its_lease_lives_however_long_it_goes_on(instance, settings):
    run_id, start = started(instance)
    lease_of(TableStore(settings.store.address), "FR", 60).take(run_id)
    assert watched(settings, instance, start, start + 100_000) == []


def test_a_run_that_got_its_lease_after_waiting_lives(instance, settings):
    run_id, start = started(instance)
    _, unowned = mark_dead_runs(settings, instance, start, {})
    lease = lease_of(TableStore(settings.store.address), "FR", 60)
    lease.take(run_id)
    _, unowned = mark_dead_runs(settings, instance, start + 100, unowned)
    lease.release(run_id)
    assert mark_dead_runs(settings, instance, start + 300, unowned)[0] == []


def test_an_unreadable_lease_marks_no_run_as_dead(instance, settings):
    _, start = started(instance)
    lease = lease_of(TableStore(settings.store.address), "FR", 60)
    lease.take("another")
    lease.files.replace(lease.path, b"{", lease.files.state(lease.path))
    assert watched(settings, instance, start, start + 1_000) == []


def test_the_lease_of_another_run_or_market_does_not_keep_it_alive(instance, settings):
    run_id, start = started(instance)
    lease_of(TableStore(settings.store.address), "FR", 60).take("another")
    lease_of(TableStore(settings.store.address), "DE", 60).take(run_id)
    assert watched(settings, instance, start, start + 241) == [run_id]
