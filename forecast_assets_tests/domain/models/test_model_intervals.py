"""Intervals of the market's model: whose errors they are made of, and how many months they cover in a simulation."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets_tests.domain.models.synthetic_rows import plain_features

MONTHS = pd.date_range("2016-01-01", periods=96, freq="MS")
ORIGIN = MONTHS[77]
QUICK = Recipe(rounds=10, min_rows_per_leaf=20, training_rows=3000, recursive_rounds=5)
N_SKUS = 200
SKUS = [f"s{number:03d}" for number in range(N_SKUS)]
INTERMITTENT = np.arange(N_SKUS) >= N_SKUS // 2
ENDS = ["forecast_units", "forecast_units_p10", "forecast_units_p90"]


def simulated():
    """SKUs of steady demand: noise of 5 to 40 around 100, or in one month out of two 1.4 on average.

    Features tell the truth about level and dispersion.
    """
    rng = np.random.default_rng(4)
    noise = np.r_[np.linspace(5, 40, N_SKUS // 2), np.ones(N_SKUS // 2)][:, None]
    sold = rng.gamma(2.0, 0.7, (N_SKUS, 96)) * (rng.random((N_SKUS, 96)) < 0.5)
    units = np.where(INTERMITTENT[:, None], sold, 100 + noise * rng.normal(0, 1, (N_SKUS, 96)))
    features = plain_features(SKUS, MONTHS[40:78])
    sporadic = np.tile(INTERMITTENT, 38)
    level, dispersion = np.where(sporadic, 0.7, 100.0), np.where(sporadic, 0.7, np.tile(noise[:, 0] * 0.8, 38))
    told = {column: level for column in features if column[-3] == "h"} | {"scale_units": level}
    told |= dict.fromkeys([column for column in features if column.endswith("_mae")], dispersion)
    features = features.assign(**told, zero_share_24=np.where(sporadic, 0.5, 0.0))
    return features, DemandPanel(np.array(SKUS, dtype=object), MONTHS, units)


@pytest.fixture(scope="module")
def market():
    return simulated()


@pytest.fixture(scope="module")
def fitted(market):
    return fit_market_model(*market, ORIGIN, QUICK)


@pytest.fixture(scope="module")
def cells(market, fitted):
    """Forecasts of the 18 months after the origin with what was sold, (N_SKUS, 18) per column."""
    features, panel = market
    rows = forecast_units(features[features["origin_month"] == ORIGIN], panel, fitted)
    return {name: rows[name].to_numpy().reshape(N_SKUS, 18) for name in ENDS} | {"actual": panel.units[:, 78:]}


def test_intervals_from_refits_cover_about_80_percent_of_later_months(fitted, cells):
    assert fitted.refits == 3
    inside = (cells["forecast_units_p10"] <= cells["actual"]) & (cells["actual"] <= cells["forecast_units_p90"])
    assert inside[~INTERMITTENT].mean() == pytest.approx(0.8, abs=0.05)
    assert inside[INTERMITTENT].mean() == pytest.approx(0.8, abs=0.05)


def test_steady_and_noisy_skus_are_covered_alike(cells):
    inside = (cells["forecast_units_p10"] <= cells["actual"]) & (cells["actual"] <= cells["forecast_units_p90"])
    steady, noisy = inside[:50].mean(), inside[50:100].mean()
    assert steady == pytest.approx(noisy, abs=0.1)
    width = (cells["forecast_units_p90"] - cells["forecast_units_p10"]).mean(axis=1)
    assert width[99] / width[0] == pytest.approx(40 / 5, rel=0.1)


def test_the_interval_of_an_intermittent_sku_begins_at_zero(cells):
    assert (cells["forecast_units_p10"][INTERMITTENT] == 0).all()
    assert (cells["forecast_units_p10"][~INTERMITTENT] > 0).all()
    assert (cells["forecast_units_p90"][INTERMITTENT] >= cells["forecast_units"][INTERMITTENT]).all()


def test_without_a_refit_widths_are_those_of_the_statistical_forecasts():
    # Six origins of ten SKUs leave no refit. Forecast 4, actual 2, a dispersion of 0.5: four dispersions too much.
    skus = SKUS[:10]
    panel = DemandPanel(np.array(skus, dtype=object), MONTHS, np.full((10, 96), 2.0))
    features = plain_features(skus, MONTHS[71:77], 4.0, 4.0).assign(
        ses_one_step_mae=0.5, theta_one_step_mae=0.5, damped_holt_one_step_mae=0.5
    )
    market_model = fit_market_model(features, panel, ORIGIN, QUICK)
    assert market_model.refits == 0
    assert market_model.boosting_weight == QUICK.boosting_weight_of_few
    assert set(market_model.quantiles["segment"]) == {"*", "regular"}
    assert market_model.quantiles["below"].unique().tolist() == [4.0]
    assert market_model.quantiles["above"].unique().tolist() == [0.0]


def test_interval_widths_are_in_the_dispersion_of_the_sku_and_of_its_kind(market, fitted):
    distances = (("*", 9, 9), ("regular", 1, 2), ("intermittent", 3, 4))
    widths = pd.DataFrame(
        [(kind, horizon, below, above, 99) for kind, below, above in distances for horizon in range(1, 19)],
        columns=["segment", "horizon_months", "below", "above", "errors"],
    )
    features, panel = market
    at_origin = features[features["origin_month"] == ORIGIN]
    rows = forecast_units(at_origin, panel, dataclasses.replace(fitted, quantiles=widths))
    point, low, high = (rows[name].to_numpy().reshape(N_SKUS, 18) for name in ENDS)
    # Dispersion: four fifths of the noise, 4 of the first SKU and 0.7 of the intermittent ones.
    np.testing.assert_allclose(point[0] - low[0], 4.0)
    np.testing.assert_allclose(high[0] - point[0], 8.0)
    np.testing.assert_allclose(high[INTERMITTENT] - point[INTERMITTENT], 4 * 0.7)
