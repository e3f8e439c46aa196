import numpy as np
import pytest

from forecast_assets.domain.demand.replenishment import TradeExpectation, expected_orders, surprises, usual_cover

PAST, AHEAD, COUNT = 40, 8, 30
COVER = 1.5


def small(past_months, sell_out, base=None):
    sell_out = np.asarray(sell_out, dtype=float)
    return TradeExpectation(past_months, sell_out, sell_out if base is None else np.asarray(base, dtype=float))


def test_the_usual_cover_is_stock_over_the_mean_base_of_the_next_two_months():
    expected = small(2, [[9, 10, 20, 30], [9, 10, 20, 30]])
    stock = np.array([[30.0, 50.0], [np.nan, np.nan]])
    np.testing.assert_allclose(usual_cover(stock, expected), [(30 + 50) / (15 + 25), np.nan])


def test_a_surprise_is_the_log_of_sold_over_expected_within_limits():
    result = surprises(np.array([[11.0, 100.0, np.nan, 0.0]]), small(4, [[10, 10, 10, 10, 10, 10]]))
    np.testing.assert_allclose(result, [[np.log(1.1), 0.5, 0.0, -0.5]])


@pytest.fixture
def trade():
    """A trade that orders expected sales and half of the gap to its target stock; sales deviate from expectation."""
    rng = np.random.default_rng(2)
    base = rng.uniform(50, 500, (COUNT, 1)) * (1 + 0.3 * rng.random((COUNT, PAST + AHEAD)))
    expected = TradeExpectation(PAST, base * np.where(rng.random(base.shape) < 0.2, 1.6, 1.0), base)
    sell_out = expected.sell_out * np.exp(0.1 * rng.standard_normal(base.shape))
    target = COVER * expected.base_ahead
    sell_in, stock = np.zeros((2, COUNT, PAST + AHEAD - 2))
    held = target[:, 0] * rng.uniform(0.9, 1.1, COUNT)
    for month in range(PAST + AHEAD - 2):
        sold = sell_out[:, month] if month < PAST else expected.sell_out[:, month]
        sell_in[:, month] = expected.sell_out[:, month] + 0.5 * (target[:, month] - held)
        held = held + sell_in[:, month] - sold
        stock[:, month] = held
    return expected, sell_in, sell_out[:, :PAST], stock


def test_the_ordering_rule_of_a_trade_is_learned_and_run_forward(trade):
    expected, sell_in, sell_out, stock = trade
    orders = expected_orders(sell_in[:, :PAST], sell_out, stock[:, :PAST], expected)
    np.testing.assert_allclose(orders, sell_in[:, PAST:], rtol=0.05)


def test_more_stock_at_the_origin_means_fewer_orders(trade):
    expected, sell_in, sell_out, stock = trade
    fuller = stock[:, :PAST].copy()
    fuller[0, -1] *= 1.2
    usual, less = (expected_orders(sell_in[:, :PAST], sell_out, held, expected) for held in (stock[:, :PAST], fuller))
    gap = 0.5 * 0.2 * stock[0, PAST - 1]
    assert less[0, 0] == pytest.approx(usual[0, 0] - gap, rel=0.05)
    np.testing.assert_allclose(less[1:], usual[1:], rtol=0.02)


def test_orders_are_unknown_without_stock_or_with_too_few_rows(trade):
    expected, sell_in, sell_out, stock = trade
    hidden = stock[:, :PAST].copy()
    hidden[3] = np.nan
    orders = expected_orders(sell_in[:, :PAST], sell_out, hidden, expected)
    assert np.isnan(orders[3]).all()
    assert np.isfinite(np.delete(orders, 3, axis=0)).all()
    few = TradeExpectation(PAST, expected.sell_out[:5], expected.base[:5])
    assert expected_orders(sell_in[:5, :PAST], sell_out[:5], stock[:5, :PAST], few) is None
