"""The prediction of a month's cycle from recorded runs, by hand.

The cycle of November is due on 10 December at 06:00. FR takes 200 s (the median of 100, 200 and 600), DE 300 s.
"""

from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest
from dagster._core.events import DagsterEvent
from dagster._core.events.log import EventLogEntry

from forecast_assets.operations.cycle.forecast_run import NoPastRun, predict, ready_by, runs_at_a_time
from forecast_assets.operations.cycle.past_cycles import longest_steps
from forecast_assets.tags import RANGE_START_TAG, WAITS_TAG
from forecast_assets_tests.operations.cycle.recorded_runs import record
from forecast_assets_tests.repository_settings import loaded

NOVEMBER = pd.Timestamp("2024-11-01")
BEFORE = pd.Timestamp("2024-12-09T12:00Z")
PRIORITIES = {"NO": 5, "FR": 10, "DE": 10}


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        record(instance, "FR", "2024-07", "2024-08-10T06:00Z", takes=9000)
        for month, due, seconds in (("2024-08", "09", 100), ("2024-09", "10", 600), ("2024-10", "11", 200)):
            record(instance, "FR", month, f"2024-{due}-10T06:00Z", takes=seconds)
        record(instance, "DE", "2024-10", "2024-11-10T06:00Z", takes=300)
        yield instance


def predicted(instance, now=BEFORE, at_a_time=2, priorities=PRIORITIES, **variables):
    settings = loaded(FORECAST_TIME_ZONE="UTC", **variables)
    return predict(settings, instance, NOVEMBER, priorities, pd.Timestamp(now), at_a_time)


def ready(prediction):
    return {each.country: f"{each.ready:%H:%M:%S}" for each in prediction.markets}


def outlook(prediction):
    return {each.country: f"{each.outlook:%d %H:%M:%S}" for each in prediction.markets}


def test_live_markets_start_first_and_a_market_without_past_takes_the_median_of_the_others(instance):
    prediction = predicted(instance)
    # FR 06:00:00 to 06:03:20, DE to 06:05:00; NO takes 250 s in the place of FR.
    assert ready(prediction) == {"FR": "06:03:20", "DE": "06:05:00", "NO": "06:07:30"}
    assert prediction.path == ("FR", "NO")
    assert [each.country for each in prediction.markets if not each.has_past] == ["NO"]
    assert prediction.start == pd.Timestamp("2024-12-10T06:00Z")


def test_one_run_at_a_time_adds_up(instance):
    prediction = predicted(instance, at_a_time=1)
    assert ready(prediction) == {"FR": "06:03:20", "DE": "06:08:20", "NO": "06:12:30"}
    assert prediction.path == ("FR", "DE", "NO")
    assert prediction.core_hours(2) == pytest.approx(750 * 2 / 3600)


def test_the_sums_over_all_markets_come_last_and_are_counted_once(instance):
    record(instance, None, "2024-10", "2024-11-10T07:00Z", takes=30, job="sum_forecasts")
    record(instance, None, "2024-10", "2024-11-05T07:00Z", takes=60, job="totals_known")
    record(instance, None, "2024-10", "2024-11-05T07:00Z", takes=900, job="totals", **{RANGE_START_TAG: "2024-01-01"})
    prediction = predicted(instance)
    assert f"{prediction.ready:%H:%M:%S}" == "06:08:00"
    assert prediction.core_hours(1) == pytest.approx((750 + 90) / 3600)


def test_a_delivery_that_is_usually_late_starts_its_market_late(instance):
    record(instance, "DE", "2024-09", "2024-10-10T10:00Z", takes=300)
    record(instance, "DE", "2024-08", "2024-09-10T08:00Z", takes=300)
    # Delays of 0, 4 and 2 hours.
    assert ready(predicted(instance))["DE"] == "08:05:00"


def test_a_cycle_run_long_after_its_date_says_nothing_of_the_delivery(instance):
    record(instance, "NO", "2023-01", "2024-11-20T10:00Z", takes=50)
    assert ready(predicted(instance))["NO"] == "06:04:10"


def test_runs_without_delivery_over_ranges_and_failed_ones_are_no_past(instance):
    record(instance, "DE", "2024-09", "2024-10-10T06:00Z", takes=1, **{WAITS_TAG: "sell_in"})
    record(instance, "DE", "2024-09", "2024-10-10T06:00Z", takes=2, **{RANGE_START_TAG: "DE|2024-01-01"})
    record(instance, "DE", "2024-09", "2024-10-10T06:00Z", takes=3, failed=True)
    assert ready(predicted(instance))["DE"] == "06:05:00"


def test_many_later_runs_of_one_market_hide_no_past_of_another(instance):
    for day in range(11, 20):
        record(instance, "FR", "2024-10", f"2024-11-{day}T06:00Z", takes=200)
    prediction = predicted(instance, priorities={"FR": 10, "DE": 10})
    assert [each.country for each in prediction.markets if each.has_past] == ["FR", "DE"]
    assert ready(prediction)["DE"] == "06:05:00"


