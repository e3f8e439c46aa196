"""The heartbeat of each month and channel shows the publications."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from forecast_assets.alerts.heartbeat import CODES_SHOWN, _codes, announce_heartbeat, month_of_heartbeat
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.storage import PartitionKey, TableSpec, TableStore
from forecast_assets_tests.alerts.company import CYCLE, JUNE, Clock, incident
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.storage.examples import run

MARKETS = """markets:
  - {code: "FR", name: France, iso2: "FR", iso3: FRA, region: Europe, since: 2019-01}
  - {code: "DE", name: Germany, iso2: "DE", iso3: DEU, region: Europe, since: 2019-01}
  - {code: "JP", name: Japan, iso2: "JP", iso3: JPN, region: Asia, since: 2019-01, teams_channel: ASIA}
  - {code: "IN", name: India, iso2: "IN", iso3: IND, region: Asia, since: 2019-01, stage: shadow}
  - {code: "SE", name: Sweden, iso2: "SE", iso3: SWE, region: Europe, since: 2019-01, stage: retired}
"""
PUBLISHED = TableSpec(
    "published_forecasts",
    ("sku", "horizon_months"),
    pa.schema([("sku", pa.string()), ("horizon_months", pa.int64()), ("source", pa.string()), ("status", pa.string())]),
)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "markets.yaml").write_text(MARKETS)
    return loaded(
        FORECAST_MARKETS=str(tmp_path / "markets.yaml"),
        FORECAST_STORE=str(tmp_path / "store"),
        FORECAST_ENV="prod",
        FORECAST_LANDING=str(tmp_path / "landing"),
    )


@pytest.fixture
def outbox(settings):
    """An outbox of a company in which FR and the shadow market are published for June, DE for May only."""
    store, clock = TableStore(settings.store.address), Clock()
    clock.now = datetime(2024, 7, 12, tzinfo=UTC)
    rows = pd.DataFrame({"sku": ["A", "A", "B"], "horizon_months": [1, 2, 1], "source": ["model", "model", "baseline"]})
    may = JUNE - pd.DateOffset(months=1)
    for month, code, status in ((JUNE, "FR", "published"), (JUNE, "IN", "shadow"), (may, "DE", "published")):
        store.write(PUBLISHED, PartitionKey(month, code), rows.assign(status=status), run())
    return Outbox(store, {"JP": "ASIA"}, clock)


def facts(outbox: Outbox, channel: str) -> dict[str, str]:
    return dict(outbox.events.read(f"heartbeat-{CYCLE}-{channel}.json")["content"]["facts"])


def test_each_channel_gets_its_markets_once_a_month(outbox, settings):
    outbox.report([incident("FR"), incident("JP")], CYCLE)
    assert announce_heartbeat(outbox, settings) == ["ASIA", "default"]
    assert announce_heartbeat(outbox, settings) == []
    assert facts(outbox, "default") == {
        "Ready": "1 of 3 markets", "SKUs": "2", "Rows by source": "model 2, baseline 1",
        "Not published": "DE, JP", "Shadow markets": "1 of 1 forecast", "Open incidents": "2",
    }  # fmt: skip
    assert facts(outbox, "ASIA") == {"Ready": "0 of 1 markets", "Not published": "JP", "Open incidents": "1"}


def test_a_market_whose_forecast_is_held_or_stale_is_not_counted_as_published(outbox, settings):
    rows = pd.DataFrame({"sku": ["A"], "horizon_months": [1], "source": ["last published"], "status": ["stale"]})
    outbox.store.write(PUBLISHED, PartitionKey(JUNE, "DE"), rows, run())
    announce_heartbeat(outbox, settings)
    told = facts(outbox, "default")
    assert (told["Ready"], told["Status stale"], told["Not published"]) == ("1 of 3 markets", "DE", "JP")


def test_before_its_day_there_is_no_heartbeat(outbox, settings):
    outbox.clock.now = datetime(2024, 7, 11, 23, 59, tzinfo=UTC)
    assert announce_heartbeat(outbox, settings) == []


@pytest.mark.parametrize(
    ("now", "month"),
    [("2024-01-12", "2023-12-01"), ("2024-03-31", "2024-02-01"), ("2024-12-31", "2024-11-01"), ("2024-03-01", None)],
)
def test_its_month_is_the_last_closed_one(now, month):
    result = month_of_heartbeat(datetime.fromisoformat(now), day=12, time_zone="UTC")
    assert result == (None if month is None else pd.Timestamp(month))


def test_its_day_begins_at_midnight_in_the_time_zone_of_the_company():
    ten_in_the_morning = datetime(2024, 7, 11, 10, tzinfo=UTC)
    assert month_of_heartbeat(ten_in_the_morning, 12, "Pacific/Kiritimati") == pd.Timestamp("2024-06-01")
    assert month_of_heartbeat(ten_in_the_morning, 12, "UTC") is None
    assert month_of_heartbeat(ten_in_the_morning + timedelta(days=1), 12, "Pacific/Pago_Pago") is None


def test_a_company_without_publications_is_reported_as_such(settings, tmp_path):
    clock = Clock()
    clock.now = datetime(2024, 7, 12, tzinfo=UTC)
    outbox = Outbox(TableStore(str(tmp_path / "empty")), {}, clock)
    assert announce_heartbeat(outbox, settings) == ["default"]
    assert facts(outbox, "default")["Ready"] == "0 of 3 markets"


def test_the_heartbeat_says_how_many_markets_are_ready_and_links_to_their_report(outbox, settings):
    linked = settings.copy_with("reports", url="https://reports.example.com/store/")
    announce_heartbeat(outbox, linked)
    content = outbox.events.read(f"heartbeat-{CYCLE}-default.json")["content"]
    assert content["title"] == "Heartbeat · Jun 2024 · 1 of 3 markets ready"
    assert content["report"] == ""  # there is none yet
    outbox.store.write_documents("company_report", PartitionKey(JUNE), {"company_report.html": b"page"}, run())
    other = Outbox(outbox.store, {"JP": "ASIA", "DE": "EUROPE"}, outbox.clock)
    announce_heartbeat(other, linked)
    content = outbox.events.read(f"heartbeat-{CYCLE}-EUROPE.json")["content"]
    assert content["report"] == (
        "https://reports.example.com/store/company_report/month=2024-06-01/company_report.html"
    )


def test_a_market_whose_file_is_damaged_is_told_apart_from_one_that_is_not_published(outbox, settings):
    Path(outbox.store.path("published_forecasts", PartitionKey(JUNE, "FR"))).write_bytes(b"PAR1")
    announce_heartbeat(outbox, settings)
    told = facts(outbox, "default")
    assert (told["Ready"], told["File damaged"], told["Not published"]) == ("0 of 3 markets", "FR", "DE, JP")
    assert "SKUs" not in told


@pytest.mark.parametrize(("count", "more"), [(CODES_SHOWN, ""), (CODES_SHOWN + 1, " and 1 more")])
def test_many_markets_are_counted_after_the_first(count, more):
    codes = [f"M{number:02}" for number in range(count)]
    assert _codes(codes) == ", ".join(codes[:CODES_SHOWN]) + more
