"""Findings and acceptances in the store."""

import dataclasses
import os

import pandas as pd
import pytest

from forecast_assets.market_state.delivery_findings import Acceptance, DeliveryFindings, StoredFinding
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.lease import LeaseLost

JUNE_FR = PartitionKey(pd.Timestamp("2024-06-01"), "FR")
JULY_FR = PartitionKey(pd.Timestamp("2024-07-01"), "FR")


@pytest.fixture
def findings(tmp_path):
    return DeliveryFindings(TableStore(str(tmp_path)))


def finding(source: str, name: str, effect: str = "warns") -> StoredFinding:
    return StoredFinding(source, name, effect, f"{name} says so", "run")


def test_a_decision_counts_for_its_month_source_and_finding_alone(findings):
    findings.accept(JUNE_FR, "sell_in", "vanished_skus", "Ann", "range cut")
    accepted = findings.accepted(JUNE_FR)
    assert list(accepted) == [("sell_in", "vanished_skus")]
    assert str(accepted["sell_in", "vanished_skus"]).startswith("accepted by Ann on 20")
    assert str(accepted["sell_in", "vanished_skus"]).endswith(": range cut")
    assert findings.accepted(JULY_FR) == {}


def test_a_decision_names_author_day_and_reason():
    assert str(Acceptance("Ann", "cut", "2024-07-09T12:30:00+00:00")) == "accepted by Ann on 2024-07-09: cut"


def test_files_can_be_read_by_people(findings, tmp_path):
    findings.accept(JUNE_FR, "sell_in", "vanished_skus", "Zoë", "range cut")
    (file,) = tmp_path.rglob("accepted.json")
    assert '  "author": "Zoë",' in file.read_text(encoding="utf-8").splitlines()


def test_the_last_decision_is_in_force_and_the_first_stays_in_the_file(findings, tmp_path):
    findings.accept(JUNE_FR, "sell_in", "vanished_skus", "Ann", "range cut")
    findings.accept(JUNE_FR, "sell_in", "vanished_skus", "Bob", "checked again")
    assert findings.accepted(JUNE_FR)["sell_in", "vanished_skus"].author == "Bob"
    (file,) = tmp_path.rglob("accepted.json")
    assert "Ann" in file.read_text(encoding="utf-8")


def test_findings_of_all_sources_are_read_those_that_block_first(findings):
    findings.keep("sell_out", {JUNE_FR: [finding("sell_out", "repeated_rows")]})
    findings.keep("sell_in", {JUNE_FR: [finding("sell_in", "vanished_skus", "blocks")], JULY_FR: []})
    assert [(each.source, each.effect) for each in findings.of(JUNE_FR)] == [
        ("sell_in", "blocks"),
        ("sell_out", "warns"),
    ]
    assert findings.of(JULY_FR) == []
    assert findings.table(JUNE_FR).iloc[0].tolist() == ["sell_in", "vanished_skus", "blocks", "vanished_skus says so"]


def test_a_later_run_without_findings_clears_those_of_its_source(findings):
    findings.keep("sell_in", {JUNE_FR: [finding("sell_in", "vanished_skus")]})
    findings.keep("sell_out", {JUNE_FR: [finding("sell_out", "days_missing")]})
    findings.keep("sell_in", {JUNE_FR: []})
    assert [each.source for each in findings.of(JUNE_FR)] == ["sell_out"]


def test_a_finding_comes_back_with_the_decision_about_it(findings):
    acceptance = findings.accept(JUNE_FR, "sell_in", "vanished_skus", "Ann", "range cut")
    stored = StoredFinding("sell_in", "vanished_skus", "accepted", "three SKUs", "run", acceptance)
    findings.keep("sell_in", {JUNE_FR: [stored]})
    assert findings.of(JUNE_FR) == [stored]


def test_a_run_that_lost_its_lease_replaces_no_finding_and_tells_nobody(findings):
    """Paused for longer than its lease: what its successor found is in the store."""
    lease = lease_of(findings.store, "FR", 60)
    paused = dataclasses.replace(findings, holds={"paused": lease.take("paused")})
    os.utime(lease.path, (0, 0))
    successor = dataclasses.replace(findings, holds={"successor": lease.take("successor")})
    successor.keep("sell_in", {JUNE_FR: [finding("sell_in", "vanished_skus")]}, "successor")
    with pytest.raises(LeaseLost):
        paused.keep("sell_in", {JUNE_FR: []}, "paused")
    with pytest.raises(LeaseLost), paused.owned_by("paused"):
        pytest.fail("somebody was told")
    with successor.owned_by("successor"):
        assert [each.name for each in findings.of(JUNE_FR)] == ["vanished_skus"]
