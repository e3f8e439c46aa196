"""Distribution of the market's model: whose errors it is made of, and how many months it covers in a simulation."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.intervals import DISTANCES
from forecast_assets.domain.evaluation.quantiles import DISTRIBUTION, QUANTILE_COLUMNS
from forecast_assets.domain.models.distribution import forecast_quantiles, quantiles_of_refits, table_from_manifest
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets_tests.domain.models.invented_refits import invented_refit
from forecast_assets_tests.domain.models.synthetic_rows import plain_features

MONTHS = pd.date_range("2016-01-01", periods=96, freq="MS")
ORIGIN = MONTHS[77]
QUICK = Recipe(rounds=10, min_rows_per_leaf=20, training_rows=3000, recursive_rounds=5)
N_SKUS = 200
SKUS = [f"s{number:03d}" for number in range(N_SKUS)]
INTERMITTENT = np.arange(N_SKUS) >= N_SKUS // 2


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
    return {name: rows[name].to_numpy().reshape(N_SKUS, 18) for name in DISTRIBUTION} | {"actual": panel.units[:, 78:]}


def test_quantiles_from_refits_hold_in_later_months(fitted, cells):
    assert fitted.refits == 3
    below = {percent: cells["actual"] <= cells[f"forecast_units_p{percent}"] for percent in (10, 25, 75, 90)}
    for percent, inside in below.items():
        assert inside[~INTERMITTENT].mean() == pytest.approx(percent / 100, abs=0.05)
        # Half of the months are zero, which no quantile is below.
        assert inside[INTERMITTENT].mean() == pytest.approx(max(percent / 100, 0.5), abs=0.05)


def test_steady_and_noisy_skus_are_covered_alike(cells):
    inside = (cells["forecast_units_p10"] <= cells["actual"]) & (cells["actual"] <= cells["forecast_units_p90"])
    steady, noisy = inside[:50].mean(), inside[50:100].mean()
    assert steady == pytest.approx(noisy, abs=0.1)
    width = (cells["forecast_units_p90"] - cells["forecast_units_p10"]).mean(axis=1)
    assert np.median(width[90:100]) / np.median(width[:10]) == pytest.approx(38.2 / 6.6, rel=0.2)


def test_the_median_of_a_regular_sku_is_its_forecast_and_quantiles_are_in_order(cells):
    np.testing.assert_allclose(cells["forecast_units_p50"][~INTERMITTENT], cells["forecast_units"][~INTERMITTENT])
    every = np.stack([cells[name] for name in QUANTILE_COLUMNS])
    assert (np.diff(every, axis=0) >= 0).all()
    assert (every >= 0).all()
    assert (cells["forecast_units_p10"][INTERMITTENT] == 0).all()
    assert (cells["forecast_units_p90"] >= cells["forecast_units"]).all()


def test_without_a_refit_quantiles_are_those_of_the_statistical_forecasts():
    # Six origins of ten SKUs leave no refit. Forecast 4, of ten SKUs one sells 2 more and nine 2 less: with a
    # dispersion of 0.5 four dispersions. The median is the forecast.
    skus = SKUS[:10]
    units = np.where(np.arange(10)[:, None] == 0, 6.0, 2.0) * np.ones((10, 96))
    panel = DemandPanel(np.array(skus, dtype=object), MONTHS, units)
    features = plain_features(skus, MONTHS[71:77], 4.0, 4.0).assign(
        ses_one_step_mae=0.5, theta_one_step_mae=0.5, damped_holt_one_step_mae=0.5
    )
    market_model = fit_market_model(features, panel, ORIGIN, QUICK)
    assert market_model.refits == 0
    assert market_model.boosting_weight == QUICK.boosting_weight_of_few
    assert market_model.quantiles["scale"].unique().tolist() == ["one_step"]
    assert market_model.quantiles["p85"].tolist() == [0.0] * 18
    assert market_model.quantiles["p95"].tolist() == [8.0] * 18


def test_distances_are_in_the_error_of_the_sku_at_the_horizon_or_in_its_one_step_error(market, fitted):
    features, panel = market
    at_origin = features[features["origin_month"] == ORIGIN]
    predictions = fitted.predict(at_origin, panel)
    point = predictions.blended(fitted.boosting_weight)
    table = fitted.quantiles.assign(**dict.fromkeys(DISTANCES, 0.0)).assign(p90=3.0, p95=3.0)
    for scale, error in (("multi_step", predictions.error_units), ("one_step", predictions.dispersion_units[:, None])):
        upper = forecast_quantiles(predictions, point, table.assign(scale=scale))[..., -1] - point
        np.testing.assert_allclose(upper[~INTERMITTENT], (3 * error * np.ones(18))[~INTERMITTENT])
    assert (predictions.error_units[0] != predictions.dispersion_units[0]).all()


def test_errors_of_refits_are_actual_minus_forecast_of_regular_skus():
    actual = np.full((20, 18), np.nan)
    actual[:, 4] = np.r_[np.full(15, 110.0), np.full(5, 160.0)]
    refit = invented_refit((120, 100), actual, intermittent=(0, 1, 2), dispersion=2.0)
    table = quantiles_of_refits([refit, refit], 0.5)
    # 110 is forecast, in errors of 2 x 5 at horizon 5: 10 of 34 errors of regular SKUs are 5, the others 0.
    assert table["errors"].tolist() == [34] * 18
    assert table.loc[4, ["p05", "p50", "p65", "p75"]].tolist() == [0.0, 0.0, 0.0, 5.0]


def test_the_ends_of_an_interval_stored_by_an_older_version_serve():
    stored = [
        {"segment": kind, "horizon_months": step, "below": 2.0, "above": step, "errors": 40}
        for kind in ("*", "regular") for step in (1, 2)
    ]  # fmt: skip
    table = table_from_manifest(stored)
    assert table["scale"].tolist() == ["one_step"] * 2
    assert table[["p10", "p50", "p90"]].to_numpy().tolist() == [[-2, 0, 1], [-2, 0, 2]]
    assert table_from_manifest(table.to_dict("records")).equals(table)
