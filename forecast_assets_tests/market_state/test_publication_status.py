"""Status of the other months once a publication is withdrawn or brought back."""

import pandas as pd
import pytest

from forecast_assets.operations.history.withdraw import (
    restore,
    withdraw,
)
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.operations.history.withdrawals import order, status

MAY, JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-{month:02d}-01") for month in (5, 6, 7, 8))
NOW = pd.Timestamp("2024-09-01 12:00", tz="UTC")
TABLE = "published_forecasts"


def at(day: int) -> dict[str, str]:
    return {"published_at": f"2024-09-{day:02d}T06:00:00+00:00"}


def later(month: pd.Timestamp) -> dict[str, str]:
    return {"later_published": f"{month:%Y-%m-%d}"}


def test_a_month_that_was_backfilled_because_of_it_is_published_then_and_backfilled_again_after_undoing(tmp_path):
    """August was published by mistake; June and July came after it, May had been there."""
    store = TableStore(str(tmp_path))
    publish(store, MAY, answers=at(1))
    publish(store, AUGUST, answers=at(2))
    publish(store, JUNE, status="backfilled", answers=at(3) | later(AUGUST))
    may = {"published_forecasts": {"FR|2024-05-01": "content"}}
    repeated = {"stale_since": "2024-05-01"}
    publish(
        store, JULY, status="backfilled", source="last published", answers=at(4) | later(AUGUST) | repeated, inputs=may
    )
    outcome = withdraw(store, order(AUGUST), 60)
    assert [(change.month, change.after) for change in outcome.changes] == [(JUNE, "published"), (JULY, "stale")]
    assert [status(store, month) for month in (MAY, JUNE, JULY)] == ["published", "published", "stale"]
    june = store.provenance(TABLE, PartitionKey(JUNE, "FR"))
    assert (june.cycle_id, june.answers) == ("dev-2024-06", at(3))
    restore(store, order(AUGUST), 60)
    assert [status(store, month) for month in (MAY, JUNE, JULY)] == ["published", "backfilled", "backfilled"]
    assert store.provenance(TABLE, PartitionKey(JUNE, "FR")).answers == at(3) | later(AUGUST)


@pytest.mark.parametrize(("day_of_july", "expected"), [(1, "backfilled"), (3, "published"), (4, "published")])
def test_another_later_month_counts_if_it_had_been_published_before(tmp_path, day_of_july, expected):
    """June was backfilled on the 3rd, after August of the 2nd; July was published before, with or after it."""
    store = TableStore(str(tmp_path))
    publish(store, AUGUST, answers=at(2))
    publish(store, JUNE, status="backfilled", answers=at(3) | later(AUGUST))
    publish(store, JULY, answers=at(day_of_july))
    publish(store, JULY, run="again", forecast_units=3.0, answers=at(9))
    withdraw(store, order(AUGUST), 60)
    assert status(store, JUNE) == expected


def test_a_month_stays_backfilled_if_it_names_another_later_month(tmp_path):
    """July names no earlier time: it has been published again since."""
    store = TableStore(str(tmp_path))
    publish(store, AUGUST, answers=at(2))
    publish(store, JULY, answers=at(9))
    publish(store, JUNE, status="backfilled", answers=at(3) | later(JULY))
    assert withdraw(store, order(AUGUST), 60).changes == ()


def test_a_month_stays_backfilled_if_the_first_version_of_a_later_one_was_pruned(tmp_path):
    store = TableStore(str(tmp_path))
    publish(store, AUGUST, answers=at(2))
    publish(store, JULY, answers=at(1))
    publish(store, JULY, run="again", forecast_units=3.0, answers=at(9))
    publish(store, JUNE, status="backfilled", answers=at(3) | later(AUGUST))
    store.files.remove(f"{store.versions_folder(TABLE, PartitionKey(JULY, 'FR'))}/run-2024-07.parquet")
    assert withdraw(store, order(AUGUST), 60).changes == ()


def test_a_month_keeps_the_time_at_which_it_was_published(tmp_path):
    store = TableStore(str(tmp_path))
    publish(store, AUGUST, answers=at(2))
    publish(store, JUNE, status="backfilled", answers=later(AUGUST))
    written_at = store.provenance(TABLE, PartitionKey(JUNE, "FR")).written_at
    withdraw(store, order(AUGUST), 60)
    kept = store.provenance(TABLE, PartitionKey(JUNE, "FR")).answers["published_at"]
    assert pd.Timestamp(kept) == pd.Timestamp(written_at)


def test_months_after_the_restored_one_keep_their_status(tmp_path):
    store = TableStore(str(tmp_path))
    publish(store, JUNE, answers=at(1))
    publish(store, JULY, answers=at(2))
    publish(store, AUGUST, status="stale", answers=at(3))
    withdraw(store, order(JULY), 60)
    restore(store, order(JULY), 60)
    assert [status(store, month) for month in (JUNE, JULY, AUGUST)] == ["published", "published", "stale"]


@pytest.mark.parametrize("stage_status", ["shadow", "held"])
def test_the_status_of_a_stage_is_not_changed(tmp_path, stage_status):
    store = TableStore(str(tmp_path))
    publish(store, JULY, answers=at(1))
    publish(store, JUNE, status=stage_status, answers=at(3) | later(JULY))
    assert withdraw(store, order(JULY), 60).changes == restore(store, order(JULY), 60).changes == ()


@pytest.mark.parametrize(("day", "expected"), [(2, "published"), (3, "backfilled")])
def test_a_month_is_backfilled_again_if_it_came_after_the_restored_one(tmp_path, day, expected):
    store = TableStore(str(tmp_path))
    publish(store, JULY, answers=at(2))
    withdraw(store, order(JULY), 60)
    publish(store, JUNE, answers=at(day))
    restore(store, order(JULY), 60)
    assert status(store, JUNE) == expected


def test_the_months_of_other_markets_keep_their_status(tmp_path):
    store = TableStore(str(tmp_path))
    publish(store, AUGUST, answers=at(2))
    publish(store, JULY, country="DE", answers=at(1))
    publish(store, JUNE, status="backfilled", answers=at(3) | later(AUGUST))
    publish(store, JUNE, country="DE", status="backfilled", answers=at(3) | later(AUGUST))
    assert [change.month for change in withdraw(store, order(AUGUST), 60).changes] == [JUNE]
    assert status(store, JUNE) == "published"


def test_a_backfilled_month_that_names_no_later_one_is_judged_too(tmp_path):
    """Older versions of the code did not note the later month."""
    store = TableStore(str(tmp_path))
    publish(store, AUGUST, answers=at(2))
    publish(store, JUNE, status="backfilled", answers=at(3))
    assert [change.after for change in withdraw(store, order(AUGUST), 60).changes] == ["published"]


def test_an_earlier_publication_of_the_month_itself_is_no_later_month(tmp_path):
    store = TableStore(str(tmp_path))
    publish(store, AUGUST, answers=at(2))
    publish(store, JUNE, status="backfilled", answers=at(3) | later(AUGUST))
    publish(store, JUNE, run="again", forecast_units=3.0, status="backfilled", answers=at(9) | later(AUGUST))
    withdraw(store, order(AUGUST), 60)
    assert status(store, JUNE) == "published"
