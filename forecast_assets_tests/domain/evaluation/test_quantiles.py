import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.quantiles import (
    QUANTILE_COLUMNS,
    around_forecast,
    from_interval,
    moved,
    with_every_quantile,
)


def test_columns_are_named_by_their_percent():
    assert QUANTILE_COLUMNS[:2] == ("forecast_units_p05", "forecast_units_p10")
    assert QUANTILE_COLUMNS[-1] == "forecast_units_p95"
    assert len(QUANTILE_COLUMNS) == 19


def test_quantiles_are_put_in_order_and_around_the_forecast():
    made = around_forecast(np.r_[-3.0, 4.0, 2.0, np.full(16, 6.0)], np.array(3.0))
    assert made.tolist() == [0.0, 3.0, 4.0, *[6.0] * 16]
    low = around_forecast(np.full(19, 1.0), np.array(3.0))
    assert low.tolist() == [*[1.0] * 17, 3.0, 3.0]


def test_two_half_normals_pass_through_the_ends_of_the_interval():
    made = from_interval(np.array([10.0]), np.array([6.0]), np.array([30.0]))[0]
    assert made[[1, 9, 17]] == pytest.approx([6.0, 10.0, 30.0])
    # Quartiles lie 0.6745 / 1.2816 of the way to p10 and p90.
    assert made[[4, 14]] == pytest.approx([10 - 4 * 0.5263, 10 + 20 * 0.5263], rel=1e-4)


def test_a_moved_distribution_does_not_go_below_zero():
    quantiles = np.linspace(1.0, 19.0, 19)
    assert moved(quantiles, np.array(10.0), np.array(8.0))[:3].tolist() == [0.0, 0.0, 1.0]


def test_quantiles_that_an_older_version_did_not_store_are_filled_around_those_it_did():
    old = pd.DataFrame({"sku": ["a", "b"], "forecast_units": [10.0, 5.0], "forecast_units_p50": [11.0, 5.0]})
    filled = with_every_quantile(old.assign(forecast_units_p10=[6.0, np.nan], forecast_units_p90=[30.0, np.nan]))
    kept = ["forecast_units_p10", "forecast_units_p50", "forecast_units_p90"]
    assert filled[kept].iloc[0].tolist() == [6.0, 11.0, 30.0]
    assert filled["forecast_units_p25"].iloc[0] == pytest.approx(10 - 4 * 0.5263, rel=1e-4)
    assert np.isnan(filled["forecast_units_p25"].iloc[1])
