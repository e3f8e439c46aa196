"""Seasonal index, equal to a loop over SKUs and months, and by hand on short years."""

import numpy as np
import pytest

from forecast_assets.domain.demand.seasonality import following_calendar_months, seasonal_indices


def calendar(n_months: int, last_month: int = 12) -> np.ndarray:
    return (last_month - 1 - np.arange(n_months)[::-1]) % 12 + 1


def index_by_loop(y: np.ndarray, months: np.ndarray) -> tuple[list[float], float, float]:
    """The same rules for one SKU, written month by month from the recipe."""
    origin = len(y) - 1
    ratios = {month: [] for month in range(1, 13)}
    for t in range(max(6, origin - 6 - 72 + 1), origin - 6 + 1):
        weights = [0.5] + [1.0] * 11 + [0.5]
        window = [y[t + k] for k in range(-6, 7)]
        average = sum(w * v for w, v in zip(weights, window, strict=True)) / 12
        if np.isfinite(average) and average > 0:
            ratios[months[t]].append(min(max(y[t] / average, 0.0), 6.0))
    seen = {month: values for month, values in ratios.items() if values}
    n_ratios = sum(len(values) for values in seen.values())
    means = {month: sum(values) / len(values) for month, values in seen.items()}
    if not seen or sum(means.values()) == 0:
        return [1.0] * 12, 0.3 if len(seen) == 12 and n_ratios < 24 else 0.0, 0.0
    overall = sum(means.values()) / len(means)
    raw = {month: mean / overall for month, mean in means.items()}
    between = sum((value - 1) ** 2 for value in raw.values()) / len(raw)
    squares = sum((v - means[month]) ** 2 for month, values in seen.items() for v in values)
    within = squares / max(n_ratios - len(seen), 1) / overall**2
    if n_ratios >= 24:
        weight = min(max((between - within / (n_ratios / len(seen))) / between, 0.0), 1.0) if between > 0 else 0.0
        strength = between / (between + within) if between + within > 0 else 0.0
    else:
        weight, strength = (0.3 if len(seen) == 12 else 0.0), 0.0
    index = [min(max(1 + weight * (raw.get(month, 1.0) - 1), 0.03), 8.0) for month in range(1, 13)]
    return index, weight, strength


@pytest.mark.parametrize("n_months", [10, 13, 20, 24, 31, 36, 40, 84, 85, 97, 130])
@pytest.mark.parametrize("last_month", [1, 7, 12])
def test_the_index_is_that_of_a_loop_over_skus_and_months(n_months, last_month):
    rng = np.random.default_rng(n_months)
    months = calendar(n_months, last_month)
    level = rng.uniform(0.5, 50.0, (12, 1)) * (1.0 + 0.8 * np.sin(months / 12 * 2 * np.pi))
    units = rng.poisson(level).astype(float)
    units[3, : n_months // 2] = np.nan
    units[4, rng.random(n_months) < 0.1] = np.nan
    units[5] = 0.0
    units[6] = np.where(months == 11, 100.0, 0.0)
    units[7] = np.where(rng.random(n_months) < 0.1, 40.0, 0.0)
    units[8] = 5.0
    seasonal = seasonal_indices(units, months)
    for row, series in enumerate(units):
        index, weight, strength = index_by_loop(series, months)
        np.testing.assert_allclose(seasonal.index[row], index, atol=1e-9)
        # Of a constant series the ratio of two rounding errors is not a weight that means anything.
        if row not in (5, 8):
            np.testing.assert_allclose(seasonal.weight[row], weight, atol=1e-9)
            np.testing.assert_allclose(seasonal.strength[row], strength, atol=1e-9)


def test_a_season_that_repeats_exactly_is_believed_entirely():
    months = calendar(48)
    units = np.where(months == 12, 21.0, 9.0)[None]
    seasonal = seasonal_indices(units, months)
    np.testing.assert_allclose(seasonal.index, [[0.9] * 11 + [2.1]])
    assert (seasonal.weight[0], seasonal.strength[0], seasonal.n_ratios[0]) == (pytest.approx(1), pytest.approx(1), 36)


def test_one_observed_year_counts_for_three_tenths():
    months = calendar(24)
    units = np.where(months == 12, 21.0, 9.0)[None]
    seasonal = seasonal_indices(units, months)
    np.testing.assert_allclose(seasonal.index, [[0.97] * 11 + [1.33]])
    assert (seasonal.weight[0], seasonal.strength[0], seasonal.n_ratios[0]) == (0.3, 0.0, 12)


def test_eleven_ratios_say_nothing_about_the_season():
    months = calendar(23)
    seasonal = seasonal_indices(np.where(months == 12, 21.0, 9.0)[None], months)
    np.testing.assert_array_equal(seasonal.index, np.ones((1, 12)))


def test_a_month_never_sold_keeps_a_share_that_can_be_divided_by():
    months = calendar(60)
    seasonal = seasonal_indices(np.where(months == 8, 0.0, 10.0)[None], months)
    assert seasonal.index[0, 7] == 0.03


def test_months_before_the_last_six_years_of_ratios_do_not_count():
    months = calendar(84)
    recent = np.where(months == 12, 21.0, 9.0)
    units = np.concatenate([np.where(months == 3, 500.0, 1.0), recent])[None]
    np.testing.assert_array_equal(
        seasonal_indices(units, calendar(168)).index, seasonal_indices(recent[None], months).index
    )


def test_the_index_of_a_sku_does_not_depend_on_the_others():
    units = np.random.default_rng(1).gamma(2.0, 10.0, (7, 61))
    together = seasonal_indices(units, calendar(61))
    alone = [seasonal_indices(row[None], calendar(61)).index[0] for row in units]
    np.testing.assert_array_equal(together.index, alone)


def test_months_are_looked_up_by_their_number():
    months = calendar(48)
    seasonal = seasonal_indices(np.where(months == 12, 21.0, 9.0)[None], months)
    np.testing.assert_allclose(seasonal.of_months([12, 1]), [[2.1, 0.9]])
    np.testing.assert_array_equal(following_calendar_months(np.array([10, 11]), 3), [12, 1, 2])


def test_skipped_wrong_or_missing_months_are_rejected_by_name():
    with pytest.raises(ValueError, match="got 3 after 1 in column 1"):
        seasonal_indices(np.ones((1, 3)), np.array([1, 3, 4]))
    with pytest.raises(ValueError, match=r"got \[0, 13\]"):
        seasonal_indices(np.ones((1, 3)), np.array([0, 13, 4]))
    with pytest.raises(ValueError, match=r"got shapes \(2,\) and \(1, 3\)"):
        seasonal_indices(np.ones((1, 3)), np.array([1, 2]))
    with pytest.raises(ValueError, match="no month"):
        seasonal_indices(np.ones((1, 0)), np.array([]))
