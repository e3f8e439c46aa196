"""Columns of each source: those that must be there, those that may hold no empty cell, and what facts may not do."""

import pytest

from forecast_assets.sources.contract.columns import SOURCES
from forecast_assets.sources.landing import LandingError
from forecast_assets_tests.sources.landing.deliveries import Deliveries

FACT = {"country": "FR", "sku": "A", "month": "2024-06", "units": "1"}
# A row with the columns that each source must have.
ROWS = {
    "sell_in": FACT,
    "sell_out": FACT,
    "products": {"sku": "A", "category": "Soups"},
    "promotions": {"country": "FR", "sku": "A", "month": "2024-06", "discount_pct": "20"},
    "overrides": {
        "country": "FR", "sku": "A", "origin_month": "2024-05", "target_month": "2024-06", "forecast_units": "3",
        "author": "Ann", "reason": "promised",
    },
}  # fmt: skip
# One of several columns is enough.
ONE_OF = {
    ("sell_in", "month"): "month or date", ("sell_out", "month"): "month or date",
    ("promotions", "discount_pct"): "is_promoted or discount_pct",
}  # fmt: skip
MAY_BE_EMPTY = [
    ("products", "category"), ("promotions", "discount_pct"), ("overrides", "author"), ("overrides", "reason"),
]  # fmt: skip
CELLS = [(source, column) for source, row in ROWS.items() for column in row]


@pytest.fixture
def read(tmp_path):
    """Deliver one row and return its source's rows."""

    def of(source, row):
        content = f"{','.join(row)}\n{','.join(row.values())}\n"
        return Deliveries(tmp_path).put(f"{source}/FR.csv", content).rows(source)

    return of


@pytest.mark.parametrize("source", ROWS)
def test_the_columns_that_must_exist_are_enough(read, source):
    assert list(ROWS) == ["sell_in", "sell_out", "products", "promotions", "overrides"]
    assert set(SOURCES) == set(ROWS)
    assert len(read(source, ROWS[source])) == 1


@pytest.mark.parametrize(("source", "column"), CELLS)
def test_a_column_that_must_exist_is_named_if_it_does_not(read, source, column):
    with pytest.raises(LandingError) as raised:
        read(source, {name: cell for name, cell in ROWS[source].items() if name != column})
    name = ONE_OF.get((source, column), column)
    assert [(each.column, each.expected) for each in raised.value.problems] == [(name, f"the column {name}")]


@pytest.mark.parametrize(("source", "column"), CELLS)
def test_an_empty_cell_is_a_problem_except_in_texts_and_plans(read, source, column):
    row = ROWS[source] | {column: ""}
    if (source, column) in MAY_BE_EMPTY:
        assert len(read(source, row)) == 1
        return
    with pytest.raises(LandingError) as raised:
        read(source, row)
    assert [each.column for each in raised.value.problems] == [column]


@pytest.mark.parametrize("source", ["sell_in", "sell_out", "promotions"])
def test_facts_of_a_month_that_has_not_begun_are_a_problem_and_plans_are_none(read, source):
    row = ROWS[source] | {"month": "2024-08"}
    if source == "promotions":
        assert len(read(source, row)) == 1
        return
    with pytest.raises(LandingError, match="2024-08"):
        read(source, row)


@pytest.mark.parametrize("source", ROWS)
def test_further_columns_are_attributes_of_products_alone(read, source):
    rows = read(source, ROWS[source] | {"colour": "red"})
    assert ("attributes" in rows) == (source == "products")
    if source == "products":
        assert rows["attributes"].tolist() == ['{"colour":"red"}']


@pytest.mark.parametrize("source", ROWS)
def test_a_discount_alone_may_be_a_share_or_a_percentage(read, source):
    largest = [name for name in read(source, ROWS[source]).columns if name.startswith("_largest_")]
    assert largest == (["_largest_discount_pct"] if source == "promotions" else [])
