"""The small market, computed once for all tests of the domain that need a whole one; tests do not change it."""

import pytest

from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_at_origin import market_at_origin
from forecast_assets.domain.models.market_model import fit_market_model
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.backtest import backtest
from forecast_assets_tests.domain.small_market import (
    EARLIER_ORIGINS,
    MONTHS,
    feature_stack,
    small_market,
    with_another_future,
)

QUICK = Recipe(
    rounds=20, training_rows=6000, min_rows_per_leaf=20, recursive_rounds=10, refit_rows=3000, refit_rounds=10
)


@pytest.fixture(scope="session")
def recipe():
    return QUICK


@pytest.fixture(scope="session")
def origin():
    return MONTHS[80]


@pytest.fixture(scope="session")
def tables():
    return small_market()


@pytest.fixture(scope="session")
def history(tables):
    return tables.history()


@pytest.fixture(scope="session")
def two_futures(tables, history, origin):
    """The market at the origin, as the features read it, with the months that followed and with poisoned ones."""
    poisoned = with_another_future(tables, origin).history()
    return market_at_origin(history, origin), market_at_origin(poisoned, origin)


@pytest.fixture(scope="session")
def earlier_features(history):
    """Features of sixteen of the origins before the origin."""
    return feature_stack(history, EARLIER_ORIGINS)


@pytest.fixture(scope="session")
def origin_features(history, origin):
    return build_features(history, origin)


@pytest.fixture(scope="session")
def model(earlier_features, history, origin):
    return fit_market_model(earlier_features, history.sell_in, origin, QUICK)


@pytest.fixture(scope="session")
def backtest_cells(earlier_features, history, origin):
    return backtest(earlier_features, history.sell_in, origin, QUICK)
