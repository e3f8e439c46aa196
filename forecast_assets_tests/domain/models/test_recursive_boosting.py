"""The recursive boosting against loops: rows of one SKU and month at a time, forecasts of one SKU at a time."""

import dataclasses

import lightgbm
import numpy as np
import pytest

from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.recursive_boosting import COLUMNS, fit_recursive, forecast_recursive

QUICK = Recipe(recursive_rounds=15, min_recursive_rows=100)
N_MONTHS = 80


def calendar(n_months: int, last_month: int = 4) -> np.ndarray:
    return (last_month - 1 - np.arange(n_months)[::-1]) % 12 + 1


@pytest.fixture(scope="module")
def units():
    """Ten SKUs of 80 months: season, promotions of chance, one young, one with gaps, one sporadic, one returned."""
    rng = np.random.default_rng(5)
    level = np.exp(rng.normal(4, 1, (10, 1)))
    season = 1 + 0.5 * np.sin(calendar(N_MONTHS) / 6 * np.pi)
    units = np.round(level * season * np.exp(rng.normal(0, 0.2, (10, N_MONTHS))))
    units[1, :40] = np.nan
    units[2, [50, 51, 70]] = np.nan
    units[3] = np.where(rng.random(N_MONTHS) < 0.4, 0.0, units[3])
    units[4, 60] = -7.0
    units[5, :-5] = np.nan
    return units


@pytest.fixture(scope="module")
def texts(units):
    return fit_recursive(units, calendar(N_MONTHS), QUICK)


def log_levels(series: np.ndarray) -> tuple[list[float], float]:
    """Logarithms of one SKU, gaps filled with the month before, and the units added before taking them."""
    lately = [value for value in series[-36:] if np.isfinite(value)]
    mean = sum(lately) / len(lately) if lately else 0.0
    offset = 0.02 * (mean if mean > 0 else 1.0)
    levels, last = [], np.nan
    for value in series:
        last = value if np.isfinite(value) else last
        levels.append(np.log(max(last, 0.0) + offset) if np.isfinite(last) else np.nan)
    return levels, offset


def row_of(levels: list[float], target_month: int) -> list[float]:
    """The columns by name, from the levels up to the month before the target month.

    Means and deviation by numpy, oldest month first: a difference in the last digit can move a border between bins.
    """
    change = {lag: levels[-lag] - levels[-lag - 1] for lag in range(1, 14)}
    row = {f"change_lag_{lag}": change[lag] for lag in change}
    for months in (3, 6, 12):
        row[f"change_mean_{months}"] = np.mean([change[lag] for lag in range(months, 0, -1)])
        row[f"level_above_mean_{months}"] = levels[-1] - np.mean(levels[-months:])
    row["change_std_12"] = np.std([change[lag] for lag in range(12, 0, -1)])
    row["target_month_number"] = target_month
    return [row[name] for name in COLUMNS]


