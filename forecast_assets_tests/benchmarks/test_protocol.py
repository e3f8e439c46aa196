import numpy as np
import pandas as pd
import pytest

from benchmarks.protocol import Forecasts, cases, mase, measures, pool, read_tidy, score, smape_of_series, wql


def rows(market: str, sku: str, first: str, values: list[float], **columns: object) -> pd.DataFrame:
    months = pd.date_range(first, periods=len(values), freq="MS")
    return pd.DataFrame({"market": market, "sku": sku, "month": months, "y": values} | columns)


@pytest.fixture
def three_series() -> pd.DataFrame:
    """Months 2020-01 .. 2021-03: one long series, one that starts too late, one that ends too early."""
    return pd.concat(
        [
            rows("NO", "tea", "2020-01-01", [float(value) for value in range(1, 16)]),
            rows("NO", "late", "2020-03-01", [5.0] * 13),
            rows("SE", "tea", "2020-01-01", [7.0] * 12),
        ],
        ignore_index=True,
    )


def test_the_cut_is_the_last_month_of_the_file_minus_the_horizon(three_series):
    (case,) = cases(three_series, horizon_months=2, origins=1, step_months=1)
    assert case.origin == "2021-01"
    assert case.known.last_month[0] == np.datetime64("2021-01", "M")
    np.testing.assert_array_equal(case.known.units[0], np.arange(1.0, 14.0))
    np.testing.assert_array_equal(case.actual[0], [14.0, 15.0])


def test_a_series_with_eleven_training_months_or_no_test_month_is_left_out(three_series):
    (case,) = cases(three_series, horizon_months=2, origins=1, step_months=1)
    assert case.known.names.tolist() == ["NO|tea"]


def test_a_further_origin_lies_a_step_earlier_and_chooses_its_own_series(three_series):
    earlier = cases(three_series, horizon_months=2, origins=2, step_months=1)[1]
    assert earlier.origin == "2020-12"
    assert earlier.known.names.tolist() == ["NO|tea"]
    np.testing.assert_array_equal(earlier.actual, [[13.0, 14.0]])


def test_the_same_sku_in_two_markets_is_two_series():
    table = pd.concat([rows(market, "tea", "2020-01-01", [float(n) for n in range(13)]) for market in ("NO", "SE")])
    (case,) = cases(table.reset_index(drop=True), horizon_months=1, origins=1, step_months=12)
    assert case.known.names.tolist() == ["NO|tea", "SE|tea"]


@pytest.mark.parametrize("gap", ["no row", "no value"])
def test_months_in_a_gap_are_unknown_and_do_not_count_as_training_months(gap):
    complete = rows("NO", "tea", "2020-01-01", [1.0] * 14)
    table = complete.drop(index=[3]) if gap == "no row" else complete.assign(y=complete["y"].where(complete.index != 3))
    (case,) = cases(table, horizon_months=1, origins=1, step_months=12)
    assert np.flatnonzero(np.isnan(case.known.units[0])).tolist() == [3]
    with pytest.raises(ValueError, match="no series with 12 training months"):
        cases(table, horizon_months=2, origins=1, step_months=12)


def test_with_a_split_each_series_ends_at_its_own_last_train_month():
    table = pd.concat(
        [
            rows("A", "one", "2000-05-01", [1.0] * 12 + [8.0, 9.0], split=["train"] * 12 + ["test"] * 2),
            rows("B", "two", "1990-01-01", [2.0] * 13 + [6.0], split=["train"] * 13 + ["test"], colour="red"),
        ],
        ignore_index=True,
    )
    (case,) = cases(table, horizon_months=3, origins=3, step_months=12)
    assert case.origin == "split"
    assert case.known.last_month.astype(str).tolist() == ["2001-04", "1991-01"]
    assert case.known.keys["colour"].tolist()[1] == "red"
    np.testing.assert_array_equal(case.known.units[0], [np.nan] + [1.0] * 12)
    np.testing.assert_array_equal(case.actual, [[8.0, 9.0, np.nan], [6.0, np.nan, np.nan]])


