"""Evidence: states follow from rows, pages show delivered text as text, alarms are joined with what followed."""

import dataclasses
import json
import math

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.operations.evidence import code_and_data, runs_and_results
from forecast_assets.operations.evidence.pages import PRINCIPLES, collect, write_pages
from forecast_assets.operations.evidence.proof import Live, Principle, Proof, rows_of
from forecast_assets.operations.history.replay import Outcome, Target
from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore, Version
from forecast_assets_tests.repository_settings import loaded

ROW = {"a": 1}


def principle(*proofs):
    return Principle(3, "Reproducibility", ("replay",), proofs)


@pytest.mark.parametrize(
    ("proofs", "state"),
    [
        ([([ROW], None)], "proved"),
        ([([ROW], True), ([ROW], None)], "proved"),
        ([([ROW], True), ([], None)], "partly"),
        ([([ROW], None), ([ROW], False)], "not proved"),
        ([([], None)], "not proved"),
        # A comparison of nothing holds for no reason.
        ([([], True)], "not proved"),
    ],
)
def test_the_state_of_a_principle_follows_from_its_rows(proofs, state):
    assert principle(*(Proof("t", "q", rows, holds) for rows, holds in proofs)).state == state


def test_delivered_text_is_shown_as_text(tmp_path):
    rows = [{"reason": "<script>alert(1)</script>", "wape": 0.123456}]
    paths = write_pages([principle(Proof("<b>", "a < b", rows))], tmp_path, "2025-01-01", "abc")
    page = (tmp_path / "index.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "a &lt; b" in page
    assert [path.name for path in paths] == ["3-reproducibility.json", "index.html"]
    content = json.loads(paths[0].read_text())
    assert (content["state"], content["git_sha"]) == ("proved", "abc")
    assert content["proofs"][0]["rows"] == rows


@pytest.fixture
def live(tmp_path):
    home, store = tmp_path / "home", tmp_path / "store"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        settings = loaded(FORECAST_STORE=str(store), MLFLOW_TRACKING_URI="")
        yield Live(settings, TableStore(str(store)), instance, dg.Definitions(), lambda cycle, country: [])


def test_an_instance_that_never_ran_proves_no_run_and_no_replay(live):
    states = {each.number: each.state for each in collect(live)}
    assert sorted(states) == list(range(1, 10))
    assert {number for number, state in states.items() if state == "not proved"} == {2, 3, 4, 6, 7, 8, 9}


@pytest.mark.parametrize(
    ("results", "holds"),
    [
        (["identical", "identical"], True),
        (["identical", "not possible"], True),
        (["identical", "different"], False),
        (["not possible"], False),
    ],
)
def test_a_replay_holds_if_a_table_was_rebuilt_and_none_differs(live, monkeypatch, results, holds):
    partition = PartitionKey(pd.Timestamp("2024-03-01"), "FR")
    stored = StoredProvenance("run", "test-2024-03", "sha", rows=1)
    version = Version("run", "path", stored, is_published=True, was_published=True, is_withdrawn=False)
    outcomes = [Outcome(Target("features", partition, version), result) for result in results]
    monkeypatch.setattr(Live, "latest", lambda _: [partition])
    monkeypatch.setattr(TableStore, "provenance", lambda *_: stored)
    asked = dataclasses.replace(live, replay=lambda cycle, country: outcomes)
    (proof,) = code_and_data.reproducibility(asked).proofs
    assert proof.holds is holds
    assert proof.query == "forecast-assets replay --cycle test-2024-03 --country FR"


def test_each_principle_has_a_file_of_its_own(live):
    assert len({each(live).file for each in PRINCIPLES}) == 9


def test_an_alarm_is_joined_with_what_followed_in_its_market_from_its_month_on(live, monkeypatch):
    march = pd.Timestamp("2024-03-01")
    Outbox.of(live.settings).report(
        [Incident("wape", "FR", "published", march, "warning", "WAPE 70 %")], "test-2024-03"
    )
    tuned = pd.DataFrame(
        {
            "country": ["FR", "FR", "DE"],
            "month": pd.to_datetime(["2024-02-01", "2024-04-01", "2024-04-01"]),
            "role": ["in_force", "tried", "in_force"],
        }
    )
    tables = {"tuned_recipe": tuned}
    monkeypatch.setattr(Live, "read", lambda _, table: tables.get(table, pd.DataFrame()))
    alarms = runs_and_results.feedback(live).proofs[0].rows
    assert [(each["market"], each["headline"], each["tuned"], each["contests"]) for each in alarms] == [
        ("FR", "WAPE 70 %", "2024-04 tried", "")
    ]


def test_realised_accuracy_is_of_what_was_published(live, monkeypatch):
    rows = {
        "country": "FR",
        "month": pd.Timestamp("2024-03-01"),
        "lag_months": 1,
        "origin_month": pd.Timestamp("2024-02-01"),
    }
    table = pd.DataFrame({**rows, "sku": ["a", "b"], "actual_units": [10.0, 30.0], "published_units": [20.0, 20.0]})
    monkeypatch.setattr(Live, "read", lambda _, name: table if name == "performance" else pd.DataFrame())
    (row,) = runs_and_results.monitoring(live).proofs[1].rows
    assert (row["market"], row["month"], row["lag_months"], row["skus"]) == ("FR", "2024-03", 1, 2)
    # Errors of +10 and -10 on 40 units.
    assert math.isclose(row["wape"], 0.5)
    assert math.isclose(row["bias"], 0.0, abs_tol=1e-12)


def test_rows_are_what_json_can_hold():
    table = pd.DataFrame({"month": pd.to_datetime(["2024-01-01"]), "wape": [float("nan")], "n": [3]})
    assert json.loads(json.dumps(rows_of(table))) == [{"month": "2024-01-01", "wape": None, "n": 3}]
