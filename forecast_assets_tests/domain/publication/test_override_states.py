"""States of planners' numbers: who may do what, and what becomes of a number that another one meets."""

import pandas as pd
import pytest

from forecast_assets.domain.publication.override_entries import DELIVERED
from forecast_assets.domain.publication.override_states import (
    APPROVED,
    DRAFT,
    EXPIRED,
    REJECTED,
    REPLACED,
    SIGNED_IN,
    SUBMITTED,
    WITHDRAWN,
    NotAllowed,
    Person,
    decided,
    empty_ledger,
    entered,
    in_force,
    is_same_person,
    replaced_numbers,
    selected,
    submitted,
    with_expiry,
    withdrawn,
)

JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-0{month}-01") for month in (6, 7, 8))
ANN, BOB = Person("Ann"), Person("Bob")
NOON, LATER = "2024-07-03T12:00:00+00:00", "2024-07-04T12:00:00+00:00"


def numbers(*cells, by=ANN, at=NOON) -> pd.DataFrame:
    rows = [("FR", sku, JUNE, month, float(units), by.label, "event: a fair", at) for sku, month, units in cells]
    return pd.DataFrame(rows, columns=DELIVERED)


def ledger_with(*cells, state=SUBMITTED, by=ANN) -> pd.DataFrame:
    return entered(empty_ledger(), numbers(*cells, by=by), state)[0]


def everything(ledger):
    return selected(ledger, (), None, "")


def states(ledger) -> list:
    return ledger[["sku", "forecast_units", "state"]].to_numpy().tolist()


def test_a_submitted_number_is_in_force_once_another_person_approves_it():
    ledger = ledger_with(("a", AUGUST, 120))
    assert in_force(ledger).empty
    approved = decided(ledger, everything(ledger), APPROVED, BOB, LATER, four_eyes=True)
    assert list(in_force(approved).columns) == DELIVERED
    assert in_force(approved).index.tolist() == [0]
    (row,) = in_force(approved).to_dict("records")
    assert (row["forecast_units"], row["author"]) == (120.0, "Ann (self-declared)")
    assert row["reason"] == "event: a fair (approved by Bob (self-declared))"
    assert approved[["decided_by", "decided_at"]].to_numpy().tolist() == [["Bob (self-declared)", LATER]]


@pytest.mark.parametrize("name", ["Ann", " ann ", "ANN"])
@pytest.mark.parametrize("established", [SIGNED_IN, "self-declared"])
def test_with_four_eyes_nobody_approves_an_own_number(name, established):
    ledger = ledger_with(("a", AUGUST, 120))
    own = Person(name, established)
    with pytest.raises(NotAllowed, match="entered SKU a for 2024-08: another person must approve it"):
        decided(ledger, everything(ledger), APPROVED, own, LATER, four_eyes=True)
    assert states(decided(ledger, everything(ledger), APPROVED, own, LATER, four_eyes=False)) == [
        ["a", 120.0, APPROVED]
    ]


def test_of_many_own_numbers_three_are_named():
    ledger = ledger_with(("a", JULY, 1), ("b", JULY, 2), ("c", JULY, 3), ("d", JULY, 4))
    cells = "SKU a for 2024-07, SKU b for 2024-07, SKU c for 2024-07"
    with pytest.raises(NotAllowed, match=f"entered {cells}: another person"):
        decided(ledger, everything(ledger), APPROVED, ANN, LATER, four_eyes=True)


def test_one_own_number_among_others_stops_the_approval_of_all():
    ledger = pd.concat([ledger_with(("a", AUGUST, 120)), ledger_with(("b", AUGUST, 50), by=BOB)], ignore_index=True)
    with pytest.raises(NotAllowed, match=r"Bob .* entered SKU b"):
        decided(ledger, everything(ledger), APPROVED, BOB, LATER, four_eyes=True)
    of_ann = selected(ledger, (), None, "Ann")
    assert states(decided(ledger, of_ann, APPROVED, BOB, LATER, four_eyes=True))[1] == ["b", 50.0, SUBMITTED]


