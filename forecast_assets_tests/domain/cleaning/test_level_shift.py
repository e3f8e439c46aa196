import numpy as np
import pytest

from forecast_assets.domain.cleaning.level_shift import level_shift_columns
from forecast_assets_tests.domain.portfolio_market import MONTHS, PAST, UNKNOWN, series

CALENDAR = MONTHS[:PAST].month.to_numpy()


def shift_of(units):
    column, ratio = level_shift_columns(units[None], CALENDAR[: len(units)])
    return column[0], ratio[0]


@pytest.mark.parametrize(("level", "ratio"), [(300, 3), (25, 0.25)])
def test_a_lasting_jump_is_detected_in_its_month_with_its_ratio(level, ratio):
    assert shift_of(series((100, 45), (level, 15))) == (45, pytest.approx(ratio, rel=0.1))


@pytest.mark.parametrize(
    "units",
    [
        series((100, 60)),
        series((100, 45), (150, 15)),
        series((100, 55), (300, 5)),
        series((100, 20), (300, 40)),
        series((100, 45), (300, 2), (100, 13)),
        np.exp(np.linspace(0, 4, PAST)) * 100,
        np.where(CALENDAR == 12, 900.0, 100.0),
        np.tile([0.0, 0, 9], 20),
    ],
    ids=["steady", "small", "too young", "long ago", "a spike", "growth", "season", "intermittent"],
)
def test_other_changes_are_no_lasting_jump(units):
    assert shift_of(units) == (-1, 1.0)


def test_a_jump_within_the_usual_noise_is_not_one():
    rng = np.random.default_rng(4)
    noisy = series((100, 45), (250, 15)) * np.exp(rng.normal(0, 0.6, PAST))
    assert shift_of(noisy) == (-1, 1.0)


def test_each_sku_is_judged_alone_and_unknown_months_do_not_count():
    jumped, steady, unknown = series((100, 45), (300, 15)), series((100, 60)), np.full(PAST, UNKNOWN)
    columns, ratios = level_shift_columns(np.array([steady, jumped, unknown]), CALENDAR)
    assert columns.tolist() == [-1, 45, -1]
    assert ratios[[0, 2]].tolist() == [1, 1]


def test_a_history_of_a_year_has_no_shift():
    assert shift_of(np.array([100.0] * 6 + [300.0] * 6)) == (-1, 1.0)
