"""Errors of the five steps by group, computed by hand from four cells, and the sentence on the overrides."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.value_added import (
    STEPS,
    forecast_value_added,
    net_sales_per_unit,
    value_added_cells,
)
from forecast_assets.domain.evaluation.value_added_verdict import over_months, override_verdict
from forecast_assets.validation.schema_check import schema_check

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
COLUMNS = [
    "sku", "origin_month", "lag_months", "actual_units", "published_units", "model_units", "baseline_units",
    "naive_units", "status", "source", "category", "abc_class", "xyz_class",
]  # fmt: skip


def performance(*rows):
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({name: float for name in COLUMNS if name.endswith("_units")})


@pytest.fixture
def cells():
    """SKU a: model 110, changed to 105 by Ann, sold 100. SKU b: model 50, changed to 80 by Bob, sold 40. c: none."""
    rows = performance(
        ("a", MAY, 1, 100, 105, 110, 120, 140, "published", "override", "tea", "A", "X"),
        ("b", MAY, 1, 40, 80, 50, 40, 60, "published", "override", "mugs", "B", "Y"),
        ("c", MAY, 1, 10, 12, None, 12, 15, "published", "baseline", "mugs", "B", "Y"),
        ("a", JUNE, 2, 100, 999, 999, 999, 999, "backfilled", "model", "tea", "A", "X"),
        ("d", MAY, 1, None, 999, 999, 999, 999, "published", "model", "tea", "A", "X"),
        ("e", MAY, 1, 5, 999, 999, 999, 999, "published", "override", "tea", "A", "X"),
    )
    before = pd.DataFrame(
        {"sku": ["a", "b", "e"], "month": MAY, "units_before_overrides": [110.0, 50.0, np.nan]}
    )  # fmt: skip
    overrides = pd.DataFrame({"sku": ["a", "b"], "month": MAY, "author": ["Ann", None]})
    prices = pd.Series({"a": 2.0, "c": np.nan})
    return value_added_cells(rows, before, overrides, prices)


def row(table, level, entity, step):
    (only,) = table[(table[["level", "entity", "step"]] == [level, entity, step]).all(axis=1)].to_dict("records")
    return only


def test_unknown_months_backfilled_rows_and_unknown_numbers_are_left_out(cells):
    assert cells["sku"].tolist() == ["a", "b", "c"]


def test_every_step_has_the_errors_of_the_same_cells(cells):
    table = forecast_value_added(cells)
    market = table[table["level"] == "market"].set_index("step")
    assert market.index.tolist() == list(STEPS)
    assert (market["cells"] == 3).all()
    # Naive 40 + 20 + 5; Holt-Winters 20 + 0 + 2; model 10 + 10 + 2 and no other before overrides; published 5 + 40 + 2.
    assert market["absolute_error_units"].tolist() == [65, 22, 22, 22, 47]
    assert market["error_units"].tolist() == [65, 22, 22, 22, 47]
    assert market["error_saved_units"].tolist() == [0, 43, 0, 0, -25]
    assert market.loc["model", ["helped_cells", "hurt_cells"]].tolist() == [1, 1]
    assert market.loc["published", ["helped_cells", "hurt_cells"]].tolist() == [1, 1]
    assert market.loc["published", "wape"] == pytest.approx(47 / 150)
    assert market.loc["published", "bias"] == pytest.approx(47 / 150)


def test_value_is_of_the_cells_with_a_price(cells):
    published = row(forecast_value_added(cells), "market", "ALL", "published")
    # SKU a alone, at 2 each: error 5 units, 5 fewer than before.
    assert published["valued_cells"] == 1
    assert (published["absolute_error_value"], published["error_value"], published["error_saved_value"]) == (10, 10, 10)


def test_overrides_are_grouped_by_author_size_and_direction(cells):
    table = forecast_value_added(cells)
    saved = table[table["step"] == "published"].set_index(["level", "entity"])["error_saved_units"]
    assert saved["overridden", "ALL"] == -25
    assert saved["author"].to_dict() == {"Ann": 5, "unknown": -30}
    # 110 to 105 is 4.5 % down, 50 to 80 is 60 % up.
    assert saved["size_and_direction"].to_dict() == {"small down": 5, "large up": -30}
    assert saved["size"].to_dict() == {"small": 5, "large": -30}
    assert saved["direction"].to_dict() == {"down": 5, "up": -30}
    assert saved["category"].to_dict() == {"tea": 5, "mugs": -30}
    assert saved["lag"].to_dict() == {"01": -25}


@pytest.mark.parametrize(
    ("before", "after", "size"),
    [(100.0, 110.0, "small up"), (100.0, 111.0, "medium up"), (100.0, 50.0, "medium down"), (100.0, 49.0, "large down"),
     (0.0, 1.0, "large up"), (7.0, 7.0, "small unchanged"), (7.5, 7.0, "small down")],
)  # fmt: skip
def test_size_is_the_change_by_the_number_before(before, after, size):
    rows = performance(("a", MAY, 1, 1, after, 1, 1, 1, "published", "override", "tea", "A", "X"))
    numbers = pd.DataFrame({"sku": ["a"], "month": [MAY], "units_before_overrides": [before]})
    authors = pd.DataFrame({"sku": ["a"], "month": [MAY], "author": ["Ann"]})
    table = forecast_value_added(value_added_cells(rows, numbers, authors, pd.Series(dtype=float)))
    assert set(table.loc[table["level"] == "size_and_direction", "entity"]) == {size}


def test_the_table_fits_its_schema_with_and_without_rows(cells):
    assert schema_check("forecast_value_added").find(forecast_value_added(cells), JUNE).violations == 0
    assert schema_check("forecast_value_added").find(forecast_value_added(cells.iloc[:0]), JUNE).violations == 0


def test_net_sales_per_unit_is_a_ratio_of_sums():
    rows = [("a", 10.0, 30.0), ("a", 30.0, 50.0), ("a", 1000.0, None), ("b", None, 5.0), ("c", -5.0, 5.0)]
    prices = net_sales_per_unit(pd.DataFrame(rows, columns=["sku", "sell_in_units", "net_sales"]))
    assert prices["a"] == 2.0
    assert net_sales_per_unit(pd.DataFrame({"sku": ["d"], "sell_in_units": [1.0], "net_sales": [3.0]}))["d"] == 3.0
    assert prices.reindex(["b", "c"]).isna().all()


def month_of_overrides(helped: int, hurt: int, before: float, better: float, worse: float):
    """Forecast value added of so many overrides of SKUs that sold 100 each."""
    numbers = [better] * helped + [worse] * hurt
    rows = performance(
        *((f"s{place}", MAY, 1, 100, number, before, 90, 80, "published", "override", "tea", "A", "X")
          for place, number in enumerate(numbers))
    )  # fmt: skip
    keys = {"sku": rows["sku"], "month": MAY}
    return forecast_value_added(
        value_added_cells(
            rows,
            pd.DataFrame({**keys, "units_before_overrides": before}),
            pd.DataFrame({**keys, "author": "Ann"}),
            pd.Series(dtype=float),
        )
    )


def test_twenty_overrides_of_several_months_allow_a_verdict():
    # Before: 10 too many. Helped: 4 down of 10. Hurt: 2 up of 112, which is small.
    first, second = month_of_overrides(4, 5, 110.0, 106.0, 112.0), month_of_overrides(2, 9, 110.0, 106.0, 112.0)
    assert override_verdict(over_months(first)).in_words == "9 overrides: 4 helped, 5 hurt; no verdict before 20"
    both = over_months(pd.concat([first, second]))
    verdict = override_verdict(both)
    # Saved 6 times 4, lost 14 times 2.
    assert (verdict.cells, verdict.helped, verdict.hurt, verdict.saved_units) == (20, 6, 14, -4.0)
    assert verdict.in_words == "20 overrides: 6 helped, 14 hurt, net -4 units; small upward changes hurt"
    market = row(both, "market", "ALL", "published")
    # Six of 6 and fourteen of 12 too many, of 2,000 sold.
    assert market["wape"] == pytest.approx((6 * 6 + 14 * 12) / 2000)


@pytest.mark.parametrize(
    ("better", "worse", "words"),
    [
        # Before: 3 too few. Twelve save 2 each, eight lose half a unit each.
        (99.0, 103.5, "20 overrides: 12 helped, 8 hurt, net +20 units; small upward changes helped"),
        # Most help, but those that hurt lose more: no class is named.
        (98.0, 106.0, "20 overrides: 12 helped, 8 hurt, net -12 units"),
    ],
)
def test_a_class_is_named_if_most_of_its_changes_and_the_units_agree(better, worse, words):
    verdict = override_verdict(over_months(month_of_overrides(12, 8, 97.0, better, worse)))
    assert (verdict.in_words, verdict.is_decided) == (words, True)


def test_half_a_unit_helps_or_hurts_and_none_does_neither():
    table = pd.concat([month_of_overrides(1, 1, 110.0, 109.5, 110.5), month_of_overrides(1, 0, 110.0, 90.0, 0.0)])
    verdict = override_verdict(over_months(table))
    # 90 is as far off 100 as 110.
    assert (verdict.cells, verdict.helped, verdict.hurt) == (3, 1, 1)


def test_without_a_scored_override_there_is_no_verdict():
    assert override_verdict(pd.DataFrame()).in_words == "no override has met its month yet"
    assert not override_verdict(pd.DataFrame()).is_decided
    assert override_verdict(pd.DataFrame()).cells == 0