def test_ratios_are_made_from_pooled_sums_and_negative_forecasts_count_as_zero():
    table = pd.concat(
        [rows("A", "big", "2020-01-01", [100.0] * 12 + [90.0, 110.0]), rows("A", "small", "2020-01-01", [1.0] * 14)],
        ignore_index=True,
    )
    (case,) = cases(table, horizon_months=2, origins=1, step_months=12)
    figures = measures(score(case, Forecasts(np.array([[100.0, 100.0], [-5.0, 2.0]]))))
    # errors +10, -10, -1, +1 over actuals 90 + 110 + 1 + 1
    assert figures["wape"] == pytest.approx(22 / 202)
    assert figures["bias"] == pytest.approx(0.0)
    big, small = (2000 / 190 + 2000 / 210) / 2, (200 + 200 / 3) / 2
    assert figures["smape"] == pytest.approx((big + small) / 2)
    assert figures["pinball"] is None
    assert figures["coverage_80"] is None
    assert figures["mase"] is None  # constant history: the naive makes no error to compare with
    assert figures["series"] == 2


def test_mase_falls_back_to_lag_one_where_no_pair_of_months_is_a_year_apart():
    table = rows("A", "x", "2020-01-01", [0.0, 2.0] * 6 + [5.0])
    (case,) = cases(table, horizon_months=1, origins=1, step_months=12)
    assert measures(score(case, Forecasts(np.array([[8.0]]))))["mase"] == pytest.approx(3 / 2)


def test_intervals_give_pinball_in_units_and_coverage():
    table = rows("A", "x", "2020-01-01", [10.0] * 12 + [10.0, 30.0])
    (case,) = cases(table, horizon_months=2, origins=1, step_months=12)
    forecasts = Forecasts(np.array([[10.0, 12.0]]), np.array([[6.0, 5.0]]), np.array([[14.0, 20.0]]))
    figures = measures(score(case, forecasts))
    assert figures["coverage_80"] == pytest.approx(0.5)
    # p10: 0.1 x 4 and 0.1 x 25; p90: 0.1 x 4 and 0.9 x 10
    assert figures["pinball"] == pytest.approx(((0.4 + 2.5) / 2 + (0.4 + 9.0) / 2) / 2)


def test_the_quantile_loss_has_the_units_of_all_cells_and_levels():
    table = rows("A", "x", "2020-01-01", [10.0] * 12 + [10.0, 30.0])
    (case,) = cases(table, horizon_months=2, origins=1, step_months=12)
    levels = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    made = Forecasts(np.array([[10.0, 12.0]]), quantiles=np.stack([np.full(9, 20.0), 30.0 + 10 * levels])[None])
    # 10 too much: the loss is 10 x (1 - q), 45 over the levels; 1 .. 9 too much: q x 10 x (1 - q), 1.65 x 10.
    assert wql(score(case, made)) == pytest.approx(2 * (45 + 16.5) / 9 / 40)


def test_an_unknown_quantile_repeats_the_point_forecast():
    table = rows("A", "x", "2020-01-01", [10.0] * 12 + [10.0])
    (case,) = cases(table, horizon_months=1, origins=1, step_months=12)
    made = Forecasts(np.array([[14.0]]), quantiles=np.full((1, 1, 9), np.nan))
    assert wql(score(case, made)) == pytest.approx(0.4)


def test_origins_are_pooled_by_their_sums_not_by_the_mean_of_their_ratios():
    table = rows("A", "x", "2020-01-01", [1.0] * 12 + [10.0, 90.0])
    later, earlier = cases(table, horizon_months=1, origins=2, step_months=1)
    pooled = pool([score(later, Forecasts(np.array([[100.0]]))), score(earlier, Forecasts(np.array([[20.0]])))])
    assert measures(pooled)["wape"] == pytest.approx((10 + 10) / (90 + 10))


