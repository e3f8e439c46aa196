"""Four eyes: what is entered waits in the ledger, what is approved is delivered; with Dremio it lies in the store."""

import pandas as pd
import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import load_settings
from forecast_assets.domain.publication.override_states import APPROVED, DRAFT, REJECTED, SUBMITTED, Person
from forecast_assets.operations.overrides.decisions import Selection, decide, enter, submit
from forecast_assets.operations.overrides.delivered_numbers import delivered_numbers, withdraw_numbers
from forecast_assets.operations.overrides.delivery_file import ImportRefused
from forecast_assets.operations.overrides.import_workbook import deliver
from forecast_assets.sources.imported_numbers import with_imported
from forecast_assets.sources.opened import open_sources
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.operations.overrides.planning import AUGUST, JULY, JUNE, NOW, PARTITION, Planning
from forecast_assets_tests.repository_settings import MARKETS

ANN, BOB = Person("Ann"), Person("Bob")
FAIR = ("event", "the fair moves to August")


class FourEyes(Planning):
    """``Planning`` with FORECAST_FOUR_EYES."""

    def __init__(self, base) -> None:
        super().__init__(base)
        places = {"MARKETS": MARKETS, "STORE": self.store.address, "LANDING": str(self.landing), "FOUR_EYES": "true"}
        self.settings = load_settings({f"FORECAST_{name}": value for name, value in places.items()})

    def enter(self, *numbers: tuple, author: str = "Ann", state: str = SUBMITTED) -> list[str]:
        return enter(self.settings, self.check(self.workbook(*numbers), author), state, NOW)

    def decide(self, state: str, by: Person, note: str = "", **selection) -> pd.DataFrame:
        return decide(self.settings, self.store, PARTITION, Selection(**selection), state, by, NOW, note)

    def listed(self) -> list:
        table = delivered_numbers(self.settings, self.store, ["FR"], None, NOW)
        return sorted(table[["sku", "forecast_units", "state", "decided_by"]].to_numpy().tolist()) if len(table) else []


@pytest.fixture
def planning(tmp_path) -> FourEyes:
    return FourEyes(tmp_path)


def test_nothing_is_delivered_before_the_approval_and_the_approved_numbers_after_it(planning):
    planning.enter(("a", AUGUST, 120, *FAIR), ("b", JULY, 45, *FAIR))
    assert list(planning.landing.iterdir()) == []
    assert planning.listed() == [["a", 120.0, "submitted", ""], ["b", 45.0, "submitted", ""]]
    with pytest.raises(ImportRefused, match="another person must approve it"):
        planning.decide(APPROVED, ANN)
    approved = planning.decide(APPROVED, BOB, skus=("a",))
    assert approved["sku"].tolist() == ["a"]
    rows = planning.overrides()
    assert rows[["sku", "forecast_units", "author"]].to_numpy().tolist() == [["a", 120.0, "Ann (self-declared)"]]
    assert rows["reason"].tolist() == ["event: the fair moves to August (approved by Bob (self-declared))"]
    assert planning.listed() == [["a", 120.0, "delivered", "Bob (self-declared)"], ["b", 45.0, "submitted", ""]]


def test_approved_numbers_join_those_in_force(planning):
    planning.enter(("a", AUGUST, 120, *FAIR))
    planning.decide(APPROVED, BOB)
    planning.enter(("a", AUGUST, 125, *FAIR), ("b", JULY, 45, *FAIR), author="Bob")
    assert planning.overrides()["forecast_units"].tolist() == [120.0]
    planning.decide(APPROVED, ANN)
    assert planning.overrides()["forecast_units"].tolist() == [125.0, 45.0]


def test_a_rejected_number_is_never_delivered(planning):
    planning.enter(("a", AUGUST, 120, *FAIR))
    planning.decide(REJECTED, BOB, "the order was cancelled")
    assert planning.overrides().empty
    assert planning.listed() == [["a", 120.0, "rejected", "Bob (self-declared)"]]


def test_a_draft_waits_for_its_author_and_then_for_another_person(planning):
    planning.enter(("a", AUGUST, 120, *FAIR), state=DRAFT)
    with pytest.raises(ImportRefused, match="no number waits for approval"):
        planning.decide(APPROVED, BOB)
    submit(planning.settings, planning.store, PARTITION, ANN, NOW)
    assert planning.overrides().empty
    planning.decide(APPROVED, BOB)
    assert planning.overrides()["forecast_units"].tolist() == [120.0]


