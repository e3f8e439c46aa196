"""Notes of publications that were taken back, and the order in which files go and come back."""

import dataclasses

import pytest

from forecast_assets.storage import TableStore, withdrawals
from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.documents import PROVENANCE_FILE
from forecast_assets.storage.lease import Lease, LeaseLost
from forecast_assets.storage.withdrawals import Withdrawal, WithdrawalConflict, read_withdrawals, withdrawn_files
from forecast_assets_tests.storage.examples import key

FIRST, SECOND = (
    Withdrawal(version, f"run-{version}", "hash", "2024-07-01T06:00:00+00:00", "Ann", "half a delivery")
    for version in ("a.parquet", "b.parquet")
)
UNDONE = dataclasses.replace(FIRST, restored_at="2024-07-02T06:00:00+00:00", restored_by="Bob", restored_because="ok")
PAGES = ["a.html", PROVENANCE_FILE, "z.html"]


@pytest.fixture
def store(tmp_path) -> TableStore:
    return TableStore(str(tmp_path))


@pytest.fixture
def report(store):
    """The files of a report of three published pages."""
    files = withdrawn_files(store, "market_report", key("FR|2024-06-01"))
    for name in PAGES:
        store.files.replace(f"{files.published}/{name}", name.encode(), None)
    return files


def published(report) -> list[str]:
    return [name for name in PAGES if report.files.state(f"{report.published}/{name}") is not None]


def test_the_latest_withdrawal_that_was_not_undone_is_in_force(report):
    assert (report.withdrawals(), report.in_force()) == ([], None)
    report.withdraw(FIRST, [])
    report.withdraw(SECOND, [])
    assert (report.withdrawals(), report.in_force()) == ([FIRST, SECOND], SECOND)
    report.restore(UNDONE, {})
    assert (report.withdrawals(), report.in_force()) == ([UNDONE, SECOND], SECOND)
    report.restore(dataclasses.replace(SECOND, restored_at="2024-07-03"), {})
    assert report.in_force() is None


def test_a_repeated_withdrawal_replaces_its_note_and_a_new_one_after_undoing_is_another(report):
    report.withdraw(FIRST, [])
    again = dataclasses.replace(FIRST, reason="half a delivery, seen again")
    report.withdraw(again, [])
    assert report.withdrawals() == [again]
    report.restore(UNDONE, {})
    report.withdraw(FIRST, [])
    assert report.withdrawals() == [UNDONE, FIRST]


def test_the_provenance_goes_last_and_comes_back_last(report, monkeypatch):
    order = []

    def noting(function):
        return lambda files, path, *rest: (order.append(path.rpartition("/")[2]), function(files, path, *rest))[1]

    for name in ("remove_as_owner", "replace_as_owner"):
        monkeypatch.setattr(withdrawals, name, noting(getattr(withdrawals, name)))
    report.withdraw(FIRST, PAGES)
    assert (order, published(report)) == (["a.html", "z.html", PROVENANCE_FILE], [])
    report.restore(UNDONE, {name: name.encode() for name in PAGES})
    assert (order[3:], published(report)) == (["a.html", "z.html", PROVENANCE_FILE], PAGES)


def test_notes_that_another_process_changes_are_not_replaced(report, monkeypatch):
    monkeypatch.setattr(AtomicFile, "update", lambda self, change: False)
    with pytest.raises(WithdrawalConflict, match="was changed by another process"):
        report.withdraw(FIRST, PAGES)
    assert published(report) == PAGES


def test_a_command_that_lost_the_lease_changes_nothing(store, report):
    lease = Lease(store.files, f"{store.base}/_leases", "FR", 60)
    lost = dataclasses.replace(lease.take("command"), token=1)
    paused = dataclasses.replace(report, hold=lost)
    with pytest.raises(LeaseLost):
        paused.withdraw(FIRST, PAGES)
    assert (report.withdrawals(), published(report)) == ([], PAGES)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'[{"version": "a"}]', b"3"])
def test_notes_that_cannot_be_read_are_named(content):
    with pytest.raises(DamagedFile, match=r"_withdrawn\.json"):
        read_withdrawals(content, "store/_versions/_withdrawn.json")
