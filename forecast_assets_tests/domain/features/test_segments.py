import numpy as np

from forecast_assets.domain.demand.segmentation import abc_class, xyz_class
from forecast_assets.domain.features.segments import segment_features

PANEL = np.array(
    [
        [np.nan, np.nan, 4, 0, 0, 8],
        [0, 0, 0, 0, 0, 0],
        [np.nan] * 6,
    ],
    dtype=float,
)


def test_segments_are_numbered_and_statistics_are_as_computed_by_hand():
    features = segment_features(
        PANEL, np.array(["A", "C", None], dtype=object), np.array(["Z", "X", "Y"], dtype=object)
    )
    by_hand = {
        "abc_rank": [1, 3, np.nan],
        "xyz_rank": [3, 1, 2],
        "adi": [2, np.nan, np.nan],
        "cv2": [4 / 36, np.nan, np.nan],
        "zero_share_24": [0.5, 1, np.nan],
        "months_since_last_sale": [0, np.nan, np.nan],
        "nonzero_mean_units": [6, np.nan, np.nan],
        "nonzero_share": [0.5, 0, np.nan],
        "observations": [4, 6, 0],
    }
    assert set(features) == set(by_hand)
    for name, values in by_hand.items():
        np.testing.assert_allclose(features[name], values, err_msg=name)
        assert features[name].dtype == float


def test_segments_do_not_read_the_future(two_futures):
    def features(market):
        units = market.active.units
        return segment_features(units, abc_class(units, market.active.skus), xyz_class(units))

    expected, actual = map(features, two_futures)
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values, err_msg=name)