def test_without_four_eyes_a_submitted_draft_is_in_force_at_once(tmp_path):
    planning = Planning(tmp_path)
    checked = planning.check(planning.workbook(("a", AUGUST, 120, *FAIR)))
    enter(planning.settings, checked, DRAFT, NOW)
    assert planning.overrides().empty
    rows = submit(planning.settings, planning.store, PARTITION, ANN, NOW)
    assert rows["sku"].tolist() == ["a"]
    assert planning.overrides()[["forecast_units", "reason"]].to_numpy().tolist() == [
        [120.0, "event: the fair moves to August"]
    ]


def test_a_withdrawal_ends_numbers_in_force_and_those_that_wait_and_keeps_who(planning):
    planning.enter(("a", AUGUST, 120, *FAIR))
    planning.decide(APPROVED, BOB)
    planning.enter(("a", JULY, 90, *FAIR))
    taken = withdraw_numbers(planning.settings, planning.store, PARTITION, "a", None, BOB, NOW)
    assert sorted(taken["forecast_units"]) == [90.0, 120.0]
    assert planning.overrides().empty
    assert planning.listed() == [
        ["a", 90.0, "withdrawn", "Bob (self-declared)"], ["a", 120.0, "withdrawn", "Bob (self-declared)"],
    ]  # fmt: skip


def test_numbers_of_a_closed_month_are_decided_no_more(planning):
    planning.enter(("a", AUGUST, 120, *FAIR))
    publish(planning.store, JULY)
    with pytest.raises(ImportRefused, match="FR 2024-06 is closed"):
        planning.decide(APPROVED, BOB)


def test_with_dremio_as_the_source_numbers_in_force_lie_in_the_store(tmp_path):
    planning = Planning(tmp_path)
    lake = {"FORECAST_SOURCE": "dremio", "DREMIO_HOST": "lake", "DREMIO_SCHEMA": "sales", "DREMIO_USER": "planning"}
    planning.settings = load_settings({"FORECAST_MARKETS": MARKETS, "FORECAST_STORE": planning.store.address, **lake})
    deliver(planning.settings, planning.check(planning.workbook(("a", AUGUST, 120, *FAIR))))
    assert list(planning.landing.iterdir()) == []
    imported = open_sources(planning.settings)._imported
    columns = ["sku", "target_month", "forecast_units", "author", "reason", "month"]
    lake_rows = pd.DataFrame(
        [("a", AUGUST, 99.0, "Cy", "own", JUNE), ("b", AUGUST, 7.0, "Cy", "own", JUNE)], columns=columns
    )
    rows = with_imported(lake_rows, imported, "FR", "month", [JUNE])
    assert rows[["sku", "forecast_units", "author"]].to_numpy().tolist() == [
        ["b", 7.0, "Cy"], ["a", 120.0, "Ann (self-declared)"],
    ]  # fmt: skip
    nothing = with_imported(lake_rows.iloc[:0], imported, "FR", "month", [JUNE])
    assert nothing[["sku", "forecast_units", "month"]].to_numpy().tolist() == [["a", 120.0, JUNE]]
    assert with_imported(lake_rows, imported, "FR", "month", [JULY]).equals(lake_rows)
    assert with_imported(lake_rows, imported, "DE", "month").equals(lake_rows)


def test_a_submission_and_an_approval_that_replace_another_persons_number_are_alerted(planning):
    planning.enter(("a", AUGUST, 120, *FAIR))
    planning.enter(("a", AUGUST, 121, *FAIR))  # The same person.
    assert headlines(planning) == []
    planning.decide(APPROVED, BOB)
    planning.enter(("a", AUGUST, 90, *FAIR), author="Bob")
    assert headlines(planning) == []
    planning.decide(APPROVED, ANN)
    assert headlines(planning) == [
        "FR: 121 of Ann (self-declared) for SKU a, Aug 2024, is replaced by 90 of Bob (self-declared)"
    ]


def headlines(planning) -> list[str]:
    return [incident.headline for incident in Outbox.of(planning.settings).open_incidents()]
