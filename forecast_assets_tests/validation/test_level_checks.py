"""Checks of forecasts by level: sums that agree, and markets that are missing."""

import pandas as pd
import pytest

from forecast_assets.validation.level_checks import market_checks, totals_checks

JUNE, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")
PUBLISHED = pd.DataFrame({"sku": ["A", "B"], "target_month": JULY, "forecast_units": [10.0, 30.0]})


def levels(of_categories, of_market):
    rows = [("category", name, units) for name, units in of_categories.items()]
    rows += [("market", "ALL", of_market)] if of_market is not None else []
    return pd.DataFrame(rows, columns=["level", "category", "forecast_units"]).assign(target_month=JULY)


@pytest.mark.parametrize(
    ("table", "wrong_months"),
    [
        (levels({"Tea": 10.0, "Mugs": 30.0}, 40.0), 0),
        (levels({"Tea": 10.0, "Mugs": 30.0}, 40.00001), 0),  # Rounding.
        (levels({"Tea": 10.0, "Mugs": 29.0}, 40.0), 1),
        (levels({"Tea": 10.0, "Mugs": 30.0}, 41.0), 1),
        (levels({"Tea": 10.0, "Mugs": 30.0}, None), 1),
    ],
)
def test_categories_and_market_add_up_to_the_skus(table, wrong_months):
    (check,) = (each for each in market_checks(PUBLISHED) if each.name == "sums_agree")
    assert check.find(table, JUNE).violations == wrong_months


def test_a_month_that_does_not_add_up_is_shown_with_both_sums():
    (check,) = (each for each in market_checks(PUBLISHED) if each.name == "sums_agree")
    (row,) = check.find(levels({"Tea": 10.0, "Mugs": 29.0}, 40.0), JUNE).rows.to_dict("records")
    assert row == {"target_month": JULY, "categories_units": 39.0, "market_units": 40.0}


def test_a_market_that_is_not_published_is_named_and_does_not_stop_the_sums():
    (check,) = (each for each in totals_checks({JUNE: {"FR"}}, ["FR", "NO"]) if each.name == "markets_published")
    finding = check.find(pd.DataFrame(), JUNE)
    assert (finding.violations, finding.is_warning) == (1, True)
    assert "without NO" in finding.message
    (complete,) = (each for each in totals_checks({JUNE: {"FR"}}, ["FR"]) if each.name == "markets_published")
    assert complete.find(pd.DataFrame(), JUNE).violations == 0
