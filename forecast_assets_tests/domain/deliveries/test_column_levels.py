"""Stock and distribution at another level than the half year before, by hand values."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.column_levels import column_level
from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, history, month_of

THREE = ["A", "B", "C"]


def judged(now: dict[str, float], count: int = 6, skus: list[str] = THREE, usual: float = 80.0):
    before = history(skus, count, distribution_pct=usual, stock_units=10.0)
    june = month_of(dict.fromkeys(skus, 100.0)).assign(**{"distribution_pct": usual, "stock_units": 10.0} | now)
    return column_level(delivery_until(pd.concat([before, june], ignore_index=True), JUNE))


@pytest.mark.parametrize(
    ("value", "named"),
    [(400.0, "5"), (399.0, None), (16.0, "0.2"), (16.1, None), (0.8, "0.01"), (0.0, "0"), (80.0, None)],
)
def test_a_column_at_five_times_or_a_fifth_of_its_level_is_named(value, named):
    finding = judged({"distribution_pct": value})
    assert (finding and finding.message) == (
        named
        and f"distribution_pct is {named} times that of the half year before (median of 3 SKUs), expected 0.2 to 5. "
        "Check the unit of the column"
    )
    assert finding is None or finding.is_warning


def test_stock_is_judged_too_and_both_are_named():
    finding = judged({"distribution_pct": 0.8, "stock_units": 1000.0})
    assert finding.rows["column"].tolist() == ["stock_units", "distribution_pct"]
    assert finding.rows["factor"].tolist() == pytest.approx([100.0, 0.01])


def test_two_skus_or_two_months_are_no_level():
    assert judged({"distribution_pct": 0.8}, skus=THREE[:2]) is None
    assert judged({"distribution_pct": 0.8}, count=2) is None
    assert judged({"distribution_pct": 0.8}, count=3) is not None
    assert judged({"distribution_pct": 80.0}, usual=0.0) is None


def test_the_level_is_the_median_of_skus_and_of_the_last_six_months():
    before = history(THREE, 12, distribution_pct=80.0)
    old = before["month"] < "2023-12-01"
    before = before.assign(distribution_pct=before["distribution_pct"].mask(old, 8000.0))
    june = month_of(dict.fromkeys(THREE, 100.0)).assign(distribution_pct=[0.8, 80.0, 80.0])
    assert column_level(delivery_until(pd.concat([before, june], ignore_index=True), JUNE)) is None
    june = june.assign(distribution_pct=[0.8, 0.8, 80.0])
    assert column_level(delivery_until(pd.concat([before, june], ignore_index=True), JUNE)) is not None


def test_a_column_that_is_not_delivered_is_not_judged():
    rows = pd.concat([history(THREE, 6), month_of(dict.fromkeys(THREE, 100.0))], ignore_index=True)
    assert column_level(delivery_until(rows, JUNE)) is None


def test_each_sku_is_compared_with_its_own_level():
    before = history(THREE, 6, distribution_pct=1.0)
    levels = before["sku"].map({"A": 1.0, "B": 90.0, "C": 90.0})
    before = before.assign(distribution_pct=levels)
    # Two of three are at six times their own level, one of them far below that of the others.
    june = month_of(dict.fromkeys(THREE, 100.0)).assign(distribution_pct=[6.0, 540.0, 90.0])
    finding = column_level(delivery_until(pd.concat([before, june], ignore_index=True), JUNE))
    assert finding.rows["factor"].tolist() == [6.0]


@pytest.mark.parametrize(("last", "is_found"), [("2024-02", True), ("2024-01", False)])
def test_the_sixth_month_back_counts_and_the_seventh_does_not(last, is_found):
    before = history(THREE, 9, distribution_pct=80.0)
    # Three months are needed; December is the sixth back.
    before = before.assign(distribution_pct=before["distribution_pct"].where(before["month"] <= last, 0.0))
    june = month_of(dict.fromkeys(THREE, 100.0)).assign(distribution_pct=0.8)
    finding = column_level(delivery_until(pd.concat([before, june], ignore_index=True), JUNE))
    assert (finding is not None) is is_found
