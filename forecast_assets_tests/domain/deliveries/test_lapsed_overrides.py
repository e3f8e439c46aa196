"""Overrides that were in force and end without a decision, by hand values; June 2024 is judged."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.lapsed_overrides import overrides_lapsed

JUNE = pd.Timestamp("2024-06-01")


def rows(*cells: str) -> pd.DataFrame:
    """Read overrides written as ``SKU origin target``, months of 2024 by number."""
    parts = [cell.split() for cell in cells]
    return pd.DataFrame(
        {
            "sku": [sku for sku, _, _ in parts],
            "origin_month": pd.to_datetime([f"2024-{origin}-01" for _, origin, _ in parts]),
            "target_month": pd.to_datetime([f"2024-{target}-01" for _, _, target in parts]),
            "author": "Ann",
        }
    )


def lapsed(stored: pd.DataFrame, delivered: pd.DataFrame, *, keeps_origins: bool = True) -> list[str]:
    finding = overrides_lapsed(stored, delivered, JUNE, keeps_origins=keeps_origins)
    if finding is None:
        return []
    return [f"{row.sku} {row.origin_month:%m} {row.target_month:%m}" for row in finding.rows.itertuples()]


def test_a_row_of_last_month_that_is_no_longer_delivered_is_named_with_author_and_next_step():
    finding = overrides_lapsed(rows("A 05 09", "B 05 09"), rows("B 05 09"), JUNE, keeps_origins=True)
    assert finding.message == (
        "1 overrides that were in force are gone: SKU A for 2024-09 by Ann, of origin 2024-05 (its row is no longer "
        "delivered). Next: deliver them again, under origin 2024-06 to keep them in force, or accept the finding"
    )


def test_it_is_found_too_if_the_month_before_had_none():
    assert lapsed(rows("A 03 09"), rows()) == ["A 03 09"]
    assert lapsed(rows("A 02 09"), rows()) == []


def test_an_override_of_a_month_that_is_over_ends_by_itself():
    assert lapsed(rows("A 05 06"), rows()) == []
    assert lapsed(rows("A 05 07"), rows()) == ["A 05 07"]


def test_a_row_that_is_delivered_or_filed_again_is_no_finding():
    assert lapsed(rows("A 05 09"), rows("A 05 09")) == []
    assert lapsed(rows("A 05 09"), rows("A 06 09")) == []
    assert lapsed(rows("A 05 09"), rows("A 06 08")) == ["A 05 09"]
    assert lapsed(rows("A 05 09"), rows("A 04 09")) == ["A 05 09"]


def test_deliveries_that_replace_each_other_lose_nothing_by_it():
    assert lapsed(rows("A 05 09"), rows(), keeps_origins=False) == []


ALWAYS = ("A 01 09", "A 02 09", "A 03 09", "B 03 09", "A 04 09", "B 04 09", "A 05 09", "B 05 09")


def test_overrides_that_were_always_filed_again_are_missed_when_they_are_not():
    assert lapsed(rows(*ALWAYS), rows("A 06 09"), keeps_origins=False) == ["B 05 09"]
    finding = overrides_lapsed(rows(*ALWAYS), rows("A 06 09"), JUNE, keeps_origins=False)
    assert "SKU B for 2024-09 by Ann, of origin 2024-05 (not filed for 2024-06)" in finding.message


def test_overrides_that_were_let_go_before_or_whose_month_came_show_nothing():
    assert lapsed(rows(*ALWAYS, "E 04 09"), rows("A 06 09"), keeps_origins=False) == ["B 05 09"]
    over = ("F 01 02", "G 02 03", "H 03 04")
    assert lapsed(rows(*ALWAYS, *over), rows("A 06 09"), keeps_origins=False) == ["B 05 09"]


def test_fewer_than_five_earlier_ones_or_under_four_in_five_show_no_habit():
    assert lapsed(rows(*ALWAYS[1:]), rows("A 06 09"), keeps_origins=False) == ["B 05 09"]
    assert lapsed(rows(*ALWAYS[2:]), rows("A 06 09"), keeps_origins=False) == []
    # Of seven, one was not filed again; of eight, two.
    assert lapsed(rows(*ALWAYS, "C 02 09"), rows("A 06 09"), keeps_origins=False) == ["B 05 09"]
    assert lapsed(rows(*ALWAYS, "C 02 09", "D 03 09"), rows("A 06 09"), keeps_origins=False) == []


def test_exactly_four_in_five_filed_again_are_a_habit():
    """Of A, B, C, D and E of April, E was not filed again in May."""
    april, may = (f"{sku} 04 09" for sku in "ABCDE"), (f"{sku} 05 09" for sku in "ABCD")
    again = rows("A 06 09", "B 06 09", "C 06 09")
    assert lapsed(rows(*april, *may), again, keeps_origins=False) == ["D 05 09"]


def test_an_override_of_the_judged_month_itself_was_not_in_force_before():
    assert lapsed(rows("A 06 09"), rows()) == []


@pytest.mark.parametrize(("count", "more"), [(3, "delivered). Next"), (4, "; and 1 more. Next")])
def test_three_overrides_are_named_and_the_others_counted(count, more):
    stored = rows(*(f"{sku} 05 09" for sku in "ABCD"[:count])).assign(author=None)
    finding = overrides_lapsed(stored, rows(), JUNE, keeps_origins=True)
    assert finding.message.startswith(f"{count} overrides that were in force are gone: SKU A for 2024-09 by unknown, ")
    assert finding.message.count("by unknown") == 3
    assert more in finding.message
    assert finding.rows["sku"].tolist() == list("ABCD"[:count])
    assert finding.rows.columns.tolist() == ["sku", "origin_month", "target_month", "author", "reason"]
