import numpy as np

from forecast_assets.domain.calendar import month_range
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.lags import lag_features, same_month_features

ORIGIN = "2023-09-01"


def random_panel(seed=0):
    rng = np.random.default_rng(seed)
    months = month_range("2020-01-01", "2024-12-01")
    units = rng.gamma(1, 10, (12, len(months)))
    units[rng.random(units.shape) < 0.15] = np.nan
    return DemandPanel(np.array([f"s{row:02d}" for row in range(12)], dtype=object), months, units)


def by_month(panel):
    return [dict(zip(panel.months, row, strict=True)) for row in panel.units]


def test_lag_one_is_the_origin_month_and_older_lags_count_back_from_it():
    features = lag_features(np.array([[7.0, 8.0, 9.0]]), "sell_in", 4, 1)
    assert [features[f"sell_in_lag_{lag}"][0] for lag in (1, 2, 3)] == [9, 8, 7]
    assert np.isnan(features["sell_in_lag_4"]).all()
    assert list(features) == ["sell_in_lag_1", "sell_in_lag_2", "sell_in_lag_3", "sell_in_lag_4"]


def test_a_market_without_sell_out_has_its_lags_as_unknown():
    features = lag_features(None, "sell_out", 12, 3)
    assert len(features) == 12
    assert all(values.shape == (3,) and np.isnan(values).all() for values in features.values())


def test_the_same_month_of_earlier_years_is_found_by_its_date():
    panel = random_panel()
    features = same_month_features(panel.until(ORIGIN).units)
    origin = panel.until(ORIGIN).months[-1]
    for row, known in enumerate(by_month(panel)):
        for horizon in range(1, 19):
            target = month_range(origin, "2026-01-01")[horizon]
            dates = [target.replace(year=target.year - years) for years in (1, 2, 3)]
            values = [known.get(date, np.nan) if date <= origin else np.nan for date in dates]
            for years, value in enumerate(values, start=1):
                np.testing.assert_equal(features[f"same_month_{years}_years_ago_h{horizon:02d}"][row], value)
            there = [value for value in values if not np.isnan(value)]
            np.testing.assert_allclose(
                features[f"same_month_mean_h{horizon:02d}"][row], np.mean(there) if there else np.nan
            )
            np.testing.assert_equal(features[f"same_month_latest_h{horizon:02d}"][row], there[0] if there else np.nan)


def test_one_year_before_a_target_more_than_a_year_ahead_is_not_known():
    features = same_month_features(np.arange(48.0)[None, :])
    assert features["same_month_1_years_ago_h12"].tolist() == [47]
    assert np.isnan(features["same_month_1_years_ago_h13"]).all()
    assert features["same_month_2_years_ago_h13"].tolist() == [36]
    assert features["same_month_latest_h13"].tolist() == [36]


def test_lags_do_not_read_the_future(two_futures):
    def features(market):
        return lag_features(market.active.units, "sell_in", 24, 12) | same_month_features(market.active.units)

    expected, actual = map(features, two_futures)
    assert list(expected) == list(actual)
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values, err_msg=name)
