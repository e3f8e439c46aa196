"""The gate of a market's cycle: what it waits for, in words, and which run has published a month."""

from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.cycle_gate import UNREADABLE, CycleGate
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.sources.landing.arrivals import MonthDelivery
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.sources.landing.deliveries import Deliveries

JUNE = pd.Timestamp("2024-06-01")
# Every file of a test is old enough to be whole.
NOW = pd.Timestamp("2200-01-01", tz="UTC")
# FR starts with the month, DE two months before it.
MARKETS = """markets:
  - {code: "FR", name: France, iso2: "FR", iso3: FRA, region: Europe, since: 2024-06-01}
  - {code: "DE", name: Germany, iso2: "DE", iso3: DEU, region: Europe, since: 2024-04-01}
"""
COMPLETE = MonthDelivery((), (), "fingerprint", None)
LACKING = MonthDelivery(("sell_in",), (), "fingerprint", None)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    (tmp_path / "landing").mkdir()
    return loaded(
        FORECAST_MARKETS=str(tmp_path / "markets.yaml"), FORECAST_STORE=str(tmp_path / "store"),
        FORECAST_LANDING=str(tmp_path / "landing"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("country", "delivery", "words"),
    [
        ("FR", COMPLETE, ""),
        ("FR", LACKING, "no sell_in of the month"),
        ("DE", COMPLETE, "ingest of 2024-04 to 2024-05 first"),
        ("DE", LACKING, "no sell_in of the month; ingest of 2024-04 to 2024-05 first"),
    ],
)
def test_a_cycle_waits_for_its_delivery_and_for_earlier_months(settings, country, delivery, words):
    assert CycleGate(settings).waits_for(country, JUNE, delivery) == words


def test_the_next_step_is_the_cycle_once_earlier_months_are_there(settings):
    assert CycleGate(settings).next_step("FR", JUNE) == Step("monthly_cycle", MonthRange(JUNE, JUNE))
    assert CycleGate(settings).next_step("DE", JUNE).job == "ingest"


def test_the_run_that_published_the_month_is_named_if_it_did_so_after_a_moment(settings, tmp_path):
    store, moment = TableStore(str(tmp_path / "store")), pd.Timedelta(microseconds=1)
    publish(store, JUNE, run="run-a")
    written_at = pd.Timestamp(store.provenance("published_forecasts", PartitionKey(JUNE, "FR")).written_at)
    gate = CycleGate(settings)
    assert gate.published_by("FR", JUNE) == "run-a"
    assert gate.published_by("FR", JUNE, (written_at - moment).to_pydatetime()) == "run-a"
    assert gate.published_by("FR", JUNE, written_at.to_pydatetime()) == ""
    assert (gate.published_by("DE", JUNE), gate.published_by("FR", JUNE - pd.DateOffset(months=1))) == ("", "")
    assert (gate.has("published_forecasts", "FR", JUNE), gate.has("published_forecasts", "DE", JUNE)) == (True, False)


def test_a_damaged_publication_is_of_no_known_run_and_is_replaced_by_a_fallback(settings, tmp_path):
    store = TableStore(str(tmp_path / "store"))
    publish(store, JUNE)
    Path(store.path("published_forecasts", PartitionKey(JUNE, "FR"))).write_bytes(b"")
    gate = CycleGate(settings)
    assert gate.published_by("FR", JUNE) == UNREADABLE
    assert gate.published_by("FR", JUNE, pd.Timestamp("2024-07-01", tz="UTC").to_pydatetime()) == ""


def test_rows_under_another_spelling_of_the_code_are_named_where_the_month_is_missing(settings, tmp_path):
    landing = Deliveries(tmp_path / "landing").sell_in("fr,A,2024-06,1\nDE,A,2024-06,1\n")
    delivery = CycleGate(settings).delivery("FR", JUNE, NOW)
    assert delivery.missing == ("sell_in",)
    assert len(delivery.unreadable) == 1
    assert "fr" in delivery.unreadable[0]
    landing.sell_in("FR,A,2024-06,1\n", "more.csv")
    complete = CycleGate(settings).delivery("FR", JUNE, NOW)
    assert (complete.missing, complete.unreadable) == ((), ())
