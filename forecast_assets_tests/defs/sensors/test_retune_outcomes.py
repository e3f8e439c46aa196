"""Outcome of a tuning that an alarm started: told until the next cycle has decided."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.sensors.retune import retunes
from forecast_assets.defs.sensors.retune_outcomes import report_outcomes
from forecast_assets.domain.selection.champion import champion as decided
from forecast_assets.domain.selection.contest import Contest, recipe_id
from forecast_assets.domain.selection.tuning import COLUMNS
from forecast_assets_tests.defs.sensors.retuning import DECEMBER, NOVEMBER, OCTOBER, TENTH, alarm, ready, run, tuned
from forecast_assets_tests.domain.selection.rival_recipes import IN_FORCE, LIMITS, OLD, alone, market


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield ready(tmp_path, instance)


def test_people_are_told_what_was_found_until_the_next_cycle_has_decided(company):
    alarm(company, "FR")
    ((request,), _) = retunes(company.settings, company.instance, TENTH)
    run_id = run(company, request)
    tuned(company, "FR", NOVEMBER)
    for _ in range(2):
        report_outcomes(company.settings, company.instance, NOVEMBER)
    (open_incident,) = [each for each in company.outbox.open_incidents() if each.kind == "retuned"]
    assert open_incident.headline == (
        "Market FR: tuned again after an alarm, trial 1 has loss 0.2500, the usual recipe 0.3000; "
        "the cycle of 2024-12 decides"
    )
    assert (open_incident.severity, open_incident.run_id, open_incident.month) == ("info", run_id, NOVEMBER)
    assert dict(open_incident.facts) == {"alarm": "FR: wape is bad", "trials": "2", "re-tunes of the month": "1 of 4"}
    champion(company, "FR", NOVEMBER)
    report_outcomes(company.settings, company.instance, DECEMBER)
    assert ("retuned", "FR", "") in company.open_kinds()
    champion(company, "FR", DECEMBER)
    for _ in range(2):
        report_outcomes(company.settings, company.instance, DECEMBER)
    assert ("retuned", "FR", "") not in company.open_kinds()
    assert [event["what"] for event in company.events() if event["incident"]["kind"] == "retuned"] == [
        "opened", "recovered",
    ]  # fmt: skip


def champion(company, country, month):
    table = decided(Contest(OLD, None, IN_FORCE, recipe_id(OLD)), alone(market()), month, LIMITS)
    company.write("champion", country, month, table)


def test_a_tuning_that_failed_or_goes_on_is_not_told_as_an_outcome(company):
    alarm(company, "FR")
    ((request,), _) = retunes(company.settings, company.instance, TENTH)
    run(company, request, dg.DagsterRunStatus.FAILURE)
    report_outcomes(company.settings, company.instance, NOVEMBER)
    assert company.open_kinds() == {("wape", "FR", "published")}


def test_a_tuning_whose_outcome_cannot_be_read_keeps_no_other_from_being_told(company):
    for code in ("FR", "DE"):
        alarm(company, code)
    requests, _ = retunes(company.settings, company.instance, TENTH)
    for request in requests:
        run(company, request)
    tuned = pd.DataFrame(
        {"trial": [0], "role": ["in_force"], "parameters": ["{}"], "wape": [0.2], "bias": [0.0], "loss": [0.2]}
    ).astype(COLUMNS)
    company.write("tuned_recipe", "DE", NOVEMBER, tuned)
    report_outcomes(company.settings, company.instance, NOVEMBER)
    told = {(incident.kind, incident.country) for incident in company.outbox.open_incidents()}
    assert {("sensor_failed", "FR"), ("retuned", "DE")} <= told


def tuning(company, code: str = "FR") -> str:
    """Start the tuning of a market for November and return its run."""
    alarm(company, code)
    ((request,), _) = retunes(company.settings, company.instance, TENTH)
    return run(company, request)


def outcomes(company, month=NOVEMBER) -> dict[str | None, str]:
    """Report in a month and return the headlines of open outcomes by market."""
    report_outcomes(company.settings, company.instance, month)
    return {each.country: each.headline for each in company.outbox.open_incidents() if each.kind == "retuned"}


def test_a_tuning_that_found_nothing_better_says_so(company):
    tuning(company)
    rows = [
        [0, "in_force", "{}", 0.3, 0.0, 0.30],
        [1, "tried", "{}", 0.4, 0.0, 0.40],
        [2, "tried", "{}", 0.4, 0.0, 0.4],
    ]
    company.write("tuned_recipe", "FR", NOVEMBER, pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))
    assert outcomes(company) == {
        "FR": "Market FR: tuned again after an alarm, no recipe tried is better than the usual one; "
        "the cycle of 2024-12 decides"
    }
    (incident,) = [each for each in company.outbox.open_incidents() if each.kind == "retuned"]
    assert dict(incident.facts)["trials"] == "3"


@pytest.mark.parametrize(
    ("month", "is_told"), [(NOVEMBER, True), (DECEMBER, True), (pd.Timestamp("2025-01-01"), False)]
)
def test_tunings_of_the_month_and_of_the_one_before_are_told(company, month, is_told):
    tuning(company)
    tuned(company, "FR", NOVEMBER)
    assert bool(outcomes(company, month)) is is_told


def test_a_tuning_whose_cycle_has_decided_before_it_is_told_is_not_told(company):
    tuning(company)
    tuned(company, "FR", NOVEMBER)
    champion(company, "FR", DECEMBER)
    assert outcomes(company) == {}


def test_the_champion_of_another_market_or_month_decides_nothing(company):
    tuning(company)
    tuned(company, "FR", NOVEMBER)
    champion(company, "DE", DECEMBER)
    champion(company, "FR", NOVEMBER)
    champion(company, "FR", OCTOBER)
    assert list(outcomes(company)) == ["FR"]


def test_an_outcome_that_cannot_be_read_is_named_with_the_error(company):
    run_id = tuning(company)
    report_outcomes(company.settings, company.instance, NOVEMBER)
    (incident,) = [each for each in company.outbox.open_incidents() if each.kind == "sensor_failed"]
    assert incident.headline == "the outcome of the tuning of 2024-11 cannot be read"
    assert (incident.country, incident.subject, incident.run_id, incident.severity) == (
        "FR",
        "retuned",
        run_id,
        "warning",
    )
    assert dict(incident.facts)["error"].startswith("MissingPartition: ")
