"""Incidents of findings on deliveries: which are announced, how severe they are, and when they are over."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.defs.assets.source_findings import _announce, incident_of
from forecast_assets.market_state.delivery_findings import ACCEPTED, BLOCKS, WARNS, DeliveryFindings, StoredFinding
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE, JULY = (pd.Timestamp(f"2024-0{month}-01") for month in (5, 6, 7))


def finding(name: str = "vanished_skus", effect: str = BLOCKS, message: str = "3 SKUs are gone") -> StoredFinding:
    return StoredFinding("sell_in", name, effect, message, "run-1")


@pytest.fixture
def company(tmp_path):
    """Return a function that announces findings of a month, and one that lists the open incidents."""
    settings = loaded(FORECAST_STORE=str(tmp_path / "store"))
    store, market = TableStore(settings.store.address), settings.market_table["FR"]

    def announce(*findings: StoredFinding, month: pd.Timestamp = JUNE) -> None:
        _announce(settings, DeliveryFindings(store), market, "sell_in", month, findings)

    def opened() -> list[str]:
        return sorted(incident.subject for incident in Outbox.of(settings).open_incidents())

    return store, announce, opened


def stored(store: TableStore, month: pd.Timestamp, country: str = "FR") -> None:
    """Create a stored file: only its name is read."""
    path = Path(store.path("sell_in", PartitionKey(month, country)))
    path.parent.mkdir(parents=True)
    path.touch()


@pytest.mark.parametrize(
    ("effect", "stage", "severity", "consequence"),
    [
        (BLOCKS, "live", "critical", "the month is not stored"),
        (WARNS, "live", "warning", "a warning"),
        (BLOCKS, "shadow", "info", "the month is not stored"),
    ],
)
def test_a_finding_that_stops_a_live_market_is_critical(effect, stage, severity, consequence):
    market = dataclasses.replace(loaded().market_table["FR"], stage=stage)
    incident = incident_of(finding(effect=effect), market, JUNE)
    assert (incident.severity, dict(incident.facts)["effect"]) == (severity, consequence)
    assert dict(incident.facts)["if it is right"] == "forecast-assets accept FR 2024-06 vanished_skus --reason ..."
    assert incident.headline == f"{market.name}: sell_in of 2024-06, vanished_skus: 3 SKUs are gone"
    assert len(incident_of(finding(message="x" * 1000), market, JUNE).headline) == 300


def test_a_finding_is_announced_until_it_is_gone_or_accepted(company):
    _, announce, opened = company
    announce(finding(), finding("repeated_rows", WARNS))
    assert opened() == ["sell_in repeated_rows", "sell_in vanished_skus"]
    announce(finding(effect=ACCEPTED), finding("repeated_rows", WARNS))
    assert opened() == ["sell_in repeated_rows"]
    announce()
    assert opened() == []


def test_rows_of_no_market_are_on_no_card(company):
    _, announce, opened = company
    announce(finding("unknown_countries", WARNS))
    assert opened() == []


def test_a_month_before_a_stored_one_announces_and_closes_nothing(company):
    store, announce, opened = company
    stored(store, JUNE)
    stored(store, JULY, country="DE")
    announce(finding())
    announce(month=MAY)
    assert opened() == ["sell_in vanished_skus"]
    stored(store, JULY)
    announce()
    assert opened() == ["sell_in vanished_skus"]
