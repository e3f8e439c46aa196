import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.intervals import apply_intervals, horizon_quantiles


def errors_for(horizon, low, high, count=41):
    return np.linspace(low, high, count), np.full(count, horizon)


def distances(table, horizon, segment="*"):
    row = table[(table["segment"] == segment) & (table["horizon_months"] == horizon)]
    return row[["below", "above", "errors"]].iloc[0].tolist()


def test_an_over_forecast_widens_the_interval_below_the_forecast():
    errors, horizon = errors_for(1, -1.0, 3.0)
    # Errors -1, -0.9 .. 3: deciles at -0.6 and 2.6; demand = forecast - error.
    assert distances(horizon_quantiles(errors, horizon), 1) == pytest.approx([2.6, 0.6, 41])


def test_interval_ends_are_the_quantiles_of_the_demand_around_the_forecast():
    errors, horizon = errors_for(1, -1.0, 3.0)
    table = horizon_quantiles(errors, horizon)
    p10, p90 = apply_intervals([10.0, 1.0], [2.0, 2.0], [1, 1], table)
    np.testing.assert_allclose(p10, [10 - 5.2, 0])
    np.testing.assert_allclose(p90, [10 + 1.2, 1 + 1.2])


def test_a_biased_forecast_still_lies_inside_its_interval():
    errors, horizon = errors_for(1, 1.0, 3.0)
    p10, p90 = apply_intervals([10.0], [1.0], [1], horizon_quantiles(errors, horizon))
    assert p10[0] <= 10.0 == p90[0]


def test_distances_do_not_shrink_with_the_horizon():
    wide, narrow = errors_for(2, -4.0, 4.0), errors_for(3, -1.0, 1.0)
    table = horizon_quantiles(np.r_[wide[0], narrow[0]], np.r_[wide[1], narrow[1]])
    assert table["below"].is_monotonic_increasing
    assert distances(table, 3)[:2] == pytest.approx([3.2, 3.2])


def test_few_errors_of_a_horizon_take_those_of_its_bucket():
    short, rest = errors_for(4, -9.0, 9.0, 10), errors_for(5, -1.0, 1.0, 29)
    later = errors_for(9, 0.0, 100.0, 40)
    errors, horizon = (np.concatenate(parts) for parts in zip(short, rest, later, strict=True))
    table = horizon_quantiles(errors, horizon)
    assert distances(table, 4) == pytest.approx([np.quantile(errors[:39], 0.9), -np.quantile(errors[:39], 0.1), 39])
    assert distances(table, 9)[2] == 40


def test_a_bucket_ends_with_its_last_horizon():
    # Ten errors of each horizon, all equal to it: alone too few, 30 in each of the first two buckets, 60 in the others.
    horizon = np.repeat(np.arange(1, 19), 10)
    table = horizon_quantiles(horizon.astype(float), horizon)
    assert table["errors"].tolist() == [*[30] * 6, *[60] * 12]
    # Nine deciles below: the last horizon of the bucket, as above it is the last tenth or less.
    assert table["below"].tolist() == [*[3.0] * 3, *[6.0] * 3, *[12.0] * 6, *[18.0] * 6]
    nine = np.repeat(np.arange(1, 19), 9)
    # 27 errors of a short bucket are too few: the short horizons take the nearest later one that has enough.
    assert horizon_quantiles(nine.astype(float), nine)["errors"].tolist() == [54] * 18


def test_thirty_errors_of_a_horizon_are_enough_and_twenty_nine_take_the_bucket():
    for count, used in ((30, 30), (29, 58)):
        errors, horizon = np.zeros(2 * count), np.repeat([1, 2], count)
        assert distances(horizon_quantiles(errors, horizon), 1)[2] == used


def test_a_segment_takes_its_own_bucket_before_that_of_all():
    own, other = np.repeat([1, 2, 3], 10), np.repeat([1, 2, 3], 20)
    errors, horizon = np.r_[np.full(30, 1.0), np.full(60, 5.0)], np.r_[own, other]
    table = horizon_quantiles(errors, horizon, np.array(["A"] * 30 + ["B"] * 60, dtype=object))
    assert distances(table, 2, "A") == [1.0, 0.0, 30]
    few = horizon_quantiles(errors[1:], horizon[1:], np.array(["A"] * 29 + ["B"] * 60, dtype=object))
    assert distances(few, 2, "A")[2] == 89


def test_a_horizon_without_errors_takes_the_nearest_one():
    four, nine = errors_for(4, -1.0, 1.0), errors_for(9, -5.0, 5.0)
    table = horizon_quantiles(np.r_[four[0], nine[0]], np.r_[four[1], nine[1]])
    assert [round(distances(table, horizon)[0], 6) for horizon in (1, 4, 6, 7, 9, 18)] == [0.8, 0.8, 0.8, 4, 4, 4]
    last = errors_for(18, -5.0, 5.0)
    table = horizon_quantiles(np.r_[four[0], last[0]], np.r_[four[1], last[1]])
    assert [round(distances(table, horizon)[0], 6) for horizon in (7, 12, 13)] == [0.8, 0.8, 4]


