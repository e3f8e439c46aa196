"""Checks before storing: all violations counted, the first rows shown, blocked tables kept back."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.validation.table_checks import (
    SHOWN_ROWS,
    CheckDeclaration,
    Finding,
    TableCheck,
    check_specs,
    escaped_cell,
    stored_if_sound,
    violating,
)

MAY, JUNE, JULY = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")
NOTHING_NEGATIVE = CheckDeclaration("nothing_negative", "No units are negative.")
ADVICE = CheckDeclaration("advice", "No units are negative, but it stops nothing.", blocking=False)


def units(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"sku": [f"S{number}" for number in range(len(values))], "sell_in_units": values})


def negative(table: pd.DataFrame, month: pd.Timestamp) -> Finding:
    wrong = table[table["sell_in_units"] < 0]
    return violating(wrong, f"{len(wrong)} negative")


def run(tables: dict[pd.Timestamp, pd.DataFrame], *checks: TableCheck, **options):
    """Results of the checks, and the output if there is one."""
    *results, last = stored_if_sound(tables, checks, **options)
    if isinstance(last, dg.Output):
        return results, last
    return [*results, last], None


def test_a_sound_table_is_yielded_with_its_metadata_after_its_checks():
    (result,), output = run({JUNE: units(1, 2)}, NOTHING_NEGATIVE.rule(negative), metadata={"skus": 2})
    assert (result.passed, result.description) == (True, "as expected")
    assert list(output.value) == [JUNE]
    assert output.metadata["skus"].value == 2


def test_a_failed_blocking_check_keeps_the_table_back_so_that_the_last_good_one_stays():
    (result,), output = run({JUNE: units(1, -2)}, NOTHING_NEGATIVE.rule(negative))
    assert output is None
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert result.description == "2024-06: 1 negative"


def test_all_checks_are_reported_also_after_one_that_blocks():
    results, output = run({JUNE: units(-1)}, NOTHING_NEGATIVE.rule(negative), ADVICE.rule(negative))
    assert [result.check_name for result in results] == ["nothing_negative", "advice"]
    assert output is None


def test_a_check_that_does_not_block_warns_and_lets_the_table_pass():
    (result,), output = run({JUNE: units(-1)}, ADVICE.rule(negative))
    assert output is not None
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_a_finding_may_be_a_warning_even_where_the_check_blocks():
    rule = NOTHING_NEGATIVE.rule(lambda table, month: Finding(1, None, "look", is_warning=True))
    (result,), output = run({JUNE: units(1)}, rule)
    assert output is not None
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_one_error_among_warnings_blocks():
    rule = NOTHING_NEGATIVE.rule(lambda table, month: Finding(1, None, "look", is_warning=month != JULY))
    (result,), output = run({MAY: units(1), JUNE: units(1), JULY: units(1)}, rule)
    assert output is None
    assert result.severity == dg.AssetCheckSeverity.ERROR


def test_one_bad_month_keeps_back_the_whole_range_and_is_named():
    tables = {JULY: units(-1, -2), MAY: units(-3), JUNE: units(1)}
    (result,), output = run(tables, NOTHING_NEGATIVE.rule(negative))
    assert output is None
    assert result.metadata["months"].value == "2024-05, 2024-07"
    assert result.description == "2024-05: 1 negative\n2024-07: 2 negative"
    assert result.metadata["violations"].value == 3


def test_all_violations_are_counted_and_the_first_ten_rows_shown():
    (result,), _ = run({JUNE: units(*[-1.0] * 25)}, NOTHING_NEGATIVE.rule(negative))
    shown = result.metadata["first_rows"].value.splitlines()[2:]
    assert result.metadata["violations"].value == 25
    assert len(shown) == SHOWN_ROWS == 10
    assert "S0" in shown[0]
    assert "S9" in shown[-1]
    assert all("2024-06" in row for row in shown)


def test_ten_rows_are_shown_of_a_range_whatever_its_length():
    months = pd.date_range("2024-01-01", periods=6, freq="MS")
    (result,), _ = run({month: units(-1, -2, -3) for month in months}, NOTHING_NEGATIVE.rule(negative))
    assert len(result.metadata["first_rows"].value.splitlines()) == 2 + SHOWN_ROWS


def test_a_finding_without_rows_says_that_there_are_none():
    (result,), _ = run({JUNE: units(1)}, NOTHING_NEGATIVE.rule(lambda table, month: Finding(1, None, "too much")))
    assert result.metadata["first_rows"].value == "no rows to show"


def test_figures_of_a_single_month_are_shown_whether_the_check_passed_or_not():
    rule = NOTHING_NEGATIVE.rule(lambda table, month: Finding(figures={"total_units": 3.0}))
    (one,), _ = run({JUNE: units(1, 2)}, rule)
    (many,), _ = run({JUNE: units(1, 2), JULY: units(3)}, rule)
    assert one.metadata["total_units"].value == 3.0
    assert "total_units" not in many.metadata


def test_a_look_at_the_whole_range_saves_looking_at_its_months():
    looked_at = []

    def find(table, month):
        looked_at.append(month)
        return Finding()

    (result,), _ = run({MAY: units(1), JUNE: units(1)}, NOTHING_NEGATIVE.rule(find, lambda tables: True))
    assert result.passed
    assert looked_at == []


@pytest.mark.parametrize("bad", [[], [JUNE], [MAY, JULY]])
def test_the_look_at_the_range_finds_what_the_looks_at_its_months_find(bad):
    tables = {month: units(-1 if month in bad else 1) for month in (MAY, JUNE, JULY)}
    at_once = NOTHING_NEGATIVE.rule(
        negative, lambda all_of: all((t["sell_in_units"] >= 0).all() for t in all_of.values())
    )
    one_by_one = NOTHING_NEGATIVE.rule(negative)
    whole, expected = run(tables, at_once)[0][0], run(tables, one_by_one)[0][0]
    assert (whole.passed, whole.description, whole.metadata) == (
        expected.passed, expected.description, expected.metadata,
    )  # fmt: skip


def test_the_table_of_a_single_month_is_always_looked_at():
    (result,), _ = run({JUNE: units(-1)}, NOTHING_NEGATIVE.rule(negative, lambda tables: True))
    assert not result.passed


def test_specs_carry_name_description_and_whether_they_block():
    first, second = check_specs("sell_in", [NOTHING_NEGATIVE, ADVICE])
    assert (first.name, first.blocking, first.description) == ("nothing_negative", True, "No units are negative.")
    assert second.blocking is False


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Soup | tomato", "Soup \\| tomato"),
        ("two\nlines\r\nhere", "two lines here"),
        ("[click](http://x)", "\\[click\\](http://x)"),
        ("![x](http://x/p.png)", "\\!\\[x\\](http://x/p.png)"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
        ("a & b `c` *d* \\", "a &amp; b \\`c\\` \\*d\\* \\\\"),
        ("plain_name-1.5", "plain_name-1.5"),
    ],
)
def test_a_text_of_a_delivery_is_one_plain_cell_in_the_ui(text, cell):
    assert escaped_cell(text) == cell


def test_first_rows_of_a_finding_are_escaped():
    rows = pd.DataFrame({"sku": ["a|b", "<b>c"]})
    check = TableCheck("rule", "a rule", lambda *_: Finding(2, rows, "no"))
    result = next(iter(stored_if_sound({pd.Timestamp("2024-06-01"): rows}, [check])))
    shown = result.metadata["first_rows"].md_str
    assert "a\\|b" in shown
    assert "&lt;b>c" in shown
