import pandas as pd
import pytest

from benchmarks.growth import growth_exponent, synthetic_table


def test_time_that_doubles_with_the_series_grows_linearly():
    assert growth_exponent([1000, 2000, 8000], [3.0, 6.0, 24.0]) == pytest.approx(1.0)
    assert growth_exponent([1000, 2000], [3.0, 12.0]) == pytest.approx(2.0)


def test_the_synthetic_series_are_complete_never_negative_and_the_same_each_time():
    table = synthetic_table(30)
    assert table.groupby("sku")["month"].nunique().eq(118).all()
    assert (table["y"] >= 0).all()
    assert (table["y"] == 0).mean() > 0.02
    pd.testing.assert_frame_equal(table, synthetic_table(30))