def test_a_rejected_number_keeps_who_and_why_and_may_be_the_persons_own():
    ledger = ledger_with(("a", AUGUST, 120))
    rejected = decided(ledger, everything(ledger), REJECTED, ANN, LATER, "twice the chain's order", four_eyes=True)
    assert states(rejected) == [["a", 120.0, REJECTED]]
    assert rejected["note"].tolist() == ["twice the chain's order"]
    with pytest.raises(NotAllowed, match="no number waits for approval there"):
        decided(rejected, everything(rejected), APPROVED, BOB, LATER, four_eyes=True)


def test_of_two_planners_the_later_submission_counts_and_both_are_told():
    ledger, lines = entered(ledger_with(("a", AUGUST, 120)), numbers(("a", AUGUST, 125), by=BOB, at=LATER), SUBMITTED)
    assert states(ledger) == [["a", 120.0, REPLACED], ["a", 125.0, SUBMITTED]]
    assert ledger["note"].tolist() == ["replaced by 125", ""]
    assert ledger["decided_by"].tolist() == ["Bob (self-declared)", ""]
    assert lines == [
        "SKU a for 2024-08: 125 by Bob (self-declared) replaces 120 by Ann (self-declared), which was submitted"
    ]


def test_numbers_of_other_people_in_the_same_cells_are_replaced_numbers():
    before = pd.concat(
        [numbers(("a", AUGUST, 120), ("b", AUGUST, 50)), numbers(("a", JULY, 70), by=Person("bob", SIGNED_IN))]
    )
    after = numbers(("b", AUGUST, 55), ("a", JULY, 75), ("c", JULY, 1), by=BOB)
    replaced = replaced_numbers(before, after)
    assert list(replaced.columns) == [*DELIVERED, "before_units", "before_author"]
    assert replaced[["sku", "forecast_units", "before_units", "before_author"]].to_numpy().tolist() == [
        ["b", 55.0, 50.0, "Ann (self-declared)"]
    ]
    assert replaced.index.tolist() == [0]


def test_a_planner_who_corrects_an_own_number_is_told_nothing_and_other_cells_stay():
    ledger, lines = entered(
        ledger_with(("a", AUGUST, 120), ("a", JULY, 90), ("b", AUGUST, 5)), numbers(("a", AUGUST, 121), at=LATER), DRAFT
    )
    assert lines == []
    assert states(ledger) == [
        ["a", 90.0, SUBMITTED], ["a", 120.0, REPLACED], ["a", 121.0, DRAFT], ["b", 5.0, SUBMITTED],
    ]  # fmt: skip
    assert ledger.index.tolist() == [0, 1, 2, 3]


def test_an_approved_number_stays_in_force_until_the_next_one_is_approved():
    first = ledger_with(("a", AUGUST, 120))
    ledger = decided(first, everything(first), APPROVED, BOB, LATER, four_eyes=True)
    ledger, lines = entered(ledger, numbers(("a", AUGUST, 130), by=BOB, at=LATER), SUBMITTED)
    assert lines == []
    assert in_force(ledger)["forecast_units"].tolist() == [120.0]
    ledger = decided(ledger, everything(ledger), APPROVED, ANN, LATER, four_eyes=True)
    assert in_force(ledger)["forecast_units"].tolist() == [130.0]
    assert states(ledger) == [["a", 120.0, REPLACED], ["a", 130.0, APPROVED]]


def test_an_approval_leaves_approved_numbers_of_other_cells_in_force():
    ledger = ledger_with(("a", AUGUST, 120), ("a", JULY, 70), ("b", AUGUST, 50), state=APPROVED)
    ledger, _ = entered(ledger, numbers(("a", AUGUST, 130), by=BOB, at=LATER), SUBMITTED)
    ledger = decided(ledger, everything(ledger), APPROVED, ANN, LATER, four_eyes=True)
    assert sorted(in_force(ledger)["forecast_units"]) == [50.0, 70.0, 130.0]
    assert sorted(states(ledger)) == [
        ["a", 70.0, APPROVED], ["a", 120.0, REPLACED], ["a", 130.0, APPROVED], ["b", 50.0, APPROVED],
    ]  # fmt: skip


