"""``accept``: what it stores, prints and rejects."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.market_state.delivery_findings import DeliveryFindings, StoredFinding
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.repository_settings import MARKETS

JUNE_FR = PartitionKey(pd.Timestamp("2024-06-01"), "FR")


@pytest.fixture
def findings(monkeypatch, tmp_path):
    for name, value in {"MARKETS": MARKETS, "STORE": str(tmp_path), "LANDING": str(tmp_path / "landing")}.items():
        monkeypatch.setenv(f"FORECAST_{name}", value)
    return DeliveryFindings(TableStore(str(tmp_path)))


def accept(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["accept", *arguments])
    return result.exit_code, unboxed(result.output)


def test_a_finding_is_accepted_with_author_and_reason(findings):
    findings.keep("sell_in", {JUNE_FR: [StoredFinding("sell_in", "vanished_skus", "blocks", "three", "run")]})
    code, text = accept("FR", "2024-06", "vanished_skus", "--reason", "range cut", "--author", "Ann")
    assert code == 0
    assert "FR 2024-06: vanished_skus of sell_in is accepted by Ann on" in text
    assert "Next: forecast-assets cycle --month 2024-06 --country FR" in text
    assert "No run has found it" not in text
    assert findings.accepted(JUNE_FR)["sell_in", "vanished_skus"].reason == "range cut"


def test_the_source_is_the_one_that_has_the_finding_in_the_month(findings):
    findings.keep("promotions", {JUNE_FR: [StoredFinding("promotions", "source_gone", "blocks", "gone", "run")]})
    assert accept("FR", "2024-06", "source_gone", "--reason", "no promotions any more")[0] == 0
    assert list(findings.accepted(JUNE_FR)) == [("promotions", "source_gone")]


def test_a_finding_may_be_accepted_before_a_run_has_it(findings):
    assert "No run has found it" in accept("FR", "2024-06", "market_volume", "--reason", "price war")[1]
    assert list(findings.accepted(JUNE_FR)) == [("sell_in", "market_volume")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("FR", "2024-06", "schema", "--reason", "x"), "no finding schema"),
        (("XX", "2024-06", "vanished_skus", "--reason", "x"), "no market XX"),
        (("FR", "June", "vanished_skus", "--reason", "x"), "June"),
        (("FR", "2024-06", "vanished_skus", "--reason", " "), "--reason is empty"),
        (("FR", "2024-06", "vanished_skus"), "--reason"),
        (("FR", "2024-06", "vanished_skus", "--reason", "x", "--source", "sales"), "no source sales"),
    ],
)
def test_what_cannot_be_accepted_is_named_and_nothing_is_stored(findings, arguments, message):
    code, text = accept(*arguments)
    assert code == 2
    assert message in text
    assert findings.accepted(JUNE_FR) == {}


def test_an_author_in_brackets_is_printed_as_typed(findings):
    text = accept("FR", "2024-06", "market_volume", "--reason", "price war", "--author", "Ann [sales]")[1]
    assert "is accepted by Ann [sales] on" in text
