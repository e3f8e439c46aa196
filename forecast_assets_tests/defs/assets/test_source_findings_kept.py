"""Findings of a run on deliveries: a run of one month counts decisions and tells people, one over several does not."""

import contextlib
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import source_findings
from forecast_assets.defs.assets.source_findings import stored_with_findings
from forecast_assets.market_state.delivery_findings import Acceptance
from forecast_assets.storage import PartitionKey
from forecast_assets.validation.table_checks import Finding, TableCheck
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
BOUGHT = Acceptance("Ann", "a bundle", "2024-07-01")
# A SKU that is the sum of the others blocks; it is found in June.
TOTAL = TableCheck("total_as_sku", "no sum among the SKUs", lambda _, month: Finding(int(month == JUNE), None, "TOTAL"))


class Findings:
    """Decisions and findings of FR, and who owned the market when."""

    def __init__(self):
        self.kept, self.owners, self.asked = {}, [], []

    def accepted(self, partition):
        self.asked.append(partition)
        return {("sell_in", "total_as_sku"): BOUGHT}

    def keep(self, source, findings, run_id):
        self.kept[source, run_id] = {at: [(each.name, each.effect) for each in of] for at, of in findings.items()}

    @contextlib.contextmanager
    def owned_by(self, run_id):
        self.owners.append(run_id)
        yield
        self.owners.append("over")


@pytest.fixture
def run(monkeypatch):
    """Return a function that runs months of FR, and gives the check, the tables, the findings and what was told."""

    def ran(*months):
        told, findings = [], Findings()
        monkeypatch.setattr(
            source_findings, "_announce",
            lambda settings, _, market, source, month, of_month: told.append(
                (market.code, source, month, [each.effect for each in of_month], list(findings.owners))
            ),
        )  # fmt: skip
        keys = [dg.MultiPartitionKey({"month": f"{month:%Y-%m-%d}", "country": "FR"}) for month in months]
        context = SimpleNamespace(run=SimpleNamespace(run_id="run-1"), partition_keys=keys)
        tables = {month: pd.DataFrame({"sku": ["a"]}) for month in months}
        check, *outputs = stored_with_findings(context, loaded(), findings, "sell_in", tables, [TOTAL], {"engine": "x"})
        return check, outputs, findings, told

    return ran


def test_a_decision_counts_in_a_run_of_its_month_which_tells_people(run):
    check, (output,), findings, told = run(JUNE)
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert list(output.value) == [JUNE]
    assert findings.asked == [PartitionKey(JUNE, "FR")]
    assert findings.kept == {("sell_in", "run-1"): {PartitionKey(JUNE, "FR"): [("total_as_sku", "accepted")]}}
    # The market is the run's while people are told.
    assert told == [("FR", "sell_in", JUNE, ["accepted"], ["run-1"])]
    assert findings.owners == ["run-1", "over"]


def test_in_a_run_over_several_months_no_decision_counts_and_nobody_is_told(run):
    check, _, findings, told = run(MAY, JUNE)
    assert not check.passed
    assert (findings.asked, findings.owners, told) == ([], [], [])
    (kept,) = findings.kept.values()
    assert {partition.month: [name for name, _ in of_month] for partition, of_month in kept.items()} == {
        MAY: [], JUNE: ["total_as_sku"],
    }  # fmt: skip
