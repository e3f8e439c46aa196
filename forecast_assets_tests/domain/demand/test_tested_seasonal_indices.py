"""Seasonal index used only if a test finds a season, equal to loops over months."""

import numpy as np
import pytest

from forecast_assets.domain.demand.seasonality import tested_seasonal_indices as index_where_tested


def calendar(n_months: int, last_month: int = 12) -> np.ndarray:
    return (last_month - 1 - np.arange(n_months)[::-1]) % 12 + 1


def has_season_by_loop(y: np.ndarray) -> bool:
    """Autocorrelation at 12 months beyond 1.645 of Bartlett's standard errors, pairs with an unknown month left out."""
    known = [value for value in y if np.isfinite(value)]
    if len(known) < 24:
        return False
    mean = sum(known) / len(known)
    spread = sum((value - mean) ** 2 for value in known)
    if spread == 0:
        return False
    r = []
    for lag in range(1, 13):
        pairs = [(y[t], y[t - lag]) for t in range(lag, len(y)) if np.isfinite(y[t]) and np.isfinite(y[t - lag])]
        r.append(sum((now - mean) * (before - mean) for now, before in pairs) / spread)
    error = ((1 + 2 * sum(value**2 for value in r[:11])) / len(known)) ** 0.5
    return abs(r[11]) > 1.645 * error


def raw_index_by_loop(y: np.ndarray, months: np.ndarray) -> list[float] | None:
    """Mean ratio of each calendar month to the year around it, over the last 6 years; None if one was not seen."""
    ratios = {month: [] for month in range(1, 13)}
    for t in range(max(6, len(y) - 78), len(y) - 6):
        window = [y[t + k] * (0.5 if abs(k) == 6 else 1.0) for k in range(-6, 7)]
        average = sum(window) / 12
        if np.isfinite(average) and average > 0:
            ratios[months[t]].append(min(max(y[t] / average, 0.0), 6.0))
    if not all(ratios.values()):
        return None
    means = [sum(values) / len(values) for values in ratios.values()]
    index = [mean / (sum(means) / 12) for mean in means]
    return index if min(index) > 0.03 else None


@pytest.mark.parametrize("n_months", [12, 13, 23, 24, 30, 48, 84, 100])
@pytest.mark.parametrize("last_month", [3, 12])
def test_the_index_equals_a_loop_with_the_same_season_test(n_months, last_month):
    rng = np.random.default_rng(n_months)
    months = calendar(n_months, last_month)
    strength = np.repeat([0.0, 0.1, 0.2, 0.3, 0.5, 0.9], 4)[:, None]
    units = 40 * (1 + strength * np.sin(months / 6 * np.pi)) * rng.normal(1, 0.25, (24, n_months))
    units[3, : n_months // 3] = np.nan
    units[20, rng.random(n_months) < 0.04] = np.nan
    units[21, months == 4] = 0.0
    result = index_where_tested(units, months)
    believed = []
    for row, series in enumerate(units):
        index = raw_index_by_loop(series, months) if has_season_by_loop(series) else None
        believed.append(index is not None)
        np.testing.assert_allclose(result[row], index or np.ones(12), atol=1e-9)
    if n_months >= 48:
        assert 0 < sum(believed) < 24


def test_a_season_that_repeats_is_taken_whole():
    months = calendar(48)
    result = index_where_tested(np.where(months == 12, 21.0, 9.0)[None], months)
    np.testing.assert_allclose(result, [[0.9] * 11 + [2.1]])


def test_a_trend_alone_and_a_constant_are_no_season():
    units = np.array([np.full(60, 7.0), 100 + np.arange(60.0)])
    np.testing.assert_array_equal(index_where_tested(units[:1], calendar(60)), np.ones((1, 12)))
    assert has_season_by_loop(units[1]) == bool((index_where_tested(units[1:], calendar(60)) != 1).any())


@pytest.mark.parametrize(("known_months", "believed"), [(23, False), (24, True)])
def test_fewer_than_24_known_months_are_not_tested(known_months, believed):
    # 23 known months show 11 ratios, 24 show 12: the test and the index need the same.
    months = calendar(40)
    units = np.where(np.arange(40) >= 40 - known_months, np.where(months == 12, 60.0, 9.0), np.nan)[None]
    assert (index_where_tested(units, months) != 1).any() == believed


def test_the_index_of_a_sku_does_not_depend_on_the_others():
    units = np.random.default_rng(1).gamma(2.0, 10.0, (7, 61)) * (1 + 0.8 * np.sin(calendar(61) / 6 * np.pi))
    together = index_where_tested(units, calendar(61))
    assert (together != 1).any()
    alone = [index_where_tested(row[None], calendar(61))[0] for row in units]
    np.testing.assert_allclose(together, alone, rtol=1e-12)
