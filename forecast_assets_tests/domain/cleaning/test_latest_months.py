import numpy as np
import pytest

from forecast_assets.domain.cleaning.latest_months import latest_extremes
from forecast_assets_tests.domain.portfolio_market import MONTHS, PAST, UNKNOWN, series

CALENDAR = MONTHS[:PAST].month.to_numpy()
NOISY = 100 * np.exp(np.random.default_rng(1).normal(0, 1.0, PAST))
STEADY = series((100, 60))


def ending(*values, units=STEADY):
    """The series with other last months."""
    changed = units.copy()
    changed[-len(values) :] = values
    return changed


def marks_of(units, promoted=None):
    """Columns of high and of low extremes."""
    high, low, _ = latest_extremes(units[None], CALENDAR, promoted)
    return np.flatnonzero(high[0]).tolist(), np.flatnonzero(low[0]).tolist()


@pytest.mark.parametrize(
    ("units", "high", "low"),
    [
        (ending(5000), [59], []),
        (ending(0), [], [59]),
        (ending(-5000), [], [59]),
        (ending(5000, 5000), [58, 59], []),
        (ending(0, 0), [], [58, 59]),
        (ending(5000, -4900), [58], [59]),
        (ending(5000, 100), [58], []),
        (series((100, 15), (5000, 1)), [59], []),
        (ending(-500, units=NOISY), [], [59]),
    ],
    ids=[
        "spike",
        "nothing",
        "return",
        "two spikes",
        "nothing twice",
        "spike and return",
        "month before",
        "young",
        "return of a noisy SKU",
    ],
)
def test_extremes_of_the_last_two_months_are_marked(units, high, low):
    assert marks_of(units) == (high, low)


@pytest.mark.parametrize(
    "units",
    [
        ending(250),
        ending(5000, 5000, 5000),
        ending(0, 0, 0),
        ending(150, 230, 350),
        np.where(CALENDAR == 12, 5000.0, 100.0),
        ending(5000, units=np.where(np.arange(PAST) == 48, 5000.0, 100.0)),
        np.tile([0.0, 40], 30),
        series((100, 10), (5000, 1)),
        ending(700, units=NOISY),
        np.tile([100.0] * 9 + [-5.0], 6),
        np.full(PAST, UNKNOWN),
    ],
    ids=["moderate", "third month", "third empty month", "growth", "Christmas", "last year's festival", "intermittent",
         "new", "noise", "usual returns", "unknown"],
)  # fmt: skip
def test_possible_demand_is_not_marked(units):
    assert marks_of(units) == ([], [])


def test_promoted_months_are_not_marked():
    promoted = np.zeros((1, PAST), dtype=bool)
    promoted[0, 59] = True
    assert marks_of(ending(5000), promoted) == ([], [])
    assert marks_of(ending(5000), ~promoted) == ([59], [])
    assert marks_of(ending(5000, 5000), promoted) == ([58], [])


def test_the_expected_units_are_the_level_before_times_the_season():
    season = np.where(CALENDAR[-1] == CALENDAR, 2.0, 1.0) * 12 / 13
    units = 100 * season
    units[-2:] = 5000
    _, _, expected = latest_extremes(units[None], CALENDAR)
    assert np.isnan(expected[0, :-2]).all()
    np.testing.assert_allclose(expected[0, -2:], 100 * season[-2:], rtol=0.05)


def test_each_sku_is_judged_alone():
    rng = np.random.default_rng(3)
    units = 100 * np.exp(rng.normal(0, 0.05, (20, PAST)))
    units[::3, -1] *= 50
    high, low, expected = latest_extremes(units, CALENDAR)
    assert np.flatnonzero(high[:, -1]).tolist() == list(range(0, 20, 3))
    alone = [latest_extremes(row[None], CALENDAR) for row in units]
    for place, together in enumerate((high, low, expected)):
        np.testing.assert_array_equal(together, np.concatenate([each[place] for each in alone]))
