"""Rules of a planner's entries, the diff of a stale workbook, and two planners on one cell."""

import pandas as pd
import pytest

from forecast_assets.domain.publication.override_entries import (
    DELIVERED,
    Entry,
    changed_since,
    changes_of,
    joined,
    problems_of,
    publication_hash,
    replaced_since,
)

JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-0{month}-01") for month in (6, 7, 8))
NOTHING = pd.DataFrame(columns=DELIVERED)


@pytest.fixture
def published():
    rows = [("a", JULY, 90.0, 100.0), ("a", AUGUST, 50.0, None), ("b", JULY, 0.0, 0.0)]
    return pd.DataFrame(rows, columns=["sku", "target_month", "forecast_units", "model_units"])


def entry(units, sku="a", month=JULY, reason="promotion", comment="agreed"):
    return Entry("Overrides!E4", sku, month, units, "Overrides!G4", reason, "Overrides!H4", comment)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (entry("x"), "Overrides!E4: 'x' is not a number; enter units, such as 900"),
        (entry("900"), "Overrides!E4: '900' is not a number; enter units, such as 900"),
        (entry(True), "Overrides!E4: True is not a number; enter units, such as 900"),
        (entry(float("inf")), "Overrides!E4: inf is not a number; enter units, such as 900"),
        (entry(-1), "Overrides!E4: -1 is negative; enter 0 or more"),
        (entry(1.5e9), "Overrides!E4: 1.5e+09 is more than a billion units; enter units, such as 900"),
        (entry(100, sku="z"), "Overrides!E4: SKU z has no published forecast"),
        (entry(100, sku="b", month=AUGUST), "Overrides!E4: SKU b has no published forecast for 2024-08"),
        (entry(100, comment=" "), "Overrides!H4: the comment is missing; say why the number changes"),
        (entry(150.1), "Overrides!E4: 150.1 is more than 50% off the model's 100; explain it in Overrides!H4 with at "
         "least 15 characters"),
        (entry(49.9, comment="fourteen chars"), "Overrides!E4: 49.9 is more than 50% off the model's 100; explain it "
         "in Overrides!H4 with at "
         "least 15 characters"),
        (entry(76, month=AUGUST), "Overrides!E4: 76 is more than 50% off the model's 50; explain it in Overrides!H4 "
         "with at least 15 characters"),
        (entry(1, sku="b"), "Overrides!E4: 1 is more than 50% off the model's 0; explain it in Overrides!H4 with at "
         "least 15 characters"),
    ],
)  # fmt: skip
def test_an_entry_that_breaks_a_rule_is_named_by_its_cell(published, wrong, message):
    assert problems_of([wrong], published) == [message]


@pytest.mark.parametrize(("reason", "given"), [("", "the reason is missing"), ("mood", "'mood' is no reason")])
def test_a_reason_outside_the_list_is_named_once_for_a_row(published, reason, given):
    (problem,) = problems_of([entry(95, reason=reason), entry(55, month=AUGUST, reason=reason)], published)
    assert problem.startswith(f"Overrides!G4: {given}; choose one of promotion, listing,")


@pytest.mark.parametrize(
    "right", [entry(150), entry(50), entry(0, sku="b"), entry(500, comment="fifteen letters"),
     entry(1e9, comment="fifteen letters")],
)  # fmt: skip
def test_the_limits_themselves_and_an_explained_change_are_accepted(published, right):
    assert problems_of([right], published) == []


def test_only_entries_that_change_a_number_are_changes(published):
    changes = changes_of([entry(90), entry(60, month=AUGUST, comment="two\n lines")], published, NOTHING)
    (row,) = changes.to_dict("records")
    assert (row["target_month"], row["before_units"], row["override_units"]) == (AUGUST, 50.0, 60.0)
    assert (row["model_units"], row["reason"]) == (50.0, "promotion: two lines")


