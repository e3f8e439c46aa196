"""A delivery as the rules read it: panels by SKU and month, what was known in a month, and names in messages."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import DAY_COLUMNS, Delivery, delivery_until, shown
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, days_of

APRIL, MAY, JULY = (pd.Timestamp(f"2024-{month:02d}-01") for month in (4, 5, 7))
ROWS = pd.DataFrame(
    [("B", APRIL, 5.0, 1.0), ("A", JUNE, 0.0, np.nan), ("B", JUNE, -2.0, 3.0), ("C", JULY, 9.0, 9.0)],
    columns=["sku", "month", "units", "price"],
)
DAYS = pd.concat([days_of(month, [1, 2]) for month in (MAY, JUNE, JULY)], ignore_index=True)
PRODUCTS = pd.DataFrame(
    {"sku": ["A", "A", "B", "D"], "category": ["Tea", "Ice", "Ice", "Tea"], "end_month": [MAY, MAY, JUNE, pd.NaT]}
)


def panel(delivery: Delivery) -> dict[str, list[float | None]]:
    """Units by SKU; None without a row."""
    cells = [[None if np.isnan(value) else float(value) for value in row] for row in delivery.units]
    return dict(zip(delivery.skus.tolist(), cells, strict=True))


def test_a_delivery_ends_with_its_month_and_has_no_unit_where_there_is_no_row():
    delivery = delivery_until(ROWS, JUNE, DAYS, PRODUCTS)
    assert panel(delivery) == {"A": [None, None, 0.0], "B": [5.0, None, -2.0]}
    assert delivery.months.tolist() == [APRIL, MAY, JUNE]
    assert delivery.month == JUNE
    assert delivery.days["month"].unique().tolist() == [MAY, JUNE]
    assert list(delivery.optional) == ["price"]
    np.testing.assert_array_equal(delivery.optional["price"], [[np.nan] * 3, [1.0, np.nan, 3.0]])


def test_a_month_without_any_row_is_a_delivery_without_skus():
    empty = delivery_until(ROWS, pd.Timestamp("2024-03-01"))
    assert (empty.skus.tolist(), empty.units.shape, empty.months.tolist()) == ([], (0, 1), [pd.Timestamp("2024-03-01")])
    assert list(empty.days) == list(DAY_COLUMNS)
    assert len(empty.categories) == len(empty.ended) == 0


def test_a_sku_has_its_first_category_and_ends_once_its_last_month_is_over():
    delivery = delivery_until(ROWS, JUNE, None, PRODUCTS)
    assert delivery.categories.to_dict() == {"A": "Tea", "B": "Ice", "D": "Tea"}
    assert delivery.ended == {"A"}


def test_an_earlier_month_has_nothing_of_later_ones_but_the_names_of_skus():
    earlier = delivery_until(ROWS, JULY, DAYS, PRODUCTS).until(MAY, PRODUCTS.head(0))
    assert panel(earlier) == {"A": [None, None], "B": [5.0, None], "C": [None, None]}
    assert earlier.month == MAY
    assert earlier.optional["price"].shape == (3, 2)
    assert earlier.days["month"].unique().tolist() == [MAY]
    assert (len(earlier.categories), earlier.ended) == (0, frozenset())


def test_totals_are_of_the_skus_asked_for_and_unknown_without_a_row():
    delivery = delivery_until(ROWS, JUNE)
    np.testing.assert_array_equal(delivery.totals(), [5.0, np.nan, -2.0])
    np.testing.assert_array_equal(delivery.totals(np.array([True, False])), [np.nan, np.nan, 0.0])


def test_a_sku_is_sold_where_its_units_are_not_zero():
    assert delivery_until(ROWS, JUNE).is_sold.tolist() == [[False, False, False], [True, False, True]]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a", "b", "c", "d", "e"], "a, b, c, d, e"),
        (["a", "b", "c", "d", "e", "f"], "a, b, c, d, e and 1 more"),
        (["a ", "", " b", "b c"], "'a ', '', ' b', b c"),
        ([], ""),
    ],
)
def test_five_names_are_shown_and_blanks_are_quoted(names, text):
    assert shown(names) == text


def test_as_many_names_are_shown_as_are_asked_for():
    assert shown(np.array(["a", "b", "c"], dtype=object), most=1) == "a and 2 more"
