"""Differences of two small tables, counted by hand."""

import pandas as pd

from forecast_assets.operations.history.differences import ColumnDifference, table_difference

JUNE, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")
KEYS = ["sku", "month"]


def table(*rows: tuple, columns=("sku", "month", "units")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def test_equal_tables_differ_in_nothing_whatever_their_order():
    before = table(("a", JUNE, 1.0), ("b", JUNE, None), ("c", JUNE, 0.0))
    now = table(("c", JUNE, -0.0), ("b", JUNE, None), ("a", JUNE, 1.0))
    difference = table_difference(before, now, KEYS)
    assert (difference.only_before, difference.only_now, difference.columns) == (0, 0, ())
    assert (difference.missing, difference.new) == ((), ())


def test_rows_and_columns_of_one_table_alone_are_counted():
    before = table(("a", JUNE, 1.0), ("b", JUNE, 2.0), ("c", JUNE, 3.0)).assign(old=1.0)
    now = table(("c", JUNE, 3.0), ("d", JUNE, 4.0)).assign(new=1.0, newer=2.0)
    difference = table_difference(before, now, KEYS)
    assert (difference.only_before, difference.only_now) == (2, 1)
    assert (difference.missing, difference.new) == (("old",), ("new", "newer"))
    assert difference.columns == ()


def test_cells_that_differ_have_their_number_the_largest_and_the_first_three():
    before = table(*((sku, JUNE, 10.0) for sku in "abcde"))
    now = table(("a", JUNE, 10.0), ("b", JUNE, 4.0), ("c", JUNE, 12.0), ("d", JUNE, None), ("e", JUNE, 10.5))
    (column,) = table_difference(before, now, KEYS).columns
    assert (column.column, column.cells, column.largest) == ("units", 4, 6.0)
    assert column.first == (
        ("b, 2024-06-01", "10.0", "4.0"), ("c, 2024-06-01", "10.0", "12.0"), ("d, 2024-06-01", "10.0", "null"),
    )  # fmt: skip


def test_a_column_without_two_numbers_that_differ_has_no_largest_difference():
    before = table(("a", JUNE, 1.0, "tea", True, JUNE), columns=("sku", "month", "units", "category", "flag", "until"))
    now = table(("a", JUNE, None, None, False, JULY), columns=("sku", "month", "units", "category", "flag", "until"))
    at = "a, 2024-06-01"
    assert table_difference(before, now.astype({"units": float}), KEYS).columns == (
        ColumnDifference("units", 1, None, ((at, "1.0", "null"),)),
        ColumnDifference("category", 1, None, ((at, "tea", "null"),)),
        ColumnDifference("flag", 1, None, ((at, "True", "False"),)),
        ColumnDifference("until", 1, None, ((at, "2024-06-01", "2024-07-01"),)),
    )


def test_a_key_of_one_column_is_its_text():
    before, now = (pd.DataFrame({"sku": ["a"], "units": [units]}) for units in (1, 3))
    assert table_difference(before, now, ["sku"]).columns == (ColumnDifference("units", 1, 2.0, (("a", "1", "3"),)),)


def test_numbers_that_became_texts_have_no_largest_difference():
    before, now = pd.DataFrame({"sku": ["a"], "units": [1.0]}), pd.DataFrame({"sku": ["a"], "units": ["one"]})
    cells = (("a", "1.0", "one"),)
    assert table_difference(before, now, ["sku"]).columns == (ColumnDifference("units", 1, None, cells),)
    back = (("a", "one", "1.0"),)
    assert table_difference(now, before, ["sku"]).columns == (ColumnDifference("units", 1, None, back),)
