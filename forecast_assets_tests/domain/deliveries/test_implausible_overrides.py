"""Overrides that the sell-in of the year contradicts, by hand values."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.implausible_overrides import overrides_implausible

JUNE = pd.Timestamp("2024-06-01")
BEST = {"A": 5.0, "B": 5.0, "C": 20.0, "D": 30.0}


def override(sku: str, units: float, target: str = "2024-09", origin: str = "2024-06") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sku": [sku],
            "origin_month": pd.Timestamp(origin),
            "target_month": pd.Timestamp(target),
            "forecast_units": units,
            "author": "Ann",
        }
    )


def sold(units: dict[str, float] = BEST) -> pd.DataFrame:
    """The units of the year in January, nothing after it."""
    months = pd.to_datetime(["2024-01-01", "2024-06-01"])
    parts = [
        pd.DataFrame({"sku": list(units), "month": at, "sell_in_units": [factor * each for each in units.values()]})
        for at, factor in zip(months, (1.0, 0.0), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def steady(worst: float = 40.0, months: int = 12) -> pd.DataFrame:
    """One SKU with 100 units in each month but the first."""
    at = pd.date_range(end=JUNE, periods=months, freq="MS")
    return pd.DataFrame({"sku": "S", "month": at, "sell_in_units": [worst, *[100.0] * (months - 1)]})


@pytest.mark.parametrize(("units", "is_found"), [(0.0, False), (19.9, False), (20.0, True), (5000.0, True)])
def test_an_override_of_four_times_the_best_month_is_named(units, is_found):
    finding = overrides_implausible(override("A", units), sold(), JUNE)
    assert (finding is not None) is is_found
    if is_found:
        assert finding.message == (
            f"SKU A for 2024-09: {units:,.0f} units by Ann, its best month of the year has 5. Correct the number, or "
            "leave it if it is meant"
        )


def test_a_best_month_of_one_unit_is_a_limit():
    assert overrides_implausible(override("A", 3.9), sold({"A": 1.0}), JUNE) is None
    assert overrides_implausible(override("A", 4.0), sold({"A": 1.0}), JUNE) is not None


@pytest.mark.parametrize(("units", "is_found"), [(10.0, False), (9.9, True), (0.0, True)])
def test_an_override_under_a_quarter_of_the_worst_month_is_named(units, is_found):
    finding = overrides_implausible(override("S", units), steady(), JUNE)
    assert (finding is not None) is is_found
    if is_found:
        assert f"{units:,.0f} units by Ann, its worst month of the year has 40. Correct" in finding.message


def test_a_sku_that_did_not_sell_in_each_of_twelve_months_may_sell_nothing():
    assert overrides_implausible(override("S", 0.0), steady(months=11), JUNE) is None
    assert overrides_implausible(override("S", 0.0), steady(worst=0.0), JUNE) is None
    assert overrides_implausible(override("S", 0.0), steady(worst=-1.0), JUNE) is None


def test_overrides_of_other_origins_past_months_and_unsold_skus_are_not_judged():
    rows = [override("A", 1e6, origin="2024-05"), override("A", 1e6, target="2024-06"), override("NEW", 1e6)]
    assert overrides_implausible(pd.concat(rows), sold(), JUNE) is None
    for none_sold in (-1.0, 0.0):
        assert overrides_implausible(override("A", 1e6), sold(units=BEST | {"A": none_sold}), JUNE) is None


def test_the_furthest_overrides_are_named_first_and_others_counted():
    rows = pd.concat([override(sku, 1000.0 * (place + 1)) for place, sku in enumerate(BEST)])
    finding = overrides_implausible(rows, sold(), JUNE)
    assert finding.rows["sku"].to_dict() == {0: "D", 1: "C", 2: "B", 3: "A"}
    assert "; and 1 more. Correct" in finding.message
    assert "more" not in overrides_implausible(rows.iloc[:3], sold(), JUNE).message
    low = pd.concat([override("S", 5.0), override("S", 1.0), override("S", 800.0)])
    assert overrides_implausible(low, steady(), JUNE).rows["forecast_units"].tolist() == [800.0, 1.0, 5.0]


def test_rows_of_days_are_a_month_together():
    days = pd.concat([sold(), sold()])
    assert overrides_implausible(override("A", 39.0), days, JUNE) is None
    assert "best month of the year has 10" in overrides_implausible(override("A", 40.0), days, JUNE).message


def test_an_override_without_an_author_is_of_unknown():
    assert "by unknown" in overrides_implausible(override("A", 50.0).assign(author=None), sold(), JUNE).message
