import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.portfolio.successors import proposed_successors, with_successors
from forecast_assets_tests.domain.portfolio_market import (
    MONTHS,
    ORIGIN,
    PAST,
    UNKNOWN,
    market,
    model_forecasts,
    products,
)

STEADY = np.full(PAST, 100.0)


def stopped(months_ago, units=STEADY):
    """A SKU whose last sale was in the month before the last ``months_ago`` ones."""
    return np.where(np.arange(PAST) < PAST - months_ago, units, 0.0)


def begun(months_ago, units=100.0):
    return np.where(np.arange(PAST) < PAST - months_ago, UNKNOWN, units)


def proposed(described=None, future=UNKNOWN, **skus):
    panel = market(future, **skus)
    pairs = proposed_successors(panel, ORIGIN, products(panel, **(described or {})))
    return dict(zip(pairs["predecessor"], pairs["successor"], strict=True))


@pytest.mark.parametrize("months", [1, 2, 5, 11])
@pytest.mark.parametrize("future", [UNKNOWN, 1e9])
def test_a_new_code_in_the_month_after_the_old_one_stopped_is_proposed(months, future):
    assert proposed(future=future, old=stopped(months), new=begun(months), other=STEADY) == {"old": "new"}


def test_both_may_sell_in_the_month_of_the_change():
    old = stopped(3)
    old[PAST - 4], new = 40, begun(4)
    new[PAST - 4] = 60
    assert proposed(old=old, new=new) == {"old": "new"}


def test_a_season_does_not_look_like_another_level():
    season = np.where(np.isin(MONTHS[:PAST].month, [11, 12]), 300.0, 100.0)
    old, new = stopped(2, season), begun(2, season)
    assert MONTHS[PAST - 1].month == 12
    assert proposed(old=old, new=new) == {"old": "new"}
    assert proposed(old=old, new=begun(2)) == {}


@pytest.mark.parametrize(
    ("described", "skus"),
    [
        ({"new": {"category": "ice"}}, {}),
        ({"new": {"category": None}, "old": {"category": None}}, {}),
        ({"new": {"reference_sku": "other"}}, {}),
        ({"old": {"end_month": MONTHS[PAST + 3]}}, {}),
        ({}, {"new": begun(3, 160.0)}),
        ({}, {"new": begun(3, 60.0)}),
        ({}, {"new": begun(5)}),
        ({}, {"new": begun(2)}),
        ({}, {"old": STEADY}),
        ({}, {"old": np.where(np.arange(PAST) % 2 == 0, stopped(3), 0.0)}),
        ({}, {"new": np.where(np.arange(PAST) == PAST - 3, 100.0, np.where(np.arange(PAST) < PAST - 3, UNKNOWN, 0.0))}),
        ({}, {"old": stopped(12), "new": begun(12)}),
    ],
    ids=["category", "no category", "reference", "end", "higher", "lower", "two months before", "month later",
         "sells on", "rare", "sold once", "a year ago"],
)  # fmt: skip
def test_other_pairs_are_not_proposed(described, skus):
    assert proposed(described, **({"old": stopped(3), "new": begun(3), "other": STEADY} | skus)) == {}


def test_of_several_the_one_with_more_attributes_in_common_then_the_closest_level_is_proposed():
    two = {"old": stopped(3), "older": stopped(3, 1.2 * STEADY), "new": begun(3), "newer": begun(3, 118.0)}
    assert proposed(**two) == {"old": "new", "older": "newer"}
    of_pack = {"old": {"pack": "box"}, "newer": {"pack": "box"}}
    assert proposed(of_pack, **two) == {"old": "newer", "older": "new"}


def test_an_accepted_successor_takes_the_level_and_the_old_one_ends():
    panel = market(old=stopped(2), new=begun(2, 110.0), other=STEADY)
    known = products(panel)
    accepted = with_successors(known, proposed_successors(panel, ORIGIN, known))
    assert accepted.set_index("sku").loc["new", "reference_sku"] == "old"
    assert accepted.set_index("sku").loc["old", "end_month"] == MONTHS[PAST - 3]
    pd.testing.assert_frame_equal(known, products(panel))
    rows = apply_portfolio(model_forecasts(["new", "old", "other"]), panel, ORIGIN, accepted).set_index("sku")
    # Two own months weigh two thirds: 110 ^ (2 / 3) x 100 ^ (1 / 3).
    assert rows.loc["new", "forecast_units"].to_numpy() == pytest.approx(110 ** (2 / 3) * 100 ** (1 / 3))
    assert rows.loc["new", "rule"].unique().tolist() == ["new_with_reference"]
    assert not rows.loc["old", ["forecast_units", "forecast_units_p95"]].any(axis=None)
    assert rows.loc["old", "rule"].unique().tolist() == ["end_of_life"]
    assert (rows.loc["other", "forecast_units"] == 100).all()


def test_a_successor_has_the_season_of_the_old_one_and_no_launch_curve():
    season = np.where(MONTHS[:PAST].month == 12, 200.0, 100.0)
    launches = {
        f"launch{at}": np.where(
            np.arange(PAST) < 20 + at, UNKNOWN, np.minimum(10.0 * (np.arange(PAST) - 19 - at), 100.0)
        )
        for at in range(6)
    }
    panel = market(old=stopped(6, season), new=begun(6, season), **launches)
    known = products(panel)
    accepted = with_successors(known, proposed_successors(panel, ORIGIN, known))
    rows = apply_portfolio(model_forecasts(["new"]), panel, ORIGIN, accepted)
    expected = np.where(MONTHS[PAST:].month == 12, 200.0, 100.0)
    assert rows["forecast_units"].to_numpy() == pytest.approx(expected, rel=0.1)


def test_nothing_proposed_changes_no_product():
    panel = market(a=STEADY, b=STEADY)
    known = products(panel)
    same = with_successors(known, proposed_successors(panel, ORIGIN, known))
    pd.testing.assert_frame_equal(same.drop(columns="continues_reference"), known)
    assert not same["continues_reference"].any()


def test_launches_and_ends_of_one_category_by_chance_are_rarely_proposed():
    rng = np.random.default_rng(6)
    count = 0
    for _ in range(100):
        level = np.exp(rng.uniform(np.log(50), np.log(1500), 12))
        skus = {f"old{at}": stopped(rng.integers(1, 12), level[at] * STEADY / 100) for at in range(3)}
        skus |= {f"new{at}": begun(rng.integers(1, 12), level[3 + at]) for at in range(3)}
        count += len(proposed(**skus))
    assert count < 45
