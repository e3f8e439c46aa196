import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.accuracy import (
    accuracy_table,
    bias,
    coverage,
    pinball,
    wape,
)

ACTUAL = np.array([10.0, 20.0, 0.0, 10.0])
FORECAST = np.array([12.0, 15.0, 3.0, 10.0])


def test_wape_is_the_sum_of_errors_over_the_sum_of_actuals():
    assert wape(ACTUAL, FORECAST) == pytest.approx((2 + 5 + 3 + 0) / 40)


def test_bias_is_positive_where_the_forecast_is_too_high():
    assert bias([10.0], [12.0]) == pytest.approx(0.2)
    assert bias([10.0], [8.0]) == pytest.approx(-0.2)


def test_a_net_return_counts_by_its_size_in_wape_and_by_its_sign_in_bias():
    assert wape([10.0, -5.0], [10.0, 0.0]) == pytest.approx(5 / 15)
    assert bias([10.0, -5.0], [10.0, 0.0]) == pytest.approx(5 / 5)


def test_actuals_that_sum_to_zero_have_no_ratio():
    assert np.isnan(wape([0.0, 0.0], [1.0, 2.0]))
    assert np.isnan(bias([5.0, -5.0], [1.0, 2.0]))
    assert np.isnan(wape([], []))


def test_an_unknown_actual_is_not_scored():
    assert wape([10.0, np.nan], [11.0, 1e9]) == pytest.approx(0.1)


def test_arrays_of_different_length_are_rejected():
    with pytest.raises(ValueError, match="different shape"):
        wape([1.0, 2.0], [1.0])


def test_pinball_of_the_ninth_decile_weighs_shortfall_nine_times():
    assert pinball([10.0], [0.0], 0.9) == pytest.approx(9.0)
    assert pinball([0.0], [10.0], 0.9) == pytest.approx(1.0)


@pytest.mark.parametrize("quantile", [0.0, 1.0, 90])
def test_a_quantile_outside_zero_and_one_is_rejected(quantile):
    with pytest.raises(ValueError, match="between 0 and 1"):
        pinball([1.0], [1.0], quantile)


def test_coverage_counts_both_ends_of_the_interval_as_inside():
    assert coverage([1.0, 2.0, 3.0, 4.0, np.nan], [1.0, 0.0, 0.0, 5.0, 0.0], [9.0, 2.0, 2.9, 9.0, 9.0]) == 0.5


@pytest.fixture
def cells():
    return pd.DataFrame(
        {
            "category": ["tea", "tea", "tea", "ice", None],
            "actual_units": [10.0, 30.0, None, 0.0, 5.0],
            "model_units": [20.0, 30.0, 1e9, 2.0, 5.0],
            "naive_units": [None, 15.0, 1e9, 0.0, 10.0],
        }
    )


def test_the_table_sums_before_it_divides(cells):
    table = accuracy_table(cells, "category", forecasts={"model": "model_units", "naive": "naive_units"})
    tea = table.set_index("category").loc["tea"]
    assert (tea["cells"], tea["actual_units"]) == (2, 40.0)
    assert (tea["wape_model"], tea["bias_model"]) == (0.25, 0.25)
    assert (tea["cells_naive"], tea["wape_naive"], tea["bias_naive"]) == (1, 0.5, -0.5)


def test_a_group_whose_actuals_sum_to_zero_keeps_its_row_without_a_ratio(cells):
    ice = accuracy_table(cells, ["category"]).set_index("category").loc["ice"]
    assert (ice["cells"], ice["absolute_error_units_model"]) == (1, 2.0)
    assert np.isnan(ice["wape_model"])
    assert np.isnan(ice["bias_model"])


def test_cells_without_a_group_are_a_group_of_their_own(cells):
    table = accuracy_table(cells, "category")
    assert table["cells"].sum() == 4
    assert table.loc[table["category"].isna(), "wape_model"].tolist() == [0.0]


@pytest.mark.parametrize("by", [None, []])
def test_without_groups_the_table_is_one_row_over_all_cells(cells, by):
    table = accuracy_table(cells, by)
    assert len(table) == 1
    assert table["wape_model"].tolist() == [pytest.approx(12 / 45)]


def test_groups_equal_the_measures_of_their_own_cells():
    rng = np.random.default_rng(5)
    cells = pd.DataFrame({"lag": rng.integers(1, 4, 200), "actual_units": rng.normal(5, 9, 200).round()})
    cells["model_units"] = rng.gamma(2, 3, 200)
    table = accuracy_table(cells, "lag").set_index("lag")
    for lag in (1, 2, 3):
        own = cells[cells["lag"] == lag]
        absolute = sum(abs(row.model_units - row.actual_units) for row in own.itertuples())
        assert table.loc[lag, "wape_model"] == pytest.approx(absolute / own["actual_units"].abs().sum())
        net = sum(row.model_units - row.actual_units for row in own.itertuples())
        assert table.loc[lag, "bias_model"] == pytest.approx(net / own["actual_units"].sum())


def test_a_missing_column_is_named(cells):
    with pytest.raises(ValueError, match="published_units"):
        accuracy_table(cells, "category", forecasts={"published": "published_units"})


def test_the_cells_of_the_caller_are_not_changed(cells):
    before = cells.copy()
    accuracy_table(cells, "category")
    pd.testing.assert_frame_equal(cells, before)
