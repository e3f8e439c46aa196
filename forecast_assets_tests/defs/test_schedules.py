"""Requests of the schedule at each of its ticks; none is made twice."""

import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import pytest
from dagster._core.test_utils import create_run_for_test

from forecast_assets.definitions import build_definitions
from forecast_assets.defs.schedules import SCHEDULE
from forecast_assets_tests.repository_settings import loaded

TICKS = [(year, month) for year in (2024, 2025, 2026) for month in range(1, 13)]
LOCAL = {"FORECAST_STORE": "var/store", "FORECAST_LANDING": "var/landing"}
MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2019-01-01}
  - {code: "NO", name: N, iso2: "NO", iso3: NOR, region: Europe, since: 2019-01-01, stage: shadow}
  - {code: "IT", name: I, iso2: "IT", iso3: ITA, region: Europe, since: 2019-01-01, stage: retired}
  - {code: "MX", name: M, iso2: "MX", iso3: MEX, region: America, since: 2025-01-01}
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    file = tmp_path_factory.mktemp("company") / "markets.yaml"
    file.write_text(MARKETS, encoding="utf-8")
    return loaded(FORECAST_MARKETS=str(file), FORECAST_TIME_ZONE="Europe/Paris", FORECAST_ENV="prod", **LOCAL)


@pytest.fixture(scope="module")
def repository(settings):
    return build_definitions(settings).get_repository_def()


@pytest.fixture
def instance():
    with dg.instance_for_test() as stored:
        yield stored


def tick(repository, instance, year: int, month: int) -> object:
    at = datetime.datetime(year, month, 10, 6, tzinfo=ZoneInfo("Europe/Paris"))
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=at, repository_def=repository)
    return repository.get_schedule_def(SCHEDULE).evaluate_tick(context)


def test_the_cycle_starts_at_six_on_the_tenth_in_the_time_zone_of_the_company(repository):
    schedule = repository.get_schedule_def(SCHEDULE)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 10 * *", "Europe/Paris")


def test_every_tick_of_three_years_asks_for_the_month_before_once_per_market(repository, instance):
    asked = {}
    for year, number in TICKS:
        result = tick(repository, instance, year, number)
        before = pd.Period(year=year, month=number, freq="M") - 1
        since_2025 = ["MX"] if before >= pd.Period("2025-01") else []
        assert [str(request.partition_key) for request in result.run_requests] == [
            f"{code}|{before}-01" for code in ["FR", "NO", *since_2025]
        ]
        for request in result.run_requests:
            assert request.tags["forecast/cycle_id"] == f"prod-{before}"
            asked[request.run_key] = request.partition_key
    assert len(asked) == 36 + 36 + 23


def test_markets_that_planners_read_go_first_and_each_run_says_whose_it_is(repository, instance):
    france, norway, *_ = tick(repository, instance, 2025, 3).run_requests
    assert int(france.tags["dagster/priority"]) > int(norway.tags["dagster/priority"]) > 0
    assert (norway.tags["forecast/market"], norway.tags["forecast/started_by"]) == ("NO", SCHEDULE)


def test_a_market_that_has_a_run_with_the_key_is_not_asked_for_again_whoever_started_it(repository, instance):
    create_run_for_test(instance, tags={"dagster/run_key": "cycle:prod-2025-02:FR", "dagster/sensor_name": "arrivals"})
    assert [request.run_key for request in tick(repository, instance, 2025, 3).run_requests] == [
        "cycle:prod-2025-02:NO", "cycle:prod-2025-02:MX",
    ]  # fmt: skip
    assert len(tick(repository, instance, 2025, 4).run_requests) == 3


def test_a_second_tick_of_a_month_asks_for_nothing_and_says_so(repository, instance):
    for code in ("FR", "NO", "MX"):
        create_run_for_test(instance, tags={"dagster/run_key": f"cycle:prod-2025-02:{code}"})
    result = tick(repository, instance, 2025, 3)
    assert result.run_requests == []
    assert result.skip_message == "The cycle of 2025-02 has a run for each of 3 markets already."


def test_a_laptop_starts_nothing_by_itself_and_every_other_environment_does():
    for env, status in (("dev", "STOPPED"), ("test", "RUNNING"), ("prod", "RUNNING")):
        repository = build_definitions(loaded(FORECAST_ENV=env, **LOCAL)).get_repository_def()
        schedules = {schedule.default_status.value for schedule in repository.schedule_defs}
        assert schedules == {status}
        assert repository.get_sensor_def("arrivals").default_status.value == status