def rows_by_loop(units, months) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, changes to learn and weights, month by month."""
    rows, changes, weights = [], [], []
    for series in units:
        levels, offset = log_levels(series)
        for target in range(max(14, len(series) - 60), len(series)):
            both_known = np.isfinite(series[target]) and np.isfinite(series[target - 1])
            if both_known and np.isfinite(levels[target - 14]):
                rows.append(row_of(levels[:target], months[target]))
                changes.append(levels[target] - levels[target - 1])
                weights.append((offset / 0.02) ** 0.5)
    return np.array(rows), np.array(changes), np.array(weights)


def forecast_by_loop(texts, series, months, horizon) -> np.ndarray:
    levels, offset = log_levels(series)
    first = next((level for level in levels[-14:] if np.isfinite(level)), 0.0)
    levels = [first] * max(0, 14 - len(levels)) + [first if np.isnan(level) else level for level in levels[-14:]]
    paths = []
    for text in texts.values():
        booster, seen, path = lightgbm.Booster(model_str=text), list(levels), []
        for step in range(1, horizon + 1):
            row = row_of(seen, (months[-1] + step - 1) % 12 + 1)
            seen.append(seen[-1] + booster.predict(np.array([row]))[0])
            path.append(max(np.exp(seen[-1]) - offset, 0.0))
        paths.append(path)
    largest = max([value for value in series[-36:] if np.isfinite(value)], default=0.0)
    return np.clip(np.mean(paths, axis=0), 0, 4 * largest)


def test_the_boosters_are_those_trained_on_rows_made_one_month_at_a_time(units, texts):
    rows, changes, weights = rows_by_loop(units, calendar(N_MONTHS))
    by_hand = {}
    for loss in ("l1", "l2"):
        data = lightgbm.Dataset(
            rows, changes, weight=weights, feature_name=COLUMNS, params={"verbosity": -1, "max_bin": 63}
        )
        by_hand[loss] = lightgbm.train(QUICK.recursive_parameters({"objective": loss}), data, 15).model_to_string()
    assert list(texts) == ["l1", "l2"]
    for name, text in texts.items():
        ours, theirs = (lightgbm.Booster(model_str=each).predict(rows) for each in (text, by_hand[name]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
        assert np.ptp(ours) > 0.1


def test_forecasts_are_those_of_a_loop_over_skus_and_months(units, texts):
    months = calendar(N_MONTHS)
    forecast = forecast_recursive(texts, units, months, 18)
    for sku, series in enumerate(units):
        np.testing.assert_allclose(forecast[sku], forecast_by_loop(texts, series, months, 18), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("n_months", [1, 5, 14, 20])
def test_months_before_the_first_known_one_count_as_equal_to_it(units, texts, n_months):
    short, months = units[:, -n_months:], calendar(n_months)
    forecast = forecast_recursive(texts, short, months, 4)
    for sku in (0, 2, 5):
        np.testing.assert_allclose(forecast[sku], forecast_by_loop(texts, short[sku], months, 4), rtol=1e-6, atol=1e-9)


def test_a_season_is_continued_in_its_own_months():
    # Sold in even months three times what is sold in odd ones: the last month is an April.
    months = calendar(60)
    units = np.arange(1.0, 31.0)[:, None] * np.where(months % 2 == 0, 30.0, 10.0)
    recipe = dataclasses.replace(QUICK, recursive_rounds=120, recursive_learning_rate=0.2)
    forecast = forecast_recursive(fit_recursive(units, months, recipe), units, months, 6)
    np.testing.assert_allclose(forecast / np.arange(1.0, 31.0)[:, None], [[10, 30] * 3] * 30, rtol=0.02)


def test_only_the_changes_into_the_last_60_months_are_learned(units):
    # Lags of the first row of all go back 14 months from the month it forecasts.
    longer = np.concatenate([np.tile(units[:, :1], (1, 40)), units], axis=1)
    other = longer.copy()
    other[:, : 120 - 60 - 14] *= 50
    months = calendar(120)
    assert fit_recursive(other, months, QUICK) == fit_recursive(longer, months, QUICK)
    other[:, 120 - 60 - 14] *= 50
    assert fit_recursive(other, months, QUICK) != fit_recursive(longer, months, QUICK)


def test_the_unit_that_a_sku_is_counted_in_does_not_matter(units, texts):
    months = calendar(N_MONTHS)
    expected = forecast_recursive(texts, units, months, 18) * 1024
    np.testing.assert_allclose(forecast_recursive(texts, units * 1024, months, 18), expected, rtol=1e-7)


def test_the_same_units_give_the_same_texts_and_another_seed_gives_others(units, texts):
    assert fit_recursive(units, calendar(N_MONTHS), QUICK) == texts
    assert fit_recursive(units, calendar(N_MONTHS), dataclasses.replace(QUICK, seed=3)) != texts


def test_a_sample_of_the_rows_is_learned_from_where_there_are_more(units, texts):
    few = dataclasses.replace(QUICK, recursive_rows=150)
    first = fit_recursive(units, calendar(N_MONTHS), few)
    assert first == fit_recursive(units, calendar(N_MONTHS), few)
    # Each tree sees about half of the rows.
    for boosters, least, most in ((first, 60, 90), (texts, 200, 300)):
        for text in boosters.values():
            tree = lightgbm.Booster(model_str=text).dump_model()["tree_info"][0]["tree_structure"]
            assert least < tree["internal_count"] < most


def test_too_few_changes_are_no_booster(units):
    enough = len(rows_by_loop(units, calendar(N_MONTHS))[1])
    fits = [
        fit_recursive(units, calendar(N_MONTHS), dataclasses.replace(QUICK, min_recursive_rows=count))
        for count in (enough, enough + 1)
    ]
    assert [len(fit) for fit in fits] == [2, 0]
    assert fit_recursive(units[:, :10], calendar(10), QUICK) == {}


def test_forecasts_are_complete_not_negative_and_capped(texts):
    units = np.vstack([np.zeros(40), np.full(40, np.nan), np.full(40, -3.0), np.arange(40.0)])
    forecast = forecast_recursive(texts, units, calendar(40), 18)
    assert forecast.shape == (4, 18)
    np.testing.assert_array_equal(forecast[:3], np.zeros((3, 18)))
    assert ((forecast[3] >= 0) & (forecast[3] <= 4 * 39)).all()
