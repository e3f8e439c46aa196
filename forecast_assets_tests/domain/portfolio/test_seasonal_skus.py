import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.quantiles import P10, P90
from forecast_assets.domain.festivals import festival_days
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio, portfolio_rules
from forecast_assets.domain.portfolio.seasonal_skus import seasonal_skus
from forecast_assets_tests.domain.portfolio_market import (
    MONTHS,
    ORIGIN,
    PAST,
    UNKNOWN,
    market,
    model_forecasts,
    products,
)

CALENDAR = MONTHS.month.to_numpy()
CHRISTMAS = 100.0 * (CALENDAR == 11) + 300.0 * (CALENDAR == 12)
SUMMER = 100.0 * np.isin(CALENDAR, [5, 6, 7, 8])
TWICE = 200.0 * np.isin(CALENDAR, [4, 12])


def around(festival, months=MONTHS):
    """300 units in the month of the festival, 100 in the month before."""
    month = months.to_numpy().astype("datetime64[M]")
    at = festival_days(festival, 2018, 2030).astype("datetime64[M]")
    return 300.0 * np.isin(month, at) + 100.0 * np.isin(month + 1, at)


def seasonal(units, months=MONTHS):
    """The SKU's forecast of 18 months; None if it is not strictly seasonal."""
    known = len(units) - 18
    result = seasonal_skus(units[None, :known], months[:known], 18)
    return result.forecast_units[0] if result.is_seasonal[0] else None


@pytest.mark.parametrize("units", [CHRISTMAS, SUMMER, TWICE], ids=["Christmas", "summer", "twice a year"])
@pytest.mark.parametrize("first", [0, 12, 24, 36])
def test_a_fixed_season_is_forecast_in_its_months(units, first):
    np.testing.assert_allclose(seasonal(units[first:], MONTHS[first:]), units[PAST:])


@pytest.mark.parametrize("festival", ["easter", "eid_al_fitr", "lunar_new_year"])
def test_a_festival_is_forecast_where_it_moves_to(festival):
    units = around(festival)
    np.testing.assert_allclose(seasonal(units), units[PAST:])


def test_a_festival_counts_although_the_calendar_fits_too():
    """March and April sold in every year to 2023; how much depended on Easter, which is in March in 2024."""
    months, units = MONTHS[:66], np.zeros(66)
    for day in festival_days("easter", 2020, 2025):
        before = pd.date_range(end=pd.Timestamp(day), periods=30).to_period("M").to_timestamp()
        np.add.at(units, months.get_indexer(before), 10.0)
    assert (units[:48].reshape(4, 12)[:, [2, 3]] > 0).all()
    assert units[[50, 51]].tolist() == [300, 0]
    np.testing.assert_allclose(seasonal(units, months), units[48:], atol=15)


@pytest.mark.parametrize("first", [0, 24])
def test_no_season_is_worse_than_the_seasonal_naive(first):
    rng = np.random.default_rng(2)
    for units in (CHRISTMAS, SUMMER, TWICE, around("easter"), around("eid_al_fitr"), around("lunar_new_year")):
        noisy = units[first:] * np.exp(rng.normal(0, 0.1, (30, len(units) - first)))
        past, actual = noisy[:, :-18], noisy[:, -18:]
        result = seasonal_skus(past, MONTHS[first:PAST], 18)
        naive = np.hstack([past[:, -12:], past[:, -12:-6]])
        assert result.is_seasonal.all()
        assert np.abs(result.forecast_units - actual).sum() < np.abs(naive - actual).sum()
        assert abs((result.forecast_units - actual).sum()) < 0.05 * actual.sum()
        sold = actual > 0
        assert (actual <= result.quantiles()[..., P90])[sold].mean() > 0.8
        assert (actual >= result.quantiles()[..., P10])[sold].mean() > 0.8


