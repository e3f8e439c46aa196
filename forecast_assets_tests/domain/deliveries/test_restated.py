"""Old months that changed between deliveries."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.restated import restated_history
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, month_of, months_before


def judged(delivered: pd.DataFrame, stored: pd.DataFrame):
    return restated_history("sell_in", "FR", delivered, stored, JUNE)


def changed(month: str, sku: str, units: float) -> pd.DataFrame:
    rows = history(TEN, 6)
    is_cell = (rows["month"] == month) & (rows["sku"] == sku)
    return rows.assign(units=rows["units"].mask(is_cell, units))


def test_months_skus_and_units_are_named_with_the_command_that_rebuilds():
    finding = judged(changed("2024-02-01", "R03", 250.0), history(TEN, 6))
    assert finding.message == (
        "2024-02 (1 SKUs, +150 units) differ from what is stored; SKU R03 in 2024-02: 100 before, 250 now. Stored "
        "months keep their rows until they are rebuilt: forecast-assets backfill --country FR --from 2024-02 "
        "--to 2024-02 --assets sell_in+"
    )
    assert finding.is_warning


def test_equal_deliveries_and_the_judged_month_are_no_restatement():
    assert judged(history(TEN, 6), history(TEN, 6)) is None
    assert judged(pd.concat([history(TEN, 6), month_of({"R00": 1e9})]), history(TEN, 6)) is None


def test_an_empty_store_has_nothing_to_compare_with():
    assert judged(history(TEN, 6), history(TEN, 6).head(0)) is None


@pytest.mark.parametrize("stored", [0.0, float("nan")])
def test_rows_that_came_later_or_went_are_changes(stored):
    filled = pd.concat([history(TEN, 6), month_of({"new": stored}, pd.Timestamp("2024-03-01"))])
    late = pd.concat([history(TEN, 6), month_of({"new": 7.0}, pd.Timestamp("2024-03-01"))])
    assert "SKU new in 2024-03: 0 before, 7 now" in judged(late, filled).message
    assert judged(history(TEN, 6), filled) is None


def test_a_row_that_is_no_longer_delivered_is_a_change_to_zero():
    rows = history(TEN, 6)
    gone = rows[(rows["sku"] != "R00") | (rows["month"] != "2024-03-01")]
    assert "SKU R00 in 2024-03: 100 before, 0 now" in judged(gone, rows).message


def test_a_month_that_is_no_longer_delivered_is_not_judged():
    recent = history(TEN, 6)
    recent = recent[recent["month"] >= months_before(6)[3]]
    assert judged(recent, history(TEN, 6)) is None


@pytest.mark.parametrize(("factor", "named"), [(1 / 1000, "1/1,000"), (12.0, "x 12"), (1 / 3, "1/3")])
def test_a_whole_history_at_another_scale_blocks(factor, named):
    rows = history(TEN, 6)
    finding = judged(rows.assign(units=rows["units"] * factor), rows)
    assert not finding.is_warning
    assert f"The history is {named} of what it was" in finding.message


def test_thousands_points_in_the_large_cells_alone_are_found():
    stored = history({f"L{n}": 1250.0 for n in range(4)} | {f"S{n}": 950.0 for n in range(6)}, 6)
    delivered = stored.assign(units=stored["units"].mask(stored["units"] > 1000, 1.25))
    assert not judged(delivered, stored).is_warning


def test_a_fifth_more_in_every_cell_is_a_restatement_and_no_scale():
    rows = history(TEN, 6)
    assert judged(rows.assign(units=rows["units"] * 1.2), rows).is_warning
