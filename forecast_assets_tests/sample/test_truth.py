"""The truth against slow counterparts: many single worlds, and the stock policy worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast_assets.sample import parameters as p
from forecast_assets.sample.demand import ExpectedDemand, promotion_effect
from forecast_assets.sample.festivities import easter_share, ramadan_share
from forecast_assets.sample.supply import SupplyChain, simulate


@pytest.fixture
def quiet(monkeypatch):
    """A world without noise and returns."""
    for name in ("ORDER_NOISE", "MARKET_SHOCK_SD", "RETURN_PROBABILITY", "RETURNED_AT_END"):
        monkeypatch.setattr(p, name, 0.0)


def chain(plan, base=None, noise_sd=0.0, occurrence=1.0, case=1.0):
    """One SKU with a cover of one month, half of the gap to the target ordered at once."""
    plan = np.array([plan], dtype=float)
    base = plan if base is None else np.array([base], dtype=float)
    return SupplyChain(
        demand=ExpectedDemand(plan, base, np.ones_like(plan), np.ones_like(plan)),
        loading=np.zeros_like(plan),
        quarter_end=np.ones(plan.shape[1]),
        case_units=np.array([case]),
        occurrence=np.array([occurrence]),
        noise_sd=np.array([noise_sd]),
        cover=np.array([1.0]),
        response=np.array([p.LEVEL_RESPONSE]),
        correction=0.5,
    )


def test_with_even_demand_and_no_noise_retailers_order_what_they_sell(quiet):
    flows = simulate(chain([100] * 6), np.random.default_rng(0), worlds=1)
    assert flows.delivered.tolist() == [[100] * 6]
    assert flows.stock.tolist() == [[100] * 6]


def test_a_promotion_is_loaded_the_month_before_bought_forward_and_missing_after(quiet):
    flows = simulate(chain([100, 100, 200, 100, 100], base=[100] * 5), np.random.default_rng(0), worlds=1)
    # Month 1: 100 + half of the 35 that belong on stock for the promotion. Month 2: 200 sold + 25 bought forward, less
    # half of the 17.5 loaded. The rest is missing in the months after.
    assert flows.delivered[0, 0] == 100
    assert flows.delivered[0, 1] == pytest.approx(117.5, abs=0.5)
    assert flows.delivered[0, 2] == pytest.approx(216.25, abs=1)
    assert flows.delivered[0, 3] == pytest.approx(100 - (117.5 + 216.25 - 300) / 2, abs=1)


def test_a_launch_fills_the_shelves_at_once(quiet):
    flows = simulate(chain([0, 0, 100, 100, 100]), np.random.default_rng(0), worlds=1)
    assert flows.delivered.tolist() == [[0, 0, 200, 100, 100]]


@pytest.mark.parametrize(("occurrence", "plan"), [(1.0, 40.0), (0.4, 6.0)])
def test_the_expectation_is_the_mean_of_many_single_worlds(occurrence, plan):
    one_sku = chain([plan] * 12, noise_sd=0.2, occurrence=occurrence, case=6.0)
    expected = simulate(one_sku, np.random.default_rng(1), worlds=20_000)
    singles = [simulate(one_sku, np.random.default_rng(seed), worlds=1) for seed in range(100, 400)]
    for name in ("sell_in", "sell_out"):
        totals = np.array([getattr(flows, name).sum() for flows in singles])
        standard_error = totals.std() / np.sqrt(len(totals))
        assert abs(totals.mean() - getattr(expected, name).sum()) < 3 * standard_error


@pytest.mark.parametrize("occurrence", [1.0, 0.4])
def test_noise_leaves_mean_sell_out_at_its_expectation_where_stock_is_ample(occurrence):
    ample = replace(chain([50.0] * 12, noise_sd=0.5, occurrence=occurrence), cover=np.array([20.0]))
    sell_out = simulate(ample, np.random.default_rng(2), worlds=20_000).sell_out
    assert sell_out.mean() == pytest.approx(50.0, rel=0.01)


def test_a_promotion_lifts_its_month_and_leaves_a_dip():
    effect = promotion_effect(np.array([2.0]), np.array([[0.0, 25.0, 0.0]]))
    np.testing.assert_allclose(effect, [[0.0, 0.5, -0.1]])


def test_easter_and_ramadan_fall_into_the_months_of_the_calendar():
    months = pd.DatetimeIndex(["2018-03-01", "2019-04-01", "2023-03-01", "2023-04-01", "2025-03-01"])
    # Easter Sundays: 1 April 2018, 21 April 2019, 9 April 2023 (8 days of April before it), 20 April 2025.
    np.testing.assert_allclose(easter_share(months), [1, 1, 6 / 14, 8 / 14, 0])
    # Eid al-Fitr: 21 April 2023, of the 29 days before it 20 in April; 30 March 2025.
    np.testing.assert_allclose(ramadan_share(months), [0, 0, 9 / 29, 20 / 29, 1])
