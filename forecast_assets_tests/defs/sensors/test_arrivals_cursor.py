"""State between two polls of the arrival sensor, and the words of a poll that starts nothing."""

import dataclasses

import dagster as dg
import pandas as pd
import pytest
from dagster._core.test_utils import create_run_for_test

from forecast_assets.defs.sensors.arrivals import Cursor, Poll, poll_at
from forecast_assets.sources.landing.arrivals import MonthDelivery
from forecast_assets_tests.defs.sensors.company import make_company

NOVEMBER, NOW = pd.Timestamp("2024-11-01"), pd.Timestamp("2024-12-10T06:30Z")
TABLES = MonthDelivery((), (), "first", None)


@pytest.mark.parametrize(("now", "is_kept"), [(280.0, True), (281.0, False)])
def test_after_a_longer_pause_the_time_of_waiting_begins_anew(now, is_kept):
    before = Cursor("2024-11", 100.0, {"FR": "a"}, {"FR": 50.0}, "NO", {"FR": 60.0})
    cursor = Cursor.read(before.write(), NOVEMBER, now, 180)
    assert cursor == dataclasses.replace(before, at=now, first_seen={"FR": 50.0} if is_kept else {})


def test_tables_have_changed_when_a_poll_sees_another_fingerprint():
    cursor = Cursor("2024-11", at=100.0)
    assert cursor.see("FR", TABLES).changed_at is None
    cursor.at = 200.0
    assert cursor.see("FR", TABLES).changed_at is None
    other = dataclasses.replace(TABLES, fingerprint="second")
    assert cursor.see("FR", other).changed_at == pd.Timestamp(200, unit="s", tz="UTC")
    cursor.at = 300.0
    assert cursor.see("FR", other).changed_at == pd.Timestamp(200, unit="s", tz="UTC")
    assert cursor.see("NO", other).changed_at is None
    assert (cursor.fingerprints, cursor.changed) == ({"FR": "second", "NO": "second"}, {"FR": 200.0})


def test_files_have_their_own_time_of_change():
    cursor = Cursor("2024-11", at=100.0, fingerprints={"FR": "before"})
    files = dataclasses.replace(TABLES, changed_at=NOW)
    assert cursor.see("FR", files) is files
    assert cursor.changed == {"FR": 100.0}


@pytest.fixture
def poll(tmp_path) -> Poll:
    with dg.DagsterInstance.ephemeral() as instance:
        company = make_company(tmp_path, ["FR"], instance)
        yield Poll(company.settings, instance, NOVEMBER, NOW, Cursor("2024-11"))


def test_a_poll_without_reasons_has_nothing_to_wait_for(poll):
    assert poll.in_words() == "Every market of 2024-11 is published or under way."


@pytest.mark.parametrize(("count", "end"), [(2, "M1: late"), (10, "M9: late"), (11, "M9: late and 1 more")])
def test_ten_markets_are_named_and_the_others_counted(poll, count, end):
    poll.reasons = {f"M{number}": "late" for number in range(count)}
    assert poll.in_words().startswith("2024-11: M0: late. M1: late")
    assert poll.in_words().endswith(end)


@pytest.mark.parametrize(("pause_s", "is_kept"), [(180, True), (181, False)])
def test_three_missed_polls_are_a_daemon_that_was_down(tmp_path, pause_s, is_kept):
    """A poll is due every minute; FR was first seen in its fiftieth second."""
    (tmp_path / "landing").mkdir()
    with dg.DagsterInstance.ephemeral() as instance:
        settings = make_company(tmp_path, ["FR"], instance).settings
        before = Cursor("2024-11", NOW.timestamp() - pause_s, first_seen={"FR": 50.0})
        result = poll_at(settings, instance, before.write(), NOW)
    after = Cursor.read(result.cursor, NOVEMBER, NOW.timestamp(), pause_s)
    assert after.first_seen == {"FR": 50.0 if is_kept else NOW.timestamp()}


@pytest.mark.parametrize(("at", "is_overdue"), [("2024-12-15T06:00:00Z", False), ("2024-12-15T06:00:01Z", True)])
def test_a_delivery_is_overdue_after_its_deadline(tmp_path, at, is_overdue):
    (tmp_path / "landing").mkdir()
    with dg.DagsterInstance.ephemeral() as instance:
        company = make_company(tmp_path, ["FR"], instance)
        create_run_for_test(
            instance, job_name="monthly_cycle", status=dg.DagsterRunStatus.SUCCESS,
            tags={"dagster/partition": "FR|2024-11-01", "forecast/market": "FR", "forecast/waits_for": "sell_in"},
        )  # fmt: skip
        poll = Poll(company.settings, instance, NOVEMBER, pd.Timestamp(at), Cursor("2024-11"))
        poll.request_for(company.settings.market_table["FR"])
    assert list(poll.missing) == (["FR"] if is_overdue else [])
