"""Correlations of errors, computed in the head, by a loop over pairs, and found again in invented histories."""

import itertools

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.levels.shared_errors import (
    USUAL_BETWEEN,
    USUAL_WITHIN,
    group_numbers,
    pair_sums,
    shared_errors,
    sums_of_backtest,
    sums_of_history,
)


def test_products_and_weights_of_three_series_in_two_groups():
    errors, scales = np.array([[1.0], [2.0], [-3.0]]), np.array([[1.0], [2.0], [1.0]])
    # Each pair counts twice. Within: 1 x 2. Between: 1 x -3 and 2 x -3.
    assert pair_sums(errors, scales, np.array([0, 0, 1])).tolist() == [4.0, -18.0, 4.0, 6.0]


def test_sums_are_those_of_a_loop_over_all_pairs():
    draws = np.random.default_rng(3)
    errors, scales = draws.normal(size=(7, 5)), draws.uniform(0.5, 1.5, size=(7, 5))
    errors[2, 1], scales[4, 3] = np.nan, 0.0
    groups = np.array([0, 1, 0, 2, 1, 2, 2])
    expected = np.zeros(4)
    for one, other in itertools.permutations(range(7), 2):
        for column in range(5):
            pair = [one, other], column
            if np.isnan(errors[pair]).any() or (scales[pair] <= 0).any():
                continue
            limit = 3.0 * scales[pair]
            is_between = int(groups[one] != groups[other])
            expected[is_between] += np.prod(np.clip(errors[pair], -limit, limit))
            expected[2 + is_between] += np.prod(scales[pair])
    assert pair_sums(errors, scales, groups) == pytest.approx(expected)


def test_one_error_of_a_hundred_scales_counts_as_three():
    assert pair_sums(np.array([[100.0], [2.0]]), np.ones((2, 1)), np.zeros(2, dtype=int))[0] == 2 * 3.0 * 2.0


def history(share_of_shock, groups=4, per_group=5, months=120, seed=5):
    """Random walks of equal steps, of which a share of the variance is common to the group."""
    draws = np.random.default_rng(seed)
    common = np.repeat(draws.normal(size=(groups, months)), per_group, axis=0)
    own = draws.normal(size=(groups * per_group, months))
    steps = np.sqrt(share_of_shock) * common + np.sqrt(1 - share_of_shock) * own
    units = 1_000 + np.cumsum(10 * steps, axis=1)
    return units, np.arange(months) % 12 + 1, np.repeat(np.arange(groups), per_group)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_the_common_part_of_random_walks_is_found_again_within_groups_alone(share):
    learned = shared_errors(sums_of_history(*history(share)))
    assert learned.within[:6] == pytest.approx(np.full(6, share), abs=0.12)
    assert learned.between[:6] == pytest.approx(np.zeros(6), abs=0.12)


def test_what_is_common_and_lasts_counts_more_at_a_longer_horizon():
    draws = np.random.default_rng(4)
    units = 1_000 + np.cumsum(10 * draws.normal(size=120)) + 20 * draws.normal(size=(6, 120))
    learned = shared_errors(sums_of_history(units, np.arange(120) % 12 + 1, np.zeros(6, dtype=int)))
    assert learned.within[0] + 0.1 < learned.within[5]
    assert learned.within[5] + 0.1 < learned.within[17]


def test_a_history_of_a_year_has_no_errors_and_gives_the_usual_correlations():
    units, calendar_months, groups = history(0.5, months=11)
    learned = shared_errors(sums_of_history(units, calendar_months, groups))
    assert learned.within.tolist() == [USUAL_WITHIN] * 18
    assert learned.between.tolist() == [USUAL_BETWEEN] * 18


def test_history_and_backtest_are_mixed_and_each_serves_alone():
    of_history = np.tile([4.0, 2.0, 10.0, 10.0], (18, 1))
    of_backtest = np.array([8.0, 1.0, 10.0, 10.0])
    mixed = shared_errors(of_history, of_backtest, 60)  # 60 SKUs weigh three times as much as the history.
    assert mixed.within == pytest.approx(np.full(18, 0.25 * 0.4 + 0.75 * 0.8))
    assert mixed.between == pytest.approx(np.full(18, 0.25 * 0.2 + 0.75 * 0.1))
    assert shared_errors(of_history, of_backtest, 20).within == pytest.approx(np.full(18, 0.6))
    assert shared_errors(np.zeros((18, 4)), of_backtest, 1).within == pytest.approx(np.full(18, 0.8))
    assert shared_errors(of_history).within == pytest.approx(np.full(18, 0.4))


def test_correlations_are_at_least_zero_and_none_between_groups_exceeds_that_within():
    learned = shared_errors(np.tile([-4.0, 2.0, 10.0, 10.0], (18, 1)))
    assert learned.within.tolist() == learned.between.tolist() == [0.0] * 18
    assert shared_errors(np.tile([30.0, 30.0, 10.0, 10.0], (18, 1))).within.max() < 1.0


def test_a_backtest_gives_the_products_of_errors_at_the_same_origin_and_horizon():
    columns = ["sku", "category", "origin_month", "horizon_months", "actual_units", "model_units"]
    january, july = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-07-01")
    rows = [
        ("A", "Tea", january, 1, 11.0, 10.0),
        ("B", "Tea", january, 1, 12.0, 10.0),
        ("C", "Mugs", january, 1, 13.0, 10.0),
        ("A", "Tea", july, 1, 9.0, 10.0),  # Alone at its origin: no pair.
        ("B", "Tea", july, 1, np.nan, 10.0),
    ]
    cells = pd.DataFrame(rows, columns=columns).assign(
        forecast_units_p10=10 - 1.281551, forecast_units_p90=10 + 1.281552
    )
    assert sums_of_backtest(cells) == pytest.approx([4.0, 2 * (3.0 + 6.0), 2.0, 4.0], rel=1e-5)
    assert sums_of_backtest(cells.iloc[:0]).tolist() == [0.0] * 4


def test_groups_are_numbered_by_their_sorted_names():
    assert group_numbers(np.array(["Tea", "Mugs", "Tea"], dtype=object)).tolist() == [1, 0, 1]
