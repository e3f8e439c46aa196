"""Alarms that have a market tuned again: which, when, how many a month, once, and what people are told of it."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.sensors import retune
from forecast_assets.defs.sensors.retune import build_retune_sensor, retunes
from forecast_assets.domain.cycle_calendar import deadline_at, due_month
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.sensors.company import make_company, published_forecast
from forecast_assets_tests.defs.sensors.retuning import (
    CODES,
    DECEMBER,
    NOVEMBER,
    OLD_ORIGIN,
    OVERDUE,
    TENTH,
    alarm,
    ready,
    run,
    started,
    tuned,
)


@pytest.fixture
def company(tmp_path, instance):
    return ready(tmp_path, instance)


def test_an_alarm_has_its_market_tuned_with_the_budget_of_trials_after_everything_else(company):
    alarm(company, "FR")
    ((request,), _) = retunes(company.settings, company.instance, TENTH)
    assert (request.job_name, str(request.partition_key)) == ("tune", "FR|2024-11-01")
    assert request.run_key == "retune:dev-2024-11:FR"
    assert request.run_config == {"ops": {"tuned_recipe": {"config": {"trials": 30}}}}
    assert int(request.tags["dagster/priority"]) < 0
    assert request.tags["forecast/alarms"] == "FR: wape is bad"
    assert request.tags["forecast/retune_budget"] == "1 of 4"


@pytest.mark.parametrize(
    ("kind", "is_tuned"),
    [("wape", True), ("bias", True), ("worse_than_baseline", True), ("bias_same_sign", True), ("drift", False),
     ("run_failed", False), ("challenger_held", False), ("source_missing", False)],
)  # fmt: skip
def test_alarms_on_figures_count_and_no_others(company, kind, is_tuned):
    alarm(company, "FR", kind=kind)
    assert started(company) == (["FR|2024-11-01"] if is_tuned else [])


def test_without_trials_nothing_is_tuned_and_that_is_how_a_company_begins(tmp_path, instance):
    assert make_company(tmp_path, ["FR"], instance).settings.automation.retune_trials == 0
    company = ready(tmp_path, instance, trials=0)
    alarm(company, "FR")
    assert retunes(company.settings, instance, TENTH) == (
        [], "Automatic retuning is off: FORECAST_RETUNE_TRIALS is 0.",
    )  # fmt: skip


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTED", "SUCCESS", "FAILURE", "CANCELED"])
def test_a_market_is_tuned_once_a_month_however_its_run_stands_and_whatever_was_restarted(company, status):
    alarm(company, "FR")
    ((request,), _) = retunes(company.settings, company.instance, TENTH)
    run(company, request, dg.DagsterRunStatus[status])
    alarm(company, "FR", kind="bias")
    assert started(company) == []
    assert started(company, OVERDUE) == []


def test_the_next_month_has_a_budget_of_its_own(company):
    alarm(company, "FR")
    ((request,), _) = retunes(company.settings, company.instance, TENTH)
    run(company, request)
    for code in CODES:
        company.write("published_forecasts", code, DECEMBER, published_forecast(DECEMBER))
    assert started(company, pd.Timestamp("2025-01-10T12:00Z")) == ["FR|2024-12-01"]


def test_the_worst_come_first_where_the_budget_does_not_suffice(tmp_path, instance):
    company = ready(tmp_path, instance, per_month=2)
    alarm(company, "FR", weight=10)
    alarm(company, "DE", weight=1)
    alarm(company, "DE", weight=30, kind="bias")
    alarm(company, "IT", weight=99, severity="info")  # a shadow market
    requests, words = retunes(company.settings, instance, TENTH)
    assert [str(request.partition_key) for request in requests] == ["DE|2024-11-01", "FR|2024-11-01"]
    assert [request.tags["forecast/retune_budget"] for request in requests] == ["1 of 2", "2 of 2"]
    assert requests[0].tags["forecast/alarms"] == "DE: bias is bad; DE: wape is bad"
    run(company, requests[0])
    assert started(company) == ["FR|2024-11-01"]
    run(company, requests[1])
    requests, words = retunes(company.settings, instance, TENTH)
    assert (requests, words) == ([], "2024-11: 2 of 2 re-tunes used; other markets in alarm: IT.")


def test_a_run_that_dagster_started_again_after_its_process_died_uses_the_budget_once(tmp_path, instance):
    company = ready(tmp_path, instance, per_month=2)
    alarm(company, "FR")
    ((request,), _) = retunes(company.settings, instance, TENTH)
    for status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED):
        run(company, request, status)
    alarm(company, "DE")
    alarm(company, "IT")
    assert len(started(company)) == 1


@pytest.mark.parametrize(("month", "first"), [("2024-10", "DE"), ("2024-09", "FR")])
def test_a_market_of_whose_last_tuning_nothing_was_measured_yet_comes_after_the_others(
    tmp_path, instance, month, first
):
    company = ready(tmp_path, instance, per_month=1)
    alarm(company, "FR", weight=10)
    alarm(company, "DE", weight=1)
    tuned(company, "FR", pd.Timestamp(month))
    assert started(company) == [f"{first}|2024-11-01"]


def test_a_market_that_a_person_has_tuned_in_the_month_is_not_tuned_again(company):
    alarm(company, "FR")
    tuned(company, "FR", NOVEMBER)
    assert started(company) == []


def test_an_alarm_that_closed_in_between_starts_nothing(company):
    key = alarm(company, "FR")
    company.outbox.close([key], "dev-2024-11")
    assert started(company) == []


def test_a_retired_market_one_no_longer_listed_and_one_too_young_are_passed_over(tmp_path, instance):
    company = ready(tmp_path, instance, stage="retired")
    alarm(company, "FR")
    alarm(company, "XX")
    alarm(company, "DE")
    alarm(company, "IT")
    Path(company.store.path("features", PartitionKey(OLD_ORIGIN, "IT"))).unlink()
    assert started(company) == ["DE|2024-11-01"]


def test_a_market_with_features_of_fewer_than_27_months_before_is_too_young(tmp_path, instance):
    company = ready(tmp_path, instance, codes=["FR"])
    alarm(company, "FR")
    assert started(company) == ["FR|2024-11-01"]
    file = Path(company.store.path("features", PartitionKey(OLD_ORIGIN, "FR")))
    file.parent.rename(file.parent.with_name("month=2022-09-01"))
    assert started(company) == []


def test_the_budget_is_given_out_when_all_markets_are_in_or_the_deadline_has_passed(company):
    company.write("published_forecasts", "FR", DECEMBER, published_forecast(DECEMBER))
    january = pd.Timestamp("2025-01-10T12:00Z")
    alarm(company, "FR")
    alarm(company, "DE")
    assert retunes(company.settings, company.instance, january) == (
        [], "2024-12: DE, IT may still publish; then the worst markets are known.",
    )  # fmt: skip
    # DE and IT have not published the month: their own cycle comes first.
    assert started(company, pd.Timestamp("2025-01-15T06:01Z")) == ["FR|2024-12-01"]


def test_figures_that_were_measured_a_moment_ago_are_judged_before_the_worst_is_chosen(company):
    alarm(company, "FR")
    company.measured("FR", NOVEMBER)
    # Dagster's events carry the time of this machine; a month may become due between the two looks.
    now = pd.Timestamp.now("UTC")
    later, settings = now + pd.Timedelta(minutes=11), company.settings
    for month in {due_month(at, settings.automation.time_zone) for at in (now, later)}:
        for code in CODES:
            company.write("published_forecasts", code, month, published_forecast(month))
    assert retunes(settings, company.instance, now)[1].endswith(
        "performance has just been measured and is being judged."
    )
    assert len(retunes(settings, company.instance, later)[0]) == 1


def test_the_sensor_as_the_daemon_calls_it(company, monkeypatch):
    told = []
    monkeypatch.setattr(retune, "report_outcomes", lambda _, __, month: told.append(month))
    alarm(company, "FR")
    with dg.build_sensor_context(instance=company.instance) as context:
        data = build_retune_sensor(company.settings).evaluate_tick(context)
    # By the clock of this machine another month is due, which nobody has published; or its deadline has passed.
    settings, now = company.settings, pd.Timestamp.now("UTC")
    month = due_month(now, settings.automation.time_zone)
    overdue = now > deadline_at(month, settings.automation.time_zone, settings.automation.arrival_deadline_days)
    assert month > NOVEMBER
    assert told == [month]
    assert data.run_requests == []
    assert (
        f"{month:%Y-%m}: {'0 of 4 re-tunes used' if overdue else 'FR, DE, IT may still publish'}" in data.skip_message
    )
