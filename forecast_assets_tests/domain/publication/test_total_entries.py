"""A total over its SKUs: published proportions, numbers that stay, cases, and levels one within the other."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.publication.override_entries import Entry
from forecast_assets.domain.publication.total_entries import TotalEntry, split_totals, split_units

JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-0{month}-01") for month in (6, 7, 8))
NOTHING = pd.DataFrame({"sku": [], "target_month": pd.Series(dtype="datetime64[ns]"), "forecast_units": []})
PRODUCTS = pd.DataFrame({"sku": ["a", "b", "c", "d"], "end_month": pd.to_datetime([None, None, None, "2024-07-01"])})
WHY = ("Totals!F3", "event", "Totals!G3", "the fair moves to August")


@pytest.fixture
def published():
    """Tea: a 100, b 300, and d, which ends in July, 20. Mugs: c 50. July has other numbers."""
    rows = [("a", "tea", 100.0), ("b", "tea", 300.0), ("d", "tea", 20.0), ("c", "mugs", 50.0)]
    august = pd.DataFrame(rows, columns=["sku", "category", "forecast_units"]).assign(target_month=AUGUST)
    july = august.assign(target_month=JULY, forecast_units=7.0)
    return pd.concat([july, august], ignore_index=True).assign(source="model")


def total(units, group="tea", level="category", cell="Totals!E3", month=AUGUST):
    return TotalEntry(cell, level, group, month, units, *WHY)


def own(sku, units):
    return Entry("Overrides!E4", sku, AUGUST, units, *WHY)


def numbers(totals, published, entries=(), pending=NOTHING, products=PRODUCTS):
    split, problems = split_totals(totals, list(entries), published, pending, products)
    assert problems == []
    assert {entry.target_month for entry in split} <= {AUGUST}
    return {entry.sku: entry.units for entry in split}


def test_a_total_is_split_by_published_numbers_and_ended_skus_stay(published):
    split, _ = split_totals([total(820)], [], published, NOTHING, PRODUCTS)
    # 800 without the 20 of d.
    assert {entry.sku: entry.units for entry in split} == {"a": 200.0, "b": 600.0}
    assert {(entry.cell, entry.comment_cell, entry.note) for entry in split} == {
        ("Totals!E3", "Totals!G3", "total of tea 820")
    }


def test_existing_overrides_stay_wherever_they_come_from(published):
    changed = published.assign(source=published["source"].where(published["sku"] != "a", "override"))
    assert numbers([total(720)], changed) == {"b": 600.0}
    assert numbers([total(720)], published, entries=[own("a", 40.0)]) == {"b": 660.0}
    pending = pd.DataFrame({"sku": ["a"], "target_month": [AUGUST], "forecast_units": [70.0]})
    assert numbers([total(720)], published, pending=pending) == {"b": 630.0}
    # The entry of the workbook replaces the pending number.
    assert numbers([total(720)], published, entries=[own("a", 40.0)], pending=pending) == {"b": 660.0}


def test_a_category_counts_before_the_market_whatever_the_order(published):
    market = total(1000, "ALL", "market", "Totals!E6")
    # Tea is 220, so 780 are left for mugs; without an entry for tea a, b and c share 980 as 100 to 300 to 50.
    for totals in ([market, total(220)], [total(220), market]):
        assert numbers(totals, published) == {"a": 50.0, "b": 150.0, "c": 780.0}
    alone = numbers([market], published)
    assert alone == pytest.approx({"a": 980 * 100 / 450, "b": 980 * 300 / 450, "c": 980 * 50 / 450})


def test_a_total_that_changes_nothing_or_cannot_be_split_stops_no_other(published):
    mugs = total(60, "mugs", cell="Totals!E5")
    assert numbers([total(420.0), mugs], published) == {"c": 60.0}
    split, problems = split_totals([total("x"), mugs], [], published, NOTHING, PRODUCTS)
    assert ([entry.sku for entry in split], len(problems)) == (["c"], 1)


def test_a_sku_takes_part_in_the_month_in_which_it_ends(published):
    split, _ = split_totals([total(42, month=JULY)], [], published, NOTHING, PRODUCTS)
    assert {entry.sku: entry.units for entry in split} == {"a": 14.0, "b": 14.0, "d": 14.0}


def test_the_published_total_changes_nothing(published):
    assert numbers([total(420.0)], published) == {}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (total("x"), "Totals!E3: 'x' is not a number; enter units, such as 900"),
        (total(-1), "Totals!E3: -1 is less than 20, the sum of the numbers that stay"),
        (total(19), "Totals!E3: 19 is less than 20, the sum of the numbers that stay"),
        (total(5, "soap"), "Totals!E3: no SKU of category soap has a published forecast for 2024-08"),
    ],
)
def test_a_total_that_cannot_be_split_is_named_by_its_cell(published, entry, message):
    split, problems = split_totals([entry], [], published, NOTHING, PRODUCTS)
    assert split == []
    assert problems[0].startswith(message)


def test_a_group_without_a_number_to_change_cannot_grow_but_may_stay(published):
    entries = [own("a", 1.0), own("b", 2.0)]
    _, problems = split_totals([total(24)], entries, published, NOTHING, PRODUCTS)
    assert problems == ["Totals!E3: 24 cannot be split: no SKU of tea that may change has a forecast above 0"]
    assert numbers([total(23)], published, entries) == {}
    # To the fixed numbers alone: the others are 0.
    assert numbers([total(21)], published, entries[:1]) == {"b": 0.0}


def split(before, total, cases, fixed=None):
    is_fixed = np.array(fixed if fixed is not None else [False] * len(before))
    return split_units(pd.Series(before, dtype=float), is_fixed, total, np.array(cases, dtype=float)).tolist()


def test_skus_in_cases_get_whole_cases_and_the_others_the_rest():
    # 150 and 50 of 200: twelve and a half cases of 12 are thirteen; single units take what is left.
    assert split([75, 25], 200, [12, np.nan]) == [156.0, 44.0]
    assert split([75, 25], 196, [12, np.nan]) == [144.0, 52.0]
    # Every SKU in cases: 147 and 49 of 196 are 12.25 and 9.8 cases; 3 and 4 units are left, the larger share first.
    assert split([75, 25], 196, [12, 5]) == [144.0, 50.0]
    assert split([75, 25, 9], 209, [12, np.nan, 9], [False, False, True]) == [156.0, 44.0, 9.0]


def test_a_case_may_be_one_unit_and_a_number_less_than_a_case():
    assert split([10.4, 89.6], 100, [1, np.nan]) == [10.0, 90.0]
    assert split([0.8, 99.2], 100, [1, np.nan]) == [1.0, 99.0]
    # Two cases of 6 take more than the total: nothing is left for the half unit.
    assert split([0.5, 9.5], 10, [np.nan, 6]) == [0.0, 12.0]


def test_a_sku_without_a_forecast_gets_no_case_that_is_left():
    # 2.4 cases of 24: 9.6 units are left, less than half a case.
    assert split([10, 0], 57.6, [24, 6]) == [48.0, 0.0]


def test_a_case_of_nothing_is_no_case():
    assert split([75, 25], 200, [0, np.nan]) == [150.0, 50.0]


def test_the_products_case_reaches_the_split(published):
    products = PRODUCTS.assign(attribute_case_units=["24", None, None, None])
    # a: 200 of 820 is 8.33 cases.
    assert numbers([total(820)], published, products=products) == {"a": 192.0, "b": 608.0}


@pytest.mark.parametrize("seed", range(20))
def test_splits_hold_the_total_the_cases_and_the_fixed_numbers(seed):
    random = np.random.default_rng(seed)
    before = random.integers(1, 500, 12).astype(float)
    cases = random.choice([np.nan, 6.0, 12.0, 24.0], 12)
    fixed = random.random(12) < 0.3
    fixed[0] = False
    whole = before[fixed].sum() + random.integers(1, 4000)
    after = np.array(split(before, whole, cases, fixed))
    assert (after >= 0).all()
    assert (after[fixed] == before[fixed]).all()
    in_cases = ~fixed & ~np.isnan(cases)
    assert np.allclose(after[in_cases] % cases[in_cases], 0.0)
    single = ~fixed & np.isnan(cases)
    left = abs(after.sum() - whole)
    assert left <= (1e-6 if after[single].sum() > 0 else 12.0 + 1e-6)
