"""The delivery gate run by run: who waits, who goes on, and what the check says."""

from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import delivery as module
from forecast_assets.defs.assets.delivery import delivery
from forecast_assets.sources.landing.arrivals import MonthDelivery

JUNE = pd.Timestamp("2024-06-01")
BY_SCHEDULE = {"forecast/started_by": "monthly_cycle_schedule"}
COMPLETE = MonthDelivery((), (), "f1", None)
INCOMPLETE = MonthDelivery(("sell_in",), (), "f1", None)
UNREADABLE = MonthDelivery((), (), "f1", None, ("sell_in/FR.csv",))
LACKS = "no sell_in of the month"


@pytest.fixture
def gate(monkeypatch):
    """Return a function that runs the gate, with its results and the tags it gave the run."""

    def run(state, tags=BY_SCHEDULE, publisher="", publisher_job="", history=""):
        given = {}
        instance = SimpleNamespace(
            add_run_tags=lambda run_id, added: given.update(added),
            get_run_record_by_id=lambda run_id: SimpleNamespace(create_timestamp="requested"),
            get_run_by_id=lambda run_id: SimpleNamespace(job_name=publisher_job),
        )
        context = SimpleNamespace(
            run=SimpleNamespace(tags=tags, run_id="run-1"), log=SimpleNamespace(info=lambda text: None),
            partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})], instance=instance,
        )  # fmt: skip
        cycle_gate = SimpleNamespace(
            delivery=lambda country, month, now, seen: state if (country, month) == ("FR", JUNE) else None,
            published_by=lambda country, month, since: publisher if since == "requested" else "",
            waits_for=lambda country, month, delivered: delivered.lacks or history,
        )
        monkeypatch.setattr(module, "CycleGate", lambda settings: cycle_gate)
        check, *outputs = delivery(context, None)
        assert (check.check_name, check.severity) == ("arrived", dg.AssetCheckSeverity.WARN)
        return (check.passed, check.description, len(outputs)), given

    return run


def test_a_complete_month_goes_on(gate):
    assert gate(COMPLETE) == ((True, "as expected", 1), {})
    assert gate(COMPLETE, tags={}) == ((True, "as expected", 1), {})


@pytest.mark.parametrize(("state", "history"), [(INCOMPLETE, ""), (COMPLETE, "ingest of 2023-01 to 2024-05 first")])
def test_a_scheduled_run_waits_for_data_and_begins_anew_if_it_dies(gate, state, history):
    missing = history or LACKS
    result, tags = gate(state, history=history)
    assert result == (False, missing, 0)
    assert tags == {"forecast/waits_for": missing, "dagster/retry_strategy": "ALL_STEPS"}


def test_the_tag_of_a_waiting_run_is_cut_to_two_hundred_characters(gate):
    _, tags = gate(COMPLETE, history="x" * 500)
    assert tags["forecast/waits_for"] == "x" * 200


def test_a_run_that_a_person_started_goes_on_and_says_what_is_missing(gate):
    assert gate(INCOMPLETE, tags={}) == ((False, LACKS, 1), {})
    # Nor does it wait for the months before.
    assert gate(COMPLETE, tags={}, history="ingest first") == ((True, "as expected", 1), {})


@pytest.mark.parametrize("tags", [BY_SCHEDULE, {}])
def test_a_file_that_cannot_be_read_is_named_and_stops_nobody_whose_month_is_there(gate, tags):
    assert gate(UNREADABLE, tags=tags) == ((False, "cannot be read: sell_in/FR.csv", 1), {})


def test_a_month_that_a_cycle_published_meanwhile_is_left_alone(gate):
    result, tags = gate(COMPLETE, publisher="run-0", publisher_job="monthly_cycle")
    why = "nothing: run run-0 has published the month since this run was requested"
    assert result == (False, why, 0)
    assert tags["forecast/waits_for"] == why


def test_a_fallback_that_was_published_meanwhile_is_replaced(gate):
    assert gate(COMPLETE, publisher="run-0", publisher_job="publish_fallback") == ((True, "as expected", 1), {})