def test_smape_counts_a_month_without_forecast_and_sale_as_hit():
    np.testing.assert_allclose(smape_of_series(np.array([[0.0, 1.0]]), np.array([[0.0, 0.0]])), [100.0])


def test_a_missing_forecast_is_refused_with_the_name_of_its_series():
    (case,) = cases(rows("A", "x", "2020-01-01", [1.0] * 13), horizon_months=1, origins=1, step_months=12)
    with pytest.raises(ValueError, match=r"missing or infinite, first series: \['A\|x'\]"):
        score(case, Forecasts(np.array([[np.nan]])))


def test_keys_are_read_as_text_so_that_namibia_is_not_a_missing_value(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("market,sku,month,y\nNA,007,2020-01-31,3\nNA,NULL,2020-01-01,\n")
    table = read_tidy(path)
    assert table["market"].tolist() == ["NA", "NA"]
    assert table["sku"].tolist() == ["007", "NULL"]
    assert table["month"].tolist() == [pd.Timestamp("2020-01-01")] * 2
    assert table["y"].isna().tolist() == [False, True]


def test_two_rows_of_a_series_in_a_month_are_refused(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("sku,month,y\na,2020-01-01,3\na,2020-01-20,4\n")
    with pytest.raises(ValueError, match="1 series and months have two rows"):
        read_tidy(path)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("sku,month,units\na,2020-01-01,3\n")
    with pytest.raises(ValueError, match=r"columns \['y'\] are missing"):
        read_tidy(path)


def test_mase_divides_by_the_seasonal_naive_error_in_sample():
    history = np.array([[1.0, 2.0, 3.0, 5.0]])
    # Season of 2 months: |3 - 1| and |5 - 2| give a scale of 2.5.
    np.testing.assert_allclose(mase([[6.0, 6.0]], [[7.0, 2.0]], history, season_months=2), [2.5 / 2.5])


def test_mase_of_a_short_history_uses_the_naive_error_of_one_month():
    np.testing.assert_allclose(mase([[6.0]], [[9.0]], [[1.0, 2.0, 4.0]]), [3 / 1.5])


def test_mase_of_a_constant_history_is_unknown():
    assert np.isnan(mase([[6.0]], [[9.0]], [[4.0, 4.0, 4.0]])).all()


def test_mase_equals_a_loop_over_series():
    rng = np.random.default_rng(3)
    history, actual, forecast = rng.gamma(2, 5, (20, 40)), rng.gamma(2, 5, (20, 6)), rng.gamma(2, 5, (20, 6))
    history[:5, :10] = np.nan
    expected = []
    for row in range(20):
        naive = [abs(history[row, t] - history[row, t - 12]) for t in range(12, 40)]
        naive = [error for error in naive if not np.isnan(error)]
        expected.append(np.mean([abs(f - a) for f, a in zip(forecast[row], actual[row], strict=True)]) / np.mean(naive))
    np.testing.assert_allclose(mase(actual, forecast, history), expected)


def test_an_actual_that_equals_several_quantiles_is_covered_by_the_share_of_their_levels():
    table = rows("A", "x", "2020-01-01", [10.0] * 12 + [0.0, 5.0, 1.0, 9.0])
    (case,) = cases(table, horizon_months=4, origins=1, step_months=12)
    # Zero up to 0.6: an actual of 0 lies anywhere below 0.7, 0.6 of it above 0.1. 5 is inside, 1 between 0.6 and 0.7.
    mostly_zero = [0.0] * 6 + [4.0, 6.0, 8.0]
    made = Forecasts(np.zeros((1, 4)), np.zeros((1, 4)), np.full((1, 4), 8.0), np.array([[mostly_zero] * 4]))
    assert measures(score(case, made))["coverage_80"] == pytest.approx((0.6 / 0.7 + 1 + 1 + 0) / 4)