def test_a_handful_of_errors_serves_every_horizon():
    table = horizon_quantiles([-1.0, 0.0, 1.0], [1, 9, 18])
    assert len(table) == 18
    np.testing.assert_allclose(table[["below", "above", "errors"]], [[0.8, 0.8, 3]] * 18)


def test_a_segment_with_few_errors_takes_those_of_all_segments():
    errors, horizon = errors_for(1, -1.0, 1.0)
    segment = np.array(["A"] * 40 + ["B"], dtype=object)
    table = horizon_quantiles(errors, horizon, segment)
    assert distances(table, 1, "A")[2] == 40
    assert distances(table, 1, "B") == distances(table, 1, "*")


def test_an_unseen_segment_takes_the_distances_over_all():
    errors, horizon = errors_for(1, -1.0, 1.0)
    table = horizon_quantiles(errors, horizon, np.full(41, "A"))
    seen = apply_intervals([5.0], [1.0], [18], table, ["A"])
    for segment in ("new", None, np.nan):
        assert apply_intervals([5.0], [1.0], [18], table, [segment]) == seen


def test_the_interval_of_an_intermittent_sku_begins_at_zero():
    # Errors -1, -0.9 .. 3: the demand lies more than 0.2 above the forecast in one case of five.
    errors, horizon = errors_for(1, -1.0, 3.0)
    table = horizon_quantiles(errors, horizon, np.full(41, "intermittent", dtype=object))
    assert distances(table, 1, "intermittent") == pytest.approx([2.6, 0.2, 41])
    assert distances(table, 1) == pytest.approx([2.6, 0.6, 41])
    p10, p90 = apply_intervals([10.0, 10.0], [2.0, 2.0], [1, 1], table, ["intermittent", "regular"])
    np.testing.assert_allclose(p10, [0.0, 10 - 5.2])
    np.testing.assert_allclose(p90, [10.4, 11.2])


def test_intervals_of_their_own_errors_cover_eighty_percent():
    rng = np.random.default_rng(8)
    scale = rng.gamma(2, 10, 20_000) + 1
    horizon = rng.integers(1, 19, 20_000)
    point = 50 * scale
    actual = point + rng.normal(0, 1, 20_000) * scale * np.sqrt(horizon)
    table = horizon_quantiles((point - actual) / scale, horizon)
    p10, p90 = apply_intervals(point, scale, horizon, table)
    assert ((p10 <= actual) & (actual <= p90)).mean() == pytest.approx(0.8, abs=0.02)


def test_every_interval_holds_its_point_and_is_not_negative():
    rng = np.random.default_rng(9)
    table = horizon_quantiles(rng.normal(0.3, 1, 900), rng.integers(1, 19, 900), rng.choice(["A", "B"], 900))
    point, scale = rng.gamma(1, 5, 500), rng.gamma(1, 5, 500)
    p10, p90 = apply_intervals(point, scale, rng.integers(1, 19, 500), table, rng.choice(["A", "B", "C"], 500))
    assert (p10 >= 0).all()
    assert (p10 <= point).all()
    assert (point <= p90).all()


def test_a_forecast_of_nothing_has_an_interval_above_it():
    p10, p90 = apply_intervals([0.0], [2.0], [1], horizon_quantiles(*errors_for(1, -1.0, 1.0)))
    assert (p10.tolist(), p90.tolist()) == ([0.0], [1.6])


def test_segments_given_as_a_series_are_read_by_position():
    table = horizon_quantiles(*errors_for(1, -1.0, 1.0), segment=np.full(41, "A"))
    segment = pd.Series(["A", "A"], index=[7, 7])
    np.testing.assert_array_equal(apply_intervals([5.0, 5.0], [1.0, 1.0], [1, 1], table, segment)[0], [4.2, 4.2])


def test_invalid_input_is_rejected_with_the_expected_values():
    with pytest.raises(ValueError, match="backtest at least one origin"):
        horizon_quantiles([np.nan], [1])
    with pytest.raises(ValueError, match=r"1\.\.18, got \[0, 19\]"):
        horizon_quantiles([0.1, 0.1, 0.1, 0.1], [19, 1, 18, 0])
    with pytest.raises(ValueError, match="lower < upper"):
        horizon_quantiles([0.1], [1], lower=0.9, upper=0.1)
    for lower, upper in ((0.0, 0.9), (0.5, 0.5), (0.1, 1.0)):
        with pytest.raises(ValueError, match="lower < upper"):
            horizon_quantiles([0.1], [1], lower=lower, upper=upper)
    with pytest.raises(ValueError, match=r"no interval for horizon \[19\]"):
        apply_intervals([1.0, 1.0], [1.0, 1.0], [1, 19], horizon_quantiles([0.1], [1]))
    with pytest.raises(ValueError, match="1 point forecasts are negative or NaN"):
        apply_intervals([-1.0], [1.0], [1], horizon_quantiles([0.1], [1]))
