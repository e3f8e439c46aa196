import pandas as pd
import pytest

from forecast_assets.domain.publication.churn import forecast_churn

JUNE, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")


def publication(origin, units, status="published"):
    """Forecasts by (sku, months ahead)."""
    return pd.DataFrame(
        [(sku, origin + pd.DateOffset(months=ahead), ahead, value, status) for (sku, ahead), value in units.items()],
        columns=["sku", "target_month", "horizon_months", "forecast_units", "status"],
    )


BEFORE = publication(JUNE, {("a", 1): 7.0, ("a", 2): 100.0, ("a", 5): 50.0, ("gone", 2): 9.0})
NOW = publication(JULY, {("a", 1): 110.0, ("a", 4): 45.0, ("a", 18): 1.0, ("new", 1): 5.0})


def test_churn_is_over_the_months_both_have_and_near_over_the_next_three():
    # August: 100 -> 110; November: 50 -> 45. July and what only one has do not count.
    churn = forecast_churn(NOW, BEFORE)
    assert churn == {
        "churn_cells": 2,
        "churn": pytest.approx(15 / 150),
        "churn_signed": pytest.approx(5 / 150),
        "churn_near": pytest.approx(10 / 100),
        "churn_near_signed": pytest.approx(10 / 100),
    }


def test_backfilled_forecasts_do_not_count():
    assert forecast_churn(NOW.assign(status="backfilled"), BEFORE) == {}
    assert forecast_churn(NOW, BEFORE.assign(status="backfilled")) == {}
    assert forecast_churn(NOW, BEFORE.iloc[:0]) == {}


def test_no_ratio_where_nothing_was_forecast_before():
    assert forecast_churn(NOW, BEFORE.assign(forecast_units=0.0)) == {"churn_cells": 2}


def test_the_third_month_is_near_and_the_fourth_is_not():
    before = publication(JUNE, {("a", 4): 100.0, ("a", 5): 100.0})
    churn = forecast_churn(publication(JULY, {("a", 3): 110.0, ("a", 4): 150.0}), before)
    assert (churn["churn_near"], churn["churn"]) == (0.1, 0.3)


@pytest.mark.parametrize("units", [1.0, -1.0])
def test_a_sum_of_one_unit_before_has_a_ratio(units):
    now, before = publication(JULY, {("a", 1): units + 1}), publication(JUNE, {("a", 2): units})
    assert forecast_churn(now, before)["churn_signed"] == 1 / units
