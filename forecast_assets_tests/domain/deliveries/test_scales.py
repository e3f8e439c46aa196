"""Scale that changed cells have in common, and if it reaches the judged month, by hand values."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.scales import FACTORS, Scale, changed_scale
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, months_before


def cells(*groups: tuple[str, int, float, float], months: int = 24) -> pd.DataFrame:
    """Cells ``(SKU, months of it, stored, factor)``: the latest of a SKU's months first, the others unchanged."""
    rows = [
        (sku, month, stored, stored * (factor if place < changed else 1.0))
        for sku, changed, stored, factor in groups
        for place, month in enumerate(reversed(months_before(months)))
    ]
    return pd.DataFrame(rows, columns=["sku", "month", "stored", "delivered"])


def old_cells(changed: int, total: int = 40) -> pd.DataFrame:
    """One cell a SKU in an old month, so many of them times 12; two SKUs of June are unchanged."""
    rows = [(f"S{place:02d}", months_before(9)[0], 100.0, 1200.0 if place < changed else 100.0)
            for place in range(total - 2)]  # fmt: skip
    rows += [("J1", JUNE, 100.0, 100.0), ("J2", JUNE, 100.0, 100.0)]
    return pd.DataFrame(rows, columns=["sku", "month", "stored", "delivered"])


def june_cells(changed: int, total: int) -> pd.DataFrame:
    """So many cells of June, some of them times 12, beside many old ones."""
    now = [(f"J{place:02d}", JUNE, 100.0, 1200.0 if place < changed else 100.0) for place in range(total)]
    table = pd.DataFrame(now, columns=["sku", "month", "stored", "delivered"])
    return pd.concat([table, old_cells(0, 200).iloc[:-2]], ignore_index=True)


def blocks(table: pd.DataFrame) -> bool | None:
    scale = changed_scale(table)
    return None if scale is None else scale.blocks


@pytest.mark.parametrize(("changed", "expected"), [(9, False), (10, True)])
def test_a_scale_of_a_quarter_of_the_cells_blocks(changed, expected):
    assert blocks(old_cells(changed)) is expected


@pytest.mark.parametrize(("changed", "total", "expected"), [(4, 8, None), (5, 8, True), (4, 12, None), (5, 12, True)])
def test_five_cells_are_the_least_of_all_that_have_a_scale(changed, total, expected):
    assert blocks(old_cells(changed, total)) is expected


@pytest.mark.parametrize(
    ("changed", "total", "expected"), [(2, 4, None), (3, 4, True), (3, 12, True), (3, 13, None), (5, 21, False)]
)
def test_a_scale_of_a_quarter_and_three_of_the_latest_cells_blocks(changed, total, expected):
    assert blocks(june_cells(changed, total)) is expected


@pytest.mark.parametrize(("others", "expected"), [(9.0, True), (9.1, None)])
def test_a_whole_sku_with_a_tenth_of_the_units_blocks(others, expected):
    """One SKU of 10 units at a third, beside others that sell nine times as much."""
    groups = [(f"O{place}", 0, others, 1.0) for place in range(10)]
    assert blocks(cells(("X", 4, 10.0, 1 / 3), *groups, months=4)) is expected


def test_the_units_of_a_whole_sku_count_as_stored_or_as_delivered():
    groups = [(f"O{place}", 0, 100.0, 1.0) for place in range(10)]
    assert blocks(cells(("X", 4, 10.0, 1 / 12), *groups, months=4)) is None
    assert blocks(cells(("X", 4, 10.0, 12.0), *groups, months=4)) is True
    assert blocks(cells(("X", 4, 120.0, 1 / 12), *groups, months=4)) is True


@pytest.mark.parametrize(("changed", "months", "expected"), [(4, 5, True), (3, 4, None), (3, 3, True), (2, 2, None)])
def test_a_whole_sku_is_four_in_five_of_three_months_or_more(changed, months, expected):
    groups = [(f"O{place}", 0, 10.0, 1.0) for place in range(20)]
    assert blocks(cells(("X", changed, 1000.0, 12.0), *groups, months=months)) is expected


@pytest.mark.parametrize(("by_other_factors", "expected"), [(4, False), (5, None)])
def test_more_than_half_of_the_changed_cells_have_the_scale(by_other_factors, expected):
    table = old_cells(5)
    is_other = table.index.isin(range(5, 5 + by_other_factors))
    assert blocks(table.assign(delivered=table["delivered"].mask(is_other, 170.0))) is expected


@pytest.mark.parametrize("factor", [3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 24.0, 100.0, 1000.0])
def test_packs_decimals_and_thousands_are_scales_either_way(factor):
    for by, named in ((factor, f"x {factor:,.0f}"), (1 / factor, f"1/{factor:,.0f}")):
        scale = changed_scale(cells(*((sku, 24, 100.0, by) for sku in TEN)))
        assert (str(scale), scale.cells, scale.blocks) == (named, 240, True)
        assert scale.factor == pytest.approx(by)
    assert factor in FACTORS


@pytest.mark.parametrize("factor", [1.2, 2.0, 5.0, 7.0, 15.0, 0.5])
def test_changes_by_no_known_factor_have_no_scale(factor):
    assert changed_scale(cells(*((sku, 24, 100.0, factor) for sku in TEN))) is None


def test_cells_that_are_not_positive_in_both_have_no_scale():
    table = cells(*((sku, 24, 100.0, 12.0) for sku in TEN))
    assert changed_scale(table.assign(stored=0.0)) is None
    assert changed_scale(table.assign(delivered=-1200.0)) is None
    assert changed_scale(table.iloc[:0]) is None
    assert str(Scale(0.0125, 1, False)) == "1/80"


def test_a_small_sku_or_a_few_cells_do_not_block():
    table = pd.DataFrame({"sku": TEN * 3, "month": [JUNE] * 10 + [months_before(2)[0]] * 20, "stored": 100.0})
    table = table.assign(delivered=table["stored"])
    assert changed_scale(table) is None
    few = table.assign(delivered=table["stored"].mask(table.index < 2, 1200.0))
    assert changed_scale(few) is None


@pytest.mark.parametrize("column", ["stored", "delivered"])
def test_cells_that_began_or_ended_are_no_changes_by_another_factor(column):
    """Five cells are twelve times what they were, and five others are zero in one of the two deliveries."""
    table = old_cells(5)
    is_zero = table.index.isin(range(5, 10))
    assert blocks(table.assign(**{column: table[column].mask(is_zero, 0.0)})) is False


def test_cells_of_less_than_a_unit_count():
    table = old_cells(5)
    assert blocks(table.assign(stored=table["stored"] / 1000, delivered=table["delivered"] / 1000)) is False
