"""Record by which a stopped backfill continues under the same id and revision."""

import contextlib
import dataclasses

import pandas as pd

from forecast_assets.operations.backfill.backfill_plan import BackfillRequest
from forecast_assets.operations.backfill.backfill_record import close_record, next_revision, open_record
from forecast_assets.storage import TableStore
from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.publish import Files

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


def meanwhile(monkeypatch, action):
    """Call ``action`` once, between the first read of the record and the write that follows it."""
    read, waiting = Files.read_with_state, [action]

    def reading(files, path):
        state_and_content = read(files, path)
        if waiting:
            waiting.pop()()
        return state_and_content

    monkeypatch.setattr(Files, "read_with_state", reading)
    # The lock of a local folder would keep the second command waiting; Azure has none.
    monkeypatch.setattr(AtomicFile, "locked", lambda _: contextlib.nullcontext())


def test_two_commands_that_start_together_share_a_record(tmp_path, monkeypatch):
    store, opened = TableStore(str(tmp_path)), []
    meanwhile(monkeypatch, lambda: opened.append(open_record(store, REQUEST, ["dev-2024-01.r6"])))
    second = open_record(store, REQUEST, [])
    assert opened[0][0].revision == 7
    assert second == (opened[0][0], True)


def test_a_late_command_does_not_close_the_next_backfill(tmp_path, monkeypatch):
    store, opened = TableStore(str(tmp_path)), []
    record, _ = open_record(store, REQUEST, [])

    def close_and_open_the_next():
        close_record(store, record)
        opened.append(open_record(store, REQUEST, ["dev-2024-01.r2"]))

    meanwhile(monkeypatch, close_and_open_the_next)
    close_record(store, record)
    assert open_record(store, REQUEST, []) == (opened[0][0], True)
    assert opened[0][0].revision == 3


def test_another_request_has_a_record_of_its_own(tmp_path):
    store = TableStore(str(tmp_path))
    record, _ = open_record(store, REQUEST, [])
    other, goes_on = open_record(store, dataclasses.replace(REQUEST, first=pd.Timestamp("2024-02-01")), [])
    assert other.id != record.id
    assert not goes_on


def test_a_revision_follows_the_highest():
    assert next_revision([]) == next_revision(["dev-2024-01"]) == 2
    assert next_revision(["dev-2024-01.r9", "dev-2024-02.r10", "dev-2024-03"]) == 11
