"""The check that every stored table has."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.validation.schema_check import schema_check

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")


def sell_in(**changes) -> pd.DataFrame:
    rows = {
        "sku": ["A", "B"], "sell_in_units": [1.0, np.nan], "net_sales": [2.0, np.nan],
        "reason": ["delivered", "unknown"], "restated_month": pd.Series(pd.NaT, index=[0, 1], dtype="datetime64[ns]"),
    }  # fmt: skip
    return pd.DataFrame({**rows, **changes})


def find(table: pd.DataFrame, name: str = "sell_in"):
    return schema_check(name).find(table, JUNE)


def test_a_table_as_declared_has_no_violation():
    assert find(sell_in()).violations == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sku": ["A", "A"]}, "multiple_fields_uniqueness"),
        ({"sku": ["A", ""]}, "sku: str_length"),
        ({"sku": ["A", None]}, "sku: not_nullable"),
        ({"reason": ["delivered", "guessed"]}, "reason: isin"),
        ({"sell_in_units": [1, 2]}, "sell_in_units: dtype('float64')"),
        ({"sell_in_units": ["1", "n/a"]}, "sell_in_units: dtype('float64')"),
        ({"colour": ["red", "red"]}, "columns that its schema does not declare: colour"),
    ],
)
def test_what_does_not_fit_is_named_with_column_and_rule(changes, message):
    finding = find(sell_in(**changes))
    assert finding.violations >= 1
    assert message in finding.message
    assert "sell_in" in finding.message


def test_a_missing_column_is_named():
    finding = find(sell_in().drop(columns="reason"))
    assert "reason" in finding.rows.to_string()
    assert "column_in_dataframe (1)" in finding.message


def test_at_most_ten_columns_that_are_not_declared_are_named():
    finding = find(sell_in(**{f"more_{number:02}": [1.0, 1.0] for number in range(12)}))
    assert finding.violations == 12
    assert finding.message.endswith(", ".join(f"more_{number:02}" for number in range(10)))


def test_violations_of_several_rules_are_all_counted():
    finding = find(sell_in(sku=["A", ""], reason=["guessed", "guessed"]))
    assert finding.violations == 3
    assert "reason: isin" in finding.message
    assert "(2)" in finding.message


def test_labels_of_the_index_play_no_part():
    assert find(sell_in().set_axis([0, 0])).violations == 0


def test_the_same_sku_in_two_months_is_no_repetition():
    check = schema_check("sell_in")
    assert check.holds_for_all({MAY: sell_in(), JUNE: sell_in()})


@pytest.mark.parametrize("changes", [{"sku": ["A", "A"]}, {"reason": ["x", "x"]}, {"colour": ["red", "red"]}])
def test_one_bad_month_of_a_range_is_found_at_the_look_over_all(changes):
    check = schema_check("sell_in")
    tables = {MAY: sell_in(), JUNE: sell_in(**changes)}
    assert not check.holds_for_all(tables)
    assert {month: finding.violations > 0 for month, finding in check.findings(tables).items()} == {
        MAY: False,
        JUNE: True,
    }


def test_attributes_of_products_are_taken_whatever_they_are_called():
    products = pd.DataFrame(
        {name: ["A"] for name in ("sku", "category", "brand", "pack", "reference_sku", "attribute_pack_size_ml")}
        | {name: pd.to_datetime([None]) for name in ("launch_month", "end_month")}
    )
    assert find(products, "products").violations == 0
    assert find(products.rename(columns={"attribute_pack_size_ml": "pack_size"}), "products").violations == 1