def test_the_time_of_the_process_start_counts(instance):
    run_id = record(instance, "NO", "2024-10", "2024-11-10T06:00Z", starts=40, takes=60)
    at = pd.Timestamp("2024-11-10T06:00:30Z").timestamp()
    event = DagsterEvent(dg.DagsterEventType.RUN_STARTING.value, "monthly_cycle")
    instance.event_log_storage.store_event(
        EventLogEntry(None, "debug", "", run_id, at, job_name="monthly_cycle", dagster_event=event)
    )
    assert ready(predicted(instance))["NO"] == "06:04:30"


def test_the_prediction_is_the_same_once_the_cycle_has_run(instance):
    before = ready(predicted(instance))
    record(instance, "FR", "2024-11", "2024-12-10T06:00Z", starts=0, takes=400)
    record(instance, "DE", "2024-11", "2024-12-10T06:00Z", starts=0, takes=20, failed=True)
    record(instance, "DE", "2024-11", "2024-12-10T06:01Z", starts=0, takes=40, job="publish_fallback")
    record(instance, "FR", "2024-10", "2024-12-10T06:05Z", takes=1)
    record(instance, "FR", "2024-11", "2024-12-10T06:08Z", takes=30)  # the month again, once it is ready
    record(instance, "NO", "2024-10", "2024-12-10T06:05Z", takes=1)
    prediction = predicted(instance, now="2024-12-10T06:10Z")
    assert ready(prediction) == before
    assert outlook(prediction) == {"FR": "10 06:06:40", "DE": "10 06:01:40", "NO": "10 06:14:10"}
    assert {each.country: each.took_seconds for each in prediction.markets} == {"FR": 400, "DE": 60, "NO": 0}
    assert [each.country for each in prediction.markets if each.is_ready] == ["FR", "DE"]


def test_a_running_market_ends_after_its_usual_time_and_not_before_now(instance):
    record(instance, "FR", "2024-11", "2024-12-10T06:00Z", starts=0)
    record(instance, "NO", "2024-11", "2024-12-10T06:00Z", starts=None)
    early, late = predicted(instance, "2024-12-10T06:01Z", 1), predicted(instance, "2024-12-10T07:00Z", 1)
    assert outlook(early) == {"FR": "10 06:03:20", "DE": "10 06:08:20", "NO": "10 06:12:30"}
    assert outlook(late) == {"FR": "10 07:00:00", "DE": "10 07:05:00", "NO": "10 07:09:10"}


def test_a_market_whose_run_failed_is_not_ready(instance):
    record(instance, "FR", "2024-11", "2024-12-10T06:00Z", starts=0, takes=20, failed=True)
    prediction = predicted(instance, "2024-12-10T06:10Z", priorities={"FR": 10})
    assert outlook(prediction) == {"FR": "10 06:13:20"}


def test_a_market_is_late_if_it_ends_after_the_deadline(instance):
    assert [each.country for each in predicted(instance, FORECAST_READY_HOURS="0.1").late] == ["NO"]
    assert not predicted(instance).late
    # Five days after the 10th a market that is not ready is late; one that is ready is not.
    record(instance, "FR", "2024-11", "2024-12-16T06:00Z", starts=0, takes=10)
    after = predicted(instance, "2024-12-16T07:00Z")
    assert [each.country for each in after.late] == ["NO", "DE"]


def test_the_deadline_is_that_of_deliveries_unless_hours_are_set():
    settings = loaded(FORECAST_TIME_ZONE="Europe/Paris", FORECAST_ARRIVAL_DEADLINE_DAYS="3")
    assert ready_by(settings, NOVEMBER) == pd.Timestamp("2024-12-13T05:00Z")
    assert ready_by(settings.copy_with("automation", ready_hours=2), NOVEMBER).hour == 8


def test_without_any_past_run_there_is_nothing_to_predict_from(instance):
    with pytest.raises(NoPastRun, match="no market has"):
        predicted(instance, priorities={"IT": 10})


@pytest.mark.parametrize(("limit", "expected"), [(7, 7), (1, 1), (-1, None)])
def test_the_limit_of_the_queue_is_read_from_the_instance(tmp_path, limit, expected):
    runs = {"concurrency": {"runs": {"max_concurrent_runs": limit}}}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=runs) as instance:
        assert runs_at_a_time(instance) == expected


def test_the_longest_steps_of_a_run_come_first_and_those_without_an_end_are_left_out():
    spans = {"features": (10.0, 30.0), "model": (30.0, 90.0), "champion": (90.0, 91.0), "forecasts": (91.0, None)}
    stats = [SimpleNamespace(step_key=key, start_time=start, end_time=end) for key, (start, end) in spans.items()]
    instance = SimpleNamespace(get_run_step_stats=lambda run_id: stats)
    assert longest_steps(instance, "run", 2) == [("model", 60.0), ("features", 20.0)]