def test_changes_are_by_sku_and_month_whatever_the_order_of_the_entries(published):
    changes = changes_of([entry(1, sku="b"), entry(60, month=AUGUST), entry(91)], published, NOTHING)
    assert changes[["sku", "target_month"]].to_numpy().tolist() == [["a", JULY], ["a", AUGUST], ["b", JULY]]
    assert changes.index.tolist() == [0, 1, 2]


def test_an_author_is_told_of_the_numbers_that_another_person_replaced():
    reasons = [
        "promotion: agreed (replaces 1,200 by Ann)",
        "promotion: agreed (replaces 9 by Bob)",
        "promotion: agreed (replaces 8 by Anna)",
        "event: by Ann)",
        # A comment that looks like the platform's note: the note at the end counts.
        "event: (replaces 5 by Ann) (replaces 7 by Bob)",
    ]
    pending = pd.DataFrame(
        {"sku": list("abcde"), "target_month": JULY, "forecast_units": 1300.0, "author": "Carl", "reason": reasons}
    )
    assert replaced_since(pending, "Ann") == ["SKU a for 2024-07: your 1,200 was replaced by 1,300 of Carl"]


def test_of_two_planners_on_one_cell_the_later_import_counts_and_names_the_earlier_one(published):
    first = changes_of([entry(120), entry(60, month=AUGUST)], published, NOTHING)
    pending = joined(NOTHING, first, "FR", JUNE, "Ann", "2024-07-02")
    second = changes_of([entry(110)], published, pending)
    assert second[["before_units", "before_author"]].to_numpy().tolist() == [[120.0, "Ann"]]
    rows = joined(pending, second, "FR", JUNE, "Bob", "2024-07-03")
    assert list(rows.columns) == DELIVERED
    assert rows[["sku", "target_month", "forecast_units", "author"]].to_numpy().tolist() == [
        ["a", JULY, 110.0, "Bob"], ["a", AUGUST, 60.0, "Ann"],
    ]  # fmt: skip
    august = joined(rows, changes_of([entry(61, month=AUGUST)], published, rows), "FR", JUNE, "Bob", "2024-07-04")
    assert (august["forecast_units"].tolist(), august.index.tolist()) == ([110.0, 61.0], [0, 1])
    assert rows["reason"].tolist() == ["promotion: agreed (replaces 120 by Ann)", "promotion: agreed"]
    # The same number again is no change; one's own number is replaced without a note.
    assert changes_of([entry(110)], published, rows).empty
    again = joined(rows, changes_of([entry(111)], published, rows), "FR", JUNE, "Bob", "2024-07-04")
    assert again["reason"].tolist()[0] == "promotion: agreed"
    # Back to the published number is a change against an earlier entry.
    assert changes_of([entry(90)], published, rows)["override_units"].tolist() == [90.0]


def test_the_hash_depends_on_keys_and_numbers_alone(published):
    same = published.iloc[::-1].assign(model_units=7.0)
    assert publication_hash(same) == publication_hash(published)
    for changed in (published.assign(forecast_units=[90.0, 50.0, 1e-9]), published.iloc[:2]):
        assert publication_hash(changed) != publication_hash(published)
    assert len(publication_hash(published)) == 16


def test_digits_that_excel_does_not_keep_are_no_change(published):
    exact = published.assign(forecast_units=[1215.2199081234567, 50.0, 0.0])
    kept = exact.assign(forecast_units=[1215.21990812346, 50.0, 0.0])
    assert changed_since(kept, exact) == []
    assert len(changed_since(kept.assign(forecast_units=[1215.2199, 50.0, 0.0]), exact)) == 1
    assert changes_of([entry(1215.21990812346, comment="a long explanation")], exact, NOTHING).empty


def test_a_stale_workbook_is_told_what_changed(published):
    now = pd.concat(
        [published.iloc[1:].assign(forecast_units=[50.0, 3.0]), published.iloc[:1].assign(sku="c")], ignore_index=True
    )
    assert changed_since(published, now) == [
        "SKU a for 2024-07: 90 in the workbook, nothing published now",
        "SKU b for 2024-07: 0 in the workbook, 3 published now",
        "SKU c for 2024-07: nothing in the workbook, 90 published now",
    ]
