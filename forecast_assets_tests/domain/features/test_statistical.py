import numpy as np
import pandas as pd

from forecast_assets.domain.features.statistical import statistical_features

ORIGIN = pd.Timestamp("2023-09-01")


def units_with_peak_in_december(n_months):
    months = pd.date_range(end=ORIGIN, periods=n_months, freq="MS")
    return np.where(months.month == 12, 300.0, 100.0)[None, :]


def test_each_horizon_is_put_to_its_own_target_month():
    features = statistical_features(units_with_peak_in_december(72), ORIGIN)
    for name in ("ses", "theta", "damped_holt", "statistical_mean", "seasonal_index"):
        path = np.array([features[f"{name}_h{horizon:02d}"][0] for horizon in range(1, 19)])
        # September plus 3 and plus 15 months is December.
        assert set(np.flatnonzero(path > 2 * np.median(path)) + 1) == {3, 15}, name


def test_the_mean_is_that_of_the_three_methods_at_every_horizon():
    units = np.random.default_rng(5).gamma(4, 25, (3, 60))
    features = statistical_features(units, ORIGIN)
    for horizon in range(1, 19):
        methods = [features[f"{name}_h{horizon:02d}"] for name in ("ses", "theta", "damped_holt")]
        np.testing.assert_allclose(features[f"statistical_mean_h{horizon:02d}"], np.mean(methods, axis=0))
    assert "ses_h19" not in features


def test_a_constant_sku_is_continued_without_error_or_slope():
    features = statistical_features(np.full((1, 48), 50.0), ORIGIN)
    for name in ("ses_h01", "theta_h18", "damped_holt_h09", "statistical_mean_h12"):
        np.testing.assert_allclose(features[name], [50.0])
    np.testing.assert_allclose(features["statistical_slope"], [0.0], atol=1e-9)
    np.testing.assert_allclose(features["ses_one_step_mae"], [0.0], atol=1e-9)
    np.testing.assert_allclose(features["seasonal_index_h05"], [1.0])