def test_a_draft_is_submitted_by_its_author_alone():
    ledger = ledger_with(("a", AUGUST, 120), state=DRAFT)
    with pytest.raises(NotAllowed, match="no draft of Bob"):
        submitted(ledger, BOB.label, LATER)
    with pytest.raises(NotAllowed, match="no number waits"):
        decided(ledger, everything(ledger), APPROVED, BOB, LATER, four_eyes=True)
    assert states(submitted(ledger, "ann (signed in)", LATER)) == [["a", 120.0, SUBMITTED]]


@pytest.mark.parametrize(("days", "state"), [(1, EXPIRED), (2, SUBMITTED), (0, SUBMITTED)])
def test_a_number_that_nobody_approves_expires_and_can_be_submitted_again(days, state):
    now = pd.Timestamp("2024-07-05T11:00", tz="UTC")  # 47 hours later
    ledger = with_expiry(ledger_with(("a", AUGUST, 120)), now, days)
    assert states(ledger) == [["a", 120.0, state]]
    if state == EXPIRED:
        with pytest.raises(NotAllowed, match="1 have expired and must be submitted again"):
            decided(ledger, everything(ledger), APPROVED, BOB, LATER, four_eyes=True)
        again = submitted(ledger, ANN.label, now.isoformat())
        assert states(with_expiry(again, now, days)) == [["a", 120.0, SUBMITTED]]


def test_a_number_expires_after_its_days_wherever_its_time_was_written():
    """Ann's number is of noon in UTC, Bob's of the same moment in Paris."""
    of_bob = numbers(("b", AUGUST, 5), by=BOB, at="2024-07-03T14:00:00+02:00")
    ledger, _ = entered(ledger_with(("a", AUGUST, 120)), of_bob, SUBMITTED)
    a_day_later = pd.Timestamp("2024-07-04T12:00", tz="UTC")
    assert set(with_expiry(ledger, a_day_later, 1)["state"]) == {SUBMITTED}
    assert set(with_expiry(ledger, a_day_later + pd.Timedelta(seconds=1), 1)["state"]) == {EXPIRED}


def test_an_expired_number_that_a_decision_does_not_name_is_not_counted():
    ledger = with_expiry(ledger_with(("a", AUGUST, 120)), pd.Timestamp("2024-08-01", tz="UTC"), 1)
    with pytest.raises(NotAllowed, match=r"no number waits for approval there$"):
        decided(ledger, selected(ledger, ["other"], None, ""), APPROVED, BOB, LATER, four_eyes=True)


def test_a_withdrawal_keeps_who_took_the_number_back():
    ledger = ledger_with(("a", AUGUST, 120), ("b", AUGUST, 5))
    result = withdrawn(ledger, numbers(("a", AUGUST, 120), ("c", JULY, 9)), BOB, LATER)
    assert states(result) == [["a", 120.0, WITHDRAWN], ["b", 5.0, SUBMITTED], ["c", 9.0, WITHDRAWN]]
    assert result["decided_by"].tolist() == ["Bob (self-declared)", "", "Bob (self-declared)"]


def test_selection_by_sku_month_and_author():
    ledger = pd.concat([ledger_with(("a", JULY, 1), ("a", AUGUST, 2)), ledger_with(("b", AUGUST, 3), by=BOB)])
    assert selected(ledger, ["a"], None, "").tolist() == [True, True, False]
    assert selected(ledger, (), AUGUST, "").tolist() == [False, True, True]
    assert selected(ledger, (), AUGUST, "bob").tolist() == [False, False, True]


def test_persons_are_compared_by_name_alone():
    assert is_same_person("A.  Martin (self-declared)", "a. martin (signed in)")
    assert not is_same_person("A. Martin (self-declared)", "B. Martin (self-declared)")
