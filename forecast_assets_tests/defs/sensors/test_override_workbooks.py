"""The watched folder: what is imported, parked or looked at again, and the runs and alerts that follow."""

import openpyxl
import pandas as pd
import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import load_settings
from forecast_assets.defs.sensors import override_workbooks
from forecast_assets.defs.sensors.override_workbooks import MADE_AGAIN, poll
from forecast_assets.operations.overrides.workbook_folder import TakenIn
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.operations.overrides.planning import AUGUST, JULY, NOW, PARTITION, Planning, saved
from forecast_assets_tests.repository_settings import MARKETS

FAIR = ("event", "the fair moves to August")


class Inbox(Planning):
    """``Planning`` with a watched folder."""

    def __init__(self, base) -> None:
        super().__init__(base)
        self.folder = self.landing / "override_workbooks"
        self.folder.mkdir()

    def put(self, name: str, *numbers: tuple, author: str | None = "Ann") -> None:
        book = openpyxl.load_workbook(self.workbook(*numbers))
        book.properties.lastModifiedBy = author
        (self.folder / name).write_bytes(saved(book).getvalue())

    def poll(self, cursor: str | None = None):
        return poll(self.settings, cursor, NOW)

    def names(self, folder: str = "") -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir() if path.is_file())

    def incidents(self) -> list[str]:
        return [incident.headline for incident in Outbox.of(self.settings).open_incidents()]


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    return Inbox(tmp_path)


def test_a_workbook_is_delivered_published_again_and_moved_aside(inbox):
    inbox.put("fair.xlsx", ("a", AUGUST, 120, *FAIR))
    (request,) = inbox.poll().run_requests
    assert inbox.overrides()[["sku", "forecast_units", "author"]].to_numpy().tolist() == [
        ["a", 120.0, "Ann (self-declared)"]
    ]
    assert (request.job_name, str(request.partition_key)) == ("monthly_cycle", "FR|2024-06-01")
    assert [key.to_user_string() for key in request.asset_selection] == list(MADE_AGAIN)
    assert MADE_AGAIN[:2] == ("overrides", "published_forecasts")
    assert inbox.names() == []
    (name,) = inbox.names("imported")
    assert name.startswith("20240703T100000_")
    assert name.endswith("_fair.xlsx")
    assert inbox.incidents() == []
    assert inbox.poll().run_requests == []


def test_a_broken_workbook_is_parked_with_the_reason_and_told_and_the_others_are_imported(inbox):
    inbox.put("broken.xlsx", ("a", AUGUST, 120, "", "why"), ("b", JULY, -3, *FAIR))
    inbox.put("good.xlsx", ("b", AUGUST, 50, *FAIR))
    assert len(inbox.poll().run_requests) == 1
    assert inbox.names() == []
    book, reason = inbox.names("parked")
    assert (book + ".txt", len(inbox.names("imported"))) == (reason, 1)
    lines = (inbox.folder / "parked" / reason).read_text().splitlines()
    assert lines[0].startswith("Overrides!G4: the reason is missing")
    assert lines[1].startswith("Overrides!E7: -3 is negative")
    assert inbox.overrides()["sku"].tolist() == ["b"]
    assert inbox.incidents() == [f"FR: broken.xlsx was not imported: {lines[0]}"]
    inbox.put("broken.xlsx", ("a", AUGUST, 120, *FAIR))
    inbox.poll()
    assert inbox.incidents() == []


def test_a_workbook_that_says_not_who_saved_it_is_parked(inbox):
    inbox.put("nobody.xlsx", ("a", AUGUST, 120, *FAIR), author=None)
    assert inbox.poll().run_requests == []
    assert "does not say who saved it" in inbox.incidents()[0]
    assert inbox.overrides().empty


def test_a_file_that_is_still_copied_is_left_until_it_is_whole_and_a_broken_one_is_parked_then(inbox):
    inbox.put("fair.xlsx", ("a", AUGUST, 120, *FAIR))
    whole = (inbox.folder / "fair.xlsx").read_bytes()
    (inbox.folder / "fair.xlsx").write_bytes(whole[:1000])
    (inbox.folder / "torn.xlsx").write_bytes(b"PK torn")
    first = inbox.poll()
    assert (first.run_requests, inbox.names()) == ([], ["fair.xlsx", "torn.xlsx"])
    (inbox.folder / "fair.xlsx").write_bytes(whole)
    second = inbox.poll(first.cursor)
    assert (len(second.run_requests), inbox.names()) == (1, [])
    assert "the file is not an Excel workbook that can be read" in inbox.incidents()[0]
    assert inbox.names("parked")[0].endswith("_torn.xlsx")


