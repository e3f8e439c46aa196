"""A day of the platform with a real daemon: nobody watches, the machine goes down, a market is late, a run hangs.

As many markets as ``DRILL_MARKETS`` says, four by default: ``make drill`` takes forty.
"""

import itertools
import os

import dagster as dg
import pytest

from forecast_assets.storage import PartitionKey
from forecast_assets_tests.operate.platform import HANGING_MARKET, SECONDS_A_RUN_MAY_TAKE, Platform

pytestmark = pytest.mark.daemon
MARKETS = int(os.environ.get("DRILL_MARKETS", "4"))
# Bounds for a machine that does much else at the time: an idle one needs a third.
SECONDS_TO_TRAIN = SECONDS_TO_CATCH_UP = 600
SECONDS_TO_PUBLISH = 600 + 60 * MARKETS
LATE = "M02"
STOPPED = f"Exceeded maximum runtime of {SECONDS_A_RUN_MAY_TAKE} seconds."


@pytest.fixture(scope="module")
def day(tmp_path_factory, tell):
    """The day, from the tick of the schedule to the last market: what the tests look at is what it left behind."""
    platform = Platform(tmp_path_factory.mktemp("platform"), MARKETS)
    platform.prepare()
    late = {file: file.read_bytes() for file in platform.month_files(LATE)}
    for file in late:
        file.unlink()
    try:
        platform.start()
        platform.wait_until(lambda: a_market_trains(platform), SECONDS_TO_TRAIN)
        platform.kill()
        platform.killed = [run.run_id for run in platform.cycles("STARTED")]
        platform.start()
        others = set(platform.codes) - {LATE}
        platform.wait_until(lambda: platform.published() == others and not platform.open_runs(), SECONDS_TO_PUBLISH)
        platform.published_without_the_late_one = platform.published()
        for file, content in late.items():
            file.write_bytes(content)
        platform.wait_until(lambda: platform.published() == set(platform.codes), SECONDS_TO_CATCH_UP)
        platform.wait_until(platform.is_frozen, SECONDS_TO_CATCH_UP)
        platform.wait_until(lambda: not platform.open_runs(), SECONDS_TO_CATCH_UP)
        tell(platform.figures())
        yield platform
    finally:
        platform.kill()


def is_training(platform: Platform, run: dg.DagsterRun) -> bool:
    """Return True if a run is in the middle: its features are stored, its forecasts are not."""
    with platform.instance() as instance:
        done = {step.step_key for step in instance.get_run_step_stats(run.run_id) if step.end_time}
    return "features" in done and "published_forecasts" not in done


def a_market_trains(platform: Platform) -> bool:
    return any(is_training(platform, run) for run in platform.cycles("STARTED"))


def scheduled(platform: Platform) -> list[dg.DagsterRun]:
    """Runs that the schedule asked for, and what was started again of them."""
    return [run for run in platform.cycles() if "dagster/schedule_name" in run.tags]


def test_every_market_has_exactly_one_published_forecast(day):
    assert day.published() == set(day.codes)
    assert {code: day.versions_published(code) for code in day.codes} == dict.fromkeys(day.codes, 1)


def test_the_schedule_that_ticks_every_minute_asked_once_for_each_market(day):
    keys = [
        run.tags["dagster/run_key"]
        for run in day.cycles()
        if "dagster/schedule_name" in run.tags and not run.parent_run_id
    ]
    assert sorted(keys) == [f"cycle:prod-{day.month:%Y-%m}:{code}" for code in day.codes]


def test_runs_killed_with_the_machine_were_found_dead_and_went_on_where_they_were(day):
    assert day.killed
    retried = {run.parent_run_id: run for run in day.cycles() if run.parent_run_id}
    for run_id in day.killed:
        assert day.status(run_id) == "FAILURE"
        again = retried[run_id]
        assert again.tags["dagster/retry_number"] == "1"
        assert again.tags["forecast/market"] == day.run(run_id).tags["forecast/market"]
        assert any("The process of this run is gone" in text for text in day.messages(run_id))
        assert "sell_in" not in day.steps(again.run_id)


def test_no_two_runs_of_a_market_went_on_at_a_time(day):
    for code in day.codes:
        spans = day.spans(code)
        assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans)), (code, spans)


def test_the_others_did_not_wait_for_the_late_market_and_it_was_caught_up(day):
    assert day.published_without_the_late_one == set(day.codes) - {LATE}
    # The first of its runs may have been killed before or after it looked; the one after it looks again.
    *killed, looked = [run for run in scheduled(day) if "forecast/waits_for" in run.tags]
    assert {run.tags["forecast/market"] for run in [*killed, looked]} == {LATE}
    assert {run.run_id for run in killed} <= set(day.killed)
    assert looked.tags["forecast/waits_for"].startswith("no sell_in of the month")
    assert day.status(looked.run_id) == "SUCCESS"
    assert day.steps(looked.run_id).keys() == {"delivery", "products", "promotions", "overrides", "covid_policy"}
    caught_up = [run for run in day.cycles() if run.tags.get("dagster/sensor_name") == "arrivals"]
    assert [run.tags["forecast/market"] for run in caught_up] == [LATE]


def test_a_run_that_hangs_is_stopped_by_its_limit_and_says_so_and_what_it_lacked_is_made_up_for(day):
    runs = [run for run in day.cycles() if run.tags["forecast/market"] == HANGING_MARKET]
    stopped = [run for run in runs if any(STOPPED in text for text in day.messages(run.run_id))]
    # Reported as failed by the daemon and as canceled by its own process: whichever comes last is its status.
    assert [day.status(run.run_id) in ("FAILURE", "CANCELED") for run in stopped] == [True]
    again = [run for run in runs if run.parent_run_id == stopped[0].run_id]
    assert [day.status(run.run_id) for run in again] == ["SUCCESS"]
    assert "published_forecasts" not in day.steps(again[0].run_id)


def test_totals_over_all_markets_were_frozen_when_all_were_in(day):
    totals = day.store.read("demand_totals", [PartitionKey(day.month)])
    assert set(totals.loc[totals["level"] == "market", "entity"]) == set(day.codes)
