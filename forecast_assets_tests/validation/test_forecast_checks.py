"""Checks of a forecast before planners see it."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.validation.forecast_checks import (
    forecasts_checks,
    horizon_complete,
    overrides_applied,
    successors_named,
)
from forecast_assets_tests.repository_settings import loaded

ORIGIN = pd.Timestamp("2024-06-01")
MONTHS = pd.date_range("2023-01-01", ORIGIN, freq="MS")


def forecasts(units: float = 10.0, skus: tuple[str, ...] = ("A", "B")) -> pd.DataFrame:
    horizons = range(1, 19)
    cells = pd.DataFrame(
        [(sku, ORIGIN, ORIGIN + pd.DateOffset(months=h), h) for sku in skus for h in horizons],
        columns=["sku", "origin_month", "target_month", "horizon_months"],
    )
    interval = {"forecast_units_p10": 0.0, "forecast_units_p90": units}
    return with_every_quantile(cells.assign(forecast_units=units, baseline_units=units, **interval))


def checks(last_year: float = 10.0):
    """Checks of a market whose two SKUs sold the same every month of last year, and 1,000 times that before."""
    rows = pd.DataFrame([(sku, month) for sku in ("A", "B") for month in MONTHS], columns=["sku", "month"])
    rows["sell_in_units"] = np.where(rows["month"] > MONTHS[-13], last_year, last_year * 1000)
    panel = panel_from_rows(rows, MONTHS[0], ORIGIN)
    return {check.name: check for check in forecasts_checks(panel, loaded().checks)}


def test_a_whole_horizon_passes():
    assert horizon_complete().find(forecasts(), ORIGIN).violations == 0


def test_a_missing_month_is_found_by_sku():
    table = forecasts()
    finding = horizon_complete().find(table[(table["sku"] != "B") | (table["horizon_months"] != 7)], ORIGIN)
    assert (finding.violations, finding.rows["sku"].tolist()) == (1, ["B"])
    assert finding.message == "1 SKUs without exactly 18 months ahead"


def test_a_month_given_twice_is_found():
    table = forecasts()
    assert horizon_complete().find(pd.concat([table, table.head(1)]), ORIGIN).violations == 1


def test_a_horizon_that_is_not_target_minus_origin_is_found():
    table = forecasts()
    shifted = table.assign(target_month=table["target_month"] + pd.DateOffset(months=1))
    finding = horizon_complete().find(shifted, ORIGIN)
    assert finding.violations == 36
    assert finding.message == "horizon_months is not target minus the origin 2024-06"


def test_a_forecast_of_another_origin_is_found():
    assert horizon_complete().find(forecasts(), pd.Timestamp("2024-05-01")).violations == 36


def test_overrides_without_a_forecast_to_replace_are_named_and_block_nothing():
    overrides = pd.DataFrame(
        {
            "sku": ["A", "A", "NOPE"],
            "target_month": [ORIGIN + pd.DateOffset(months=months) for months in (1, 19, 2)],
            "author": ["Ann", None, "Bo"],
        }
    )
    check = overrides_applied(overrides)
    finding = check.find(forecasts(), ORIGIN)
    assert (finding.violations, check.blocking) == (2, False)
    assert finding.message == (
        "2 overrides have no forecast to replace and are not published: SKU A for 2026-01 by unknown; SKU NOPE for "
        "2024-08 by Bo. Correct the SKU"
    )
    assert overrides_applied(overrides.head(1)).find(forecasts(), ORIGIN).violations == 0
    assert overrides_applied(overrides.head(0)).find(forecasts(), ORIGIN).violations == 0


@pytest.mark.parametrize("value", [-1.0, np.nan])
@pytest.mark.parametrize("column", ["forecast_units", "forecast_units_p05", "forecast_units_p90", "baseline_units"])
def test_a_negative_or_missing_number_is_found_in_each_column(column, value):
    table = forecasts()
    table.loc[3, column] = value
    finding = checks()["no_negatives"].find(table, ORIGIN)
    assert finding.violations == 1
    assert finding.message == "1 cells with a negative or missing number"


@pytest.mark.parametrize(
    ("units", "ratio", "violations"), [(10.0, 1.0, 0), (29.9, 2.99, 0), (30.1, 3.01, 1), (3.4, 0.34, 0), (3.3, 0.33, 1)]
)
def test_the_next_year_is_held_against_the_last_twelve_months_and_no_earlier_one(units, ratio, violations):
    finding = checks()["total_plausible"].find(forecasts(units), ORIGIN)
    assert finding.violations == violations
    assert finding.figures["ratio_to_last_year"] == pytest.approx(ratio)


def test_an_implausible_total_says_both_sums_and_how_to_widen_the_limit():
    message = checks()["total_plausible"].find(forecasts(40.0), ORIGIN).message
    assert message == (
        "next 12 months sum to 960 units, the last 12 to 240: ratio 4.00, expected 0.33 to 3.00. "
        "Check the largest SKUs, or widen FORECAST_MAX_FORECAST_RATIO"
    )


def test_a_year_without_units_has_no_ratio_and_only_warns():
    finding = checks(last_year=0.0)["total_plausible"].find(forecasts(), ORIGIN)
    assert (finding.violations, finding.is_warning) == (1, True)


def test_the_first_twelve_months_are_the_next_year():
    """Months 12 and 13 ahead differ: only the first counts."""
    table = forecasts()
    far = table.assign(forecast_units=table["forecast_units"].mask(table["horizon_months"] >= 13, 1e6))
    assert checks()["total_plausible"].find(far, ORIGIN).figures["ratio_to_last_year"] == 1.0
    twelfth = table.assign(forecast_units=table["forecast_units"].mask(table["horizon_months"] == 12, 130.0))
    assert checks()["total_plausible"].find(twelfth, ORIGIN).figures["ratio_to_last_year"] == 2.0


def test_a_ratio_at_its_limit_is_plausible_and_is_shown_to_four_places():
    assert checks()["total_plausible"].find(forecasts(30.0), ORIGIN).violations == 0
    assert checks(last_year=30.0)["total_plausible"].find(forecasts(10.0), ORIGIN).violations == 0
    finding = checks(last_year=30.0)["total_plausible"].find(forecasts(20.0), ORIGIN)
    assert finding.figures == {"ratio_to_last_year": 0.6667}


def test_a_year_of_returns_has_no_ratio_and_one_of_few_units_has():
    assert checks(last_year=-1.0)["total_plausible"].find(forecasts(), ORIGIN).is_warning
    assert checks(last_year=0.02)["total_plausible"].find(forecasts(0.02), ORIGIN).violations == 0


def test_three_overrides_without_a_forecast_are_named():
    overrides = pd.DataFrame({"sku": list("VWXY"), "target_month": ORIGIN, "author": "Ann"})
    finding = overrides_applied(overrides).find(forecasts(), ORIGIN)
    assert (finding.violations, finding.message.count("by Ann")) == (4, 3)


def test_a_sku_with_a_month_twice_in_place_of_another_is_partial():
    table = forecasts()
    months = table["horizon_months"].where(table.index != 6, 8)
    targets = [ORIGIN + pd.DateOffset(months=int(each)) for each in months]
    finding = horizon_complete().find(table.assign(horizon_months=months, target_month=targets), ORIGIN)
    assert (finding.violations, finding.rows["sku"].tolist()) == (1, ["A"])


def test_a_forecast_of_zero_is_no_negative_number():
    assert checks()["no_negatives"].find(forecasts(0.0), ORIGIN).violations == 0


def test_overrides_warn_and_the_other_checks_block():
    assert {name: check.blocking for name, check in checks().items()} == {
        "schema": True, "horizon_complete": True, "no_negatives": True, "total_plausible": True,
    }  # fmt: skip


def test_proposed_successors_are_named_with_the_way_to_accept_them():
    since = pd.Timestamp("2024-05-01")
    proposed = pd.DataFrame({"predecessor": ["A"], "successor": ["B"], "since": [since], "level_ratio": [1.0]})
    finding = successors_named(proposed, is_accepted=False).find(forecasts(), ORIGIN)
    assert finding.violations == 1
    assert "A -> B from 2024-05 on" in finding.message
    assert "FORECAST_SUCCESSORS_ACCEPTED=true" in finding.message
    assert successors_named(proposed, is_accepted=True).find(forecasts(), ORIGIN).violations == 0
    assert successors_named(proposed.head(0), is_accepted=False).find(forecasts(), ORIGIN).violations == 0
    assert not successors_named(proposed, is_accepted=False).blocking
