import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.life_ahead import life_ahead_features, reference_features

ORIGIN = pd.Timestamp("2024-06-01")


def months(*texts):
    return pd.to_datetime(pd.Series(texts)).to_numpy()


def test_ages_are_counted_at_the_target_month():
    features = life_ahead_features(ORIGIN, months("2024-08-01", None), months("2024-07-01", "2025-06-01"))
    np.testing.assert_array_equal(features["age_from_launch_h01"], [-1, np.nan])
    np.testing.assert_array_equal(features["age_from_launch_h05"], [3, np.nan])
    np.testing.assert_array_equal(features["months_left_h01"], [0, 11])
    np.testing.assert_array_equal(features["months_left_h03"], [-2, 9])


def test_months_that_no_sku_has_make_no_columns():
    assert life_ahead_features(ORIGIN, months(None), months(None)) == {}


def test_a_reference_is_described_by_its_last_twelve_known_months():
    units = np.full((2, 15), 10.0)
    units[0, :2], units[0, 13:] = 1000.0, np.nan
    panel = DemandPanel(np.array(["new", "old"], dtype=object), pd.date_range(end=ORIGIN, periods=15, freq="MS"), units)
    panel.units[0, 2] = 22.0
    means = reference_features(pd.Series(["new", None, "never sold"]), panel)["reference_mean_12"]
    np.testing.assert_allclose(means, [(1000 + 22 + 10 * 10) / 12, np.nan, np.nan])


def test_without_references_there_is_no_column():
    panel = DemandPanel(np.array(["a"], dtype=object), pd.DatetimeIndex([ORIGIN]), np.ones((1, 1)))
    assert reference_features(pd.Series([None], dtype=object), panel) == {}
    assert reference_features(None, panel) == {}
