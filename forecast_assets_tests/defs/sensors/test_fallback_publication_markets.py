"""Every market is looked at: one that needs no fallback, or is damaged, does not hide those after it."""

import dagster as dg
import pandas as pd
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType, StepFailureData
from dagster._core.test_utils import create_run_for_test

from forecast_assets.defs.sensors import fallback_publication
from forecast_assets.defs.sensors.fallback_publication import (
    AfterFailures,
    after_failures,
    build_fallback_publication_sensor,
)
from forecast_assets_tests.defs.sensors.company import make_company, published_forecast

NOVEMBER = pd.Timestamp("2024-11-01")
TENTH, DEADLINE = pd.Timestamp("2024-12-10T07:00Z"), pd.Timestamp("2024-12-15T06:00Z")


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield make_company(tmp_path, ["AT", "FR"], instance)


def failed_cycle(company, country, *steps, **tags):
    tags = {
        "dagster/partition": f"{country}|2024-11-01", "forecast/started_by": "monthly_cycle_schedule",
        "forecast/market": country, **tags,
    }  # fmt: skip
    created = create_run_for_test(
        company.instance, job_name="monthly_cycle", status=dg.DagsterRunStatus.FAILURE, tags=tags
    )
    for step in steps:
        failure = DagsterEvent(
            DagsterEventType.STEP_FAILURE.value, "monthly_cycle", step_key=step,
            event_specific_data=StepFailureData(None, None),
        )  # fmt: skip
        company.instance.report_dagster_event(failure, created.run_id)
    return created.run_id


def asked(company, now=TENTH):
    return [str(request.partition_key) for request in after_failures(company.settings, company.instance, now).requests]


def test_a_market_without_a_cycle_or_with_a_publication_hides_no_other(company):
    failed_cycle(company, "FR", "model")
    assert asked(company) == ["FR|2024-11-01"]
    company.write("published_forecasts", "AT", NOVEMBER, published_forecast(NOVEMBER))
    assert asked(company) == ["FR|2024-11-01"]


def test_a_market_that_is_waited_for_hides_no_other_and_says_so(company):
    failed_cycle(company, "AT", "sell_in", "delivery", "model")
    failed_cycle(company, "FR", "model")
    result = after_failures(company.settings, company.instance, TENTH)
    assert [str(request.partition_key) for request in result.requests] == ["FR|2024-11-01"]
    assert result.reasons == [
        "AT: failed in delivery, sell_in; a corrected delivery may come until 15 December 06:00"
    ]  # fmt: skip


def test_a_corrected_delivery_may_come_until_the_deadline_itself(company):
    failed_cycle(company, "FR", "delivery")
    assert asked(company, DEADLINE) == []
    assert asked(company, DEADLINE + pd.Timedelta(seconds=1)) == ["FR|2024-11-01"]


def test_a_run_of_another_market_or_month_is_no_reason_to_wait(company):
    failed_cycle(company, "FR", "model")
    for tags in ({"forecast/market": "AT"}, {"dagster/partition": "FR|2024-10-01"}):
        create_run_for_test(company.instance, job_name="ingest", status=dg.DagsterRunStatus.STARTED, tags=tags)
    assert asked(company) == ["FR|2024-11-01"]


def test_a_fallback_that_is_tried_again_is_waited_for(company):
    failed = failed_cycle(company, "FR", "model")
    create_run_for_test(
        company.instance, job_name="publish_fallback", status=dg.DagsterRunStatus.FAILURE,
        tags={"forecast/after_run": failed, "dagster/will_retry": "true"},
    )  # fmt: skip
    assert after_failures(company.settings, company.instance, TENTH).reasons == ["FR: its run will be started again"]


def test_the_cycle_shows_what_was_at_fault_and_not_the_run_after_it(company):
    failed = failed_cycle(company, "FR", "sell_in")
    create_run_for_test(
        company.instance, job_name="champion_cycle", status=dg.DagsterRunStatus.FAILURE,
        tags={"forecast/after_run": failed},
    )  # fmt: skip
    assert after_failures(company.settings, company.instance, TENTH).reasons == [
        "FR: failed in sell_in; a corrected delivery may come until 15 December 06:00"
    ]


def test_a_run_carries_what_the_daemon_and_the_outbox_need(company):
    failed = failed_cycle(company, "FR", "model")
    (request,) = after_failures(company.settings, company.instance, TENTH).requests
    assert request.tags == {
        "forecast/cycle_id": "dev-2024-11", "forecast/market": "FR", "forecast/started_by": "fallback_publication",
        "forecast/after_run": failed, "dagster/priority": "10",
    }  # fmt: skip


def evaluated(company, monkeypatch, result):
    monkeypatch.setattr(fallback_publication, "after_failures", lambda *_: result)
    with dg.build_sensor_context(instance=company.instance) as context:
        return build_fallback_publication_sensor(company.settings).evaluate_tick(context)


def test_the_sensor_gives_the_first_ten_reasons_where_it_starts_nothing(company, monkeypatch):
    eleven = evaluated(company, monkeypatch, AfterFailures([], [f"M{number}: why" for number in range(11)]))
    assert eleven.skip_message == ". ".join(f"M{number}: why" for number in range(10))
    request = dg.RunRequest(run_key="k", job_name="publish_fallback")
    both = evaluated(company, monkeypatch, AfterFailures([request], ["AT: why"]))
    assert [each.run_key for each in both.run_requests] == ["k"]