def test_locks_of_excel_and_other_files_are_left_alone(inbox):
    for name in ("~$fair.xlsx", "notes.txt", ".part.xlsx"):
        (inbox.folder / name).write_bytes(b"x")
    assert inbox.poll().skip_reason.skip_message == "No workbook has arrived."
    assert len(inbox.names()) == 3


def test_with_four_eyes_a_workbook_is_submitted_and_starts_no_run(inbox):
    places = {"MARKETS": MARKETS, "STORE": inbox.store.address, "LANDING": str(inbox.landing), "FOUR_EYES": "true"}
    inbox.settings = load_settings({f"FORECAST_{name}": value for name, value in places.items()})
    inbox.put("fair.xlsx", ("a", AUGUST, 120, *FAIR))
    result = inbox.poll()
    assert result.run_requests == []
    assert result.skip_reason.skip_message == "fair.xlsx: 1 numbers, submitted, waiting for approval"
    assert inbox.overrides().empty
    assert len(inbox.names("imported")) == 1


def test_an_interrupted_poll_loses_nothing(inbox):
    """The move stops after the copy: the next poll finds the workbook again, which changes nothing more."""
    inbox.put("fair.xlsx", ("a", AUGUST, 120, *FAIR))
    content = (inbox.folder / "fair.xlsx").read_bytes()
    inbox.poll()
    (inbox.folder / "fair.xlsx").write_bytes(content)
    assert inbox.poll().run_requests == []
    assert inbox.overrides()["forecast_units"].tolist() == [120.0]
    assert (inbox.names(), len(inbox.names("imported"))) == ([], 1)


def test_a_folder_that_does_not_exist_holds_no_workbook(inbox):
    inbox.folder.rmdir()
    assert inbox.poll().run_requests == []


def test_two_planners_on_one_number_are_both_told_until_the_month_is_closed(inbox):
    inbox.put("ann.xlsx", ("a", AUGUST, 120, *FAIR), ("b", JULY, 50, *FAIR))
    inbox.poll()
    inbox.put("ann_again.xlsx", ("b", JULY, 51, *FAIR))  # Her own number.
    inbox.poll()
    assert inbox.incidents() == []
    inbox.put("bob.xlsx", ("a", AUGUST, 130, "listing", "a new customer"), author="Bob")
    inbox.poll()
    assert inbox.incidents() == [
        "FR: 120 of Ann (self-declared) for SKU a, Aug 2024, is replaced by 130 of Bob (self-declared)"
    ]
    inbox.poll()
    assert len(inbox.incidents()) == 1
    publish(inbox.store, JULY)
    inbox.poll()
    assert inbox.incidents() == []


def test_the_alert_of_a_workbook_names_its_file_and_five_more_problems(inbox, monkeypatch):
    lines = [f"Overrides!E{row}: -3 is negative" for row in range(2, 10)]
    parked = TakenIn("bad.xlsx", "digest", PARTITION, 0, False, "\n".join(lines))
    monkeypatch.setattr(override_workbooks, "take_in", lambda *_: ([parked], {}))
    tick = inbox.poll()
    assert tick.skip_reason.skip_message == "bad.xlsx: Overrides!E2: -3 is negative"
    (incident,) = Outbox.of(inbox.settings).open_incidents()
    assert incident.headline == "FR: bad.xlsx was not imported: Overrides!E2: -3 is negative"
    assert incident.facts == (("file", "bad.xlsx"), *(("also", line) for line in lines[1:6]))


def test_the_alert_of_a_workbook_that_cannot_be_opened_is_of_the_present_month(inbox):
    (inbox.folder / "torn.xlsx").write_bytes(b"PK torn")
    first = inbox.poll()
    assert first.skip_reason.skip_message == "torn.xlsx: cannot be opened, looked at again"
    inbox.poll(first.cursor)
    (incident,) = Outbox.of(inbox.settings).open_incidents()
    assert (incident.month, incident.country) == (pd.Timestamp("2024-07-01"), None)
    assert incident.headline.startswith("torn.xlsx was not imported: the file is not an Excel workbook")


def test_the_run_after_an_import_belongs_to_the_cycle_of_its_month(inbox):
    inbox.put("fair.xlsx", ("a", AUGUST, 120, *FAIR))
    (request,) = inbox.poll().run_requests
    assert (request.tags["forecast/cycle_id"], request.tags["forecast/market"]) == ("dev-2024-06", "FR")
    assert request.run_key.startswith("override_workbooks:FR:2024-06:")
