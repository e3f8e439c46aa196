"""Record by which a stopped backfill continues under the same id and revision."""

import dataclasses

import pandas as pd

from forecast_assets.operations.backfill.backfill_plan import BackfillRequest
from forecast_assets.operations.backfill.backfill_record import close_record, next_revision, open_record
from forecast_assets.storage import TableStore

REQUEST = BackfillRequest(
    ("FR", "DE"), pd.Timestamp("2024-01-01"), pd.Timestamp("2024-06-01"), ("model", "features"), True
)


def test_an_unfinished_backfill_keeps_its_revision(tmp_path):
    store = TableStore(str(tmp_path))
    first, goes_on = open_record(store, REQUEST, ["dev-2024-01"])
    assert (first.revision, goes_on) == (2, False)
    again = dataclasses.replace(REQUEST, countries=("DE", "FR"), assets=("features", "model"))
    assert open_record(store, again, ["dev-2024-01.r2"]) == (first, True)


def test_once_finished_the_same_request_is_a_new_backfill(tmp_path):
    store = TableStore(str(tmp_path))
    record, _ = open_record(store, REQUEST, [])
    close_record(store, record)
    new, goes_on = open_record(store, REQUEST, ["dev-2024-01.r2"])
    assert (new.id, new.revision, goes_on) == (record.id, 3, False)


def test_another_request_has_a_record_of_its_own(tmp_path):
    store = TableStore(str(tmp_path))
    record, _ = open_record(store, REQUEST, [])
    other, goes_on = open_record(store, dataclasses.replace(REQUEST, first=pd.Timestamp("2024-02-01")), [])
    assert other.id != record.id
    assert not goes_on


def test_a_revision_follows_the_highest():
    assert next_revision([]) == next_revision(["dev-2024-01"]) == 2
    assert next_revision(["dev-2024-01.r9", "dev-2024-02.r10", "dev-2024-03"]) == 11