def test_one_season_is_enough_once_it_is_over():
    one = SUMMER[PAST - 12 :]
    np.testing.assert_allclose(seasonal(one, MONTHS[PAST - 12 :]), SUMMER[PAST:])
    assert seasonal(CHRISTMAS[PAST - 12 :], MONTHS[PAST - 12 :]) is None


def test_with_one_season_the_quantiles_hold_every_clock():
    months = pd.date_range("2023-01-01", periods=30, freq="MS")
    units = around("easter", months)
    assert units.nonzero()[0].tolist() == [2, 3, 13, 14, 26, 27]
    result = seasonal_skus(units[None, :12], months[:12], 18)
    # Easter is on 9 April 2023 and on 31 March 2024.
    assert result.forecast_units[0, 2:4].tolist() == [100, 300]
    assert result.quantiles()[0, 1, P90] >= 100
    assert result.quantiles()[0, 2, P90] >= 300
    assert result.quantiles()[0, 3, P10] == 0


@pytest.mark.parametrize(
    "units",
    [
        np.full(78, 100.0),
        np.where(np.isin(CALENDAR, [1, 2]), 0.0, 100.0),
        100.0 * np.isin(CALENDAR, [1, 3, 5, 7, 9, 11]),
        np.where(CALENDAR == 12, 500.0, 40.0),
        np.where(MONTHS[36] > MONTHS, CHRISTMAS, 0.0),
        np.where(MONTHS[50] > MONTHS, 0.0, 100.0),
        np.where(np.arange(78) % 7 == 3, 100.0, 0.0),
        np.where(np.arange(78) % 4 == 3, 100.0, 0.0),
        np.zeros(78),
        np.full(78, UNKNOWN),
        np.where(np.random.default_rng(4).random(78) < 0.15, 10.0, 0.0),
    ],
    ids=["regular", "two months off", "every second month", "a peak", "ended", "began", "every seventh month",
         "every fourth month", "zero", "unknown", "rare"],
)  # fmt: skip
def test_other_skus_are_not_strictly_seasonal(units):
    assert seasonal(units) is None


def test_few_of_many_rare_items_look_seasonal():
    rng = np.random.default_rng(5)
    rare = np.where(rng.random((1000, PAST)) < rng.uniform(0.03, 0.3, (1000, 1)), 5.0, 0.0)
    assert seasonal_skus(rare, MONTHS[:PAST], 18).is_seasonal.mean() < 0.03


def test_each_sku_is_judged_alone_and_by_its_past():
    units = np.array([CHRISTMAS, np.full(78, 100.0), around("easter")])
    together = seasonal_skus(units[:, :PAST], MONTHS[:PAST], 18)
    assert together.is_seasonal.tolist() == [True, False, True]
    np.testing.assert_array_equal(together.forecast_units[2], seasonal(around("easter")))


@pytest.mark.parametrize("future", [UNKNOWN, 1e9])
def test_the_rule_comes_before_silent_and_rare_skus_and_forecasts_without_the_model(future):
    panel = market(future, a=CHRISTMAS[:PAST], b=np.full(PAST, 100.0))
    skus = np.array(["a", "b"], dtype=object)
    assert portfolio_rules(panel, skus, ORIGIN, products(panel)).tolist() == ["seasonal", "regular"]
    rows = apply_portfolio(model_forecasts(["a", "b"]), panel, ORIGIN, products(panel)).set_index("sku")
    assert rows.loc["a", "forecast_units"].tolist() == CHRISTMAS[PAST:].tolist()
    assert (rows.loc["a", "forecast_units_p90"] > rows.loc["a", "forecast_units"]).sum() == 2
    assert (rows.loc["b", "forecast_units"] == 100).all()


def test_a_known_end_stops_a_season():
    panel = market(a=CHRISTMAS[:PAST])
    rows = apply_portfolio(model_forecasts(["a"]), panel, ORIGIN, products(panel, a={"end_month": MONTHS[PAST + 10]}))
    assert rows["rule"].unique().tolist() == ["end_of_life"]
    assert rows["forecast_units"].tolist() == [0.0] * 10 + [100.0] + [0.0] * 7
