import dataclasses
from functools import partial

import numpy as np
import pandas as pd
import pytest

from benchmarks import engine_method
from benchmarks.engine_method import _features as features_of_origins
from benchmarks.engine_method import forecast_engine, pooled_series, sampled_skus
from benchmarks.protocol import KnownSeries
from forecast_assets.domain.models.recipe import Recipe

ORIGINS = pd.date_range("2020-01-01", periods=30, freq="MS")


@pytest.fixture
def _quick(monkeypatch):
    """A recipe of few rounds, as the engine's own learns from so few series."""
    monkeypatch.setattr(engine_method, "Recipe", partial(Recipe, rounds=30, refit_rounds=10, recursive_rounds=20))


def known_series(units: np.ndarray, last_months: list[str], skus: list[str], **columns: list[str]) -> KnownSeries:
    keys = pd.DataFrame({"market": "A", "sku": skus} | columns)
    return KnownSeries(keys, units, np.array(last_months, dtype="datetime64[M]"))


def test_series_are_moved_by_whole_years_so_that_a_month_keeps_its_name():
    units = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    series = pooled_series(known_series(units, ["2003-08", "1955-06", "1990-09"], ["x", "y", "z"]))
    # 1955-06 becomes 2003-06; 1990-09 cannot become 2003-09, after the end, and becomes 2002-09.
    assert [f"{month:%Y-%m}" for month in series.last_known] == ["2003-08", "2003-06", "2002-09"]
    by_month = pd.DataFrame(series.panel.units, index=series.panel.skus, columns=series.panel.months.strftime("%Y-%m"))
    assert by_month.loc["A|x"].dropna().to_dict() == {"2003-06": 1.0, "2003-07": 2.0, "2003-08": 3.0}
    assert by_month.loc["A|y"].dropna().to_dict() == {"2003-04": 4.0, "2003-05": 5.0, "2003-06": 6.0}
    assert by_month.loc["A|z"].dropna().to_dict() == {"2002-07": 7.0, "2002-08": 8.0, "2002-09": 9.0}


def test_a_series_that_has_ended_is_no_part_of_a_later_origins_market():
    series = pooled_series(known_series(np.ones((2, 3)), ["2003-08", "1955-06"], ["x", "y"]))
    assert series.history(pd.Timestamp("2003-06-01")).sell_in.skus.tolist() == ["A|x", "A|y"]
    assert series.history(pd.Timestamp("2003-07-01")).sell_in.skus.tolist() == ["A|x"]


def test_the_market_is_the_category_unless_the_file_has_one():
    ends = ["2003-08", "2003-08"]
    plain = pooled_series(known_series(np.ones((2, 3)), ends, ["x", "y"], colour=["red", "blue"])).products
    assert plain["category"].tolist() == ["A", "A"]
    assert plain["attribute_colour"].tolist() == ["red", "blue"]
    own = pooled_series(known_series(np.ones((2, 3)), ends, ["x", "y"], category=["tea", "ice"])).products
    assert own["category"].tolist() == ["tea", "ice"]
    assert own["attribute_market"].tolist() == ["A", "A"]


@pytest.mark.usefixtures("_quick")
def test_every_series_gets_its_own_forecast_whatever_the_order_and_the_last_months():
    rng = np.random.default_rng(5)
    level = np.array([1000.0, 10.0, 100.0, 1.0] * 5)[:, None]
    units = level * np.exp(rng.normal(0, 0.05, (20, 40)))
    ends = ["2020-03", "1980-03", "2019-12", "2020-02"] * 5
    known = known_series(units, ends, [f"S{number:02d}" for number in range(20)][::-1])
    forecast = forecast_engine(known, 6, 1)
    assert forecast.point.shape == forecast.low.shape == forecast.high.shape == (20, 6)
    np.testing.assert_allclose(forecast.point / level, 1.0, atol=0.2)
    assert (forecast.low <= forecast.point).all()
    assert (forecast.point <= forecast.high).all()


@pytest.mark.usefixtures("_quick")
def test_a_series_silent_for_a_year_is_forecast_as_zero():
    units = np.random.default_rng(6).uniform(90, 110, (20, 40))
    units[3, -12:] = np.nan
    forecast = forecast_engine(known_series(units, ["2020-03"] * 20, [f"S{number:02d}" for number in range(20)]), 2, 1)
    np.testing.assert_array_equal(forecast.point[3], [0.0, 0.0])
    assert (np.delete(forecast.point, 3, axis=0) > 50).all()


def test_features_are_made_of_no_more_series_than_are_needed():
    names = [f"S{number:02d}" for number in range(30)]
    ends = ["2020-03"] * 27 + ["2020-02"] * 3
    series = pooled_series(known_series(np.random.default_rng(7).uniform(90, 110, (30, 60)), ends, names))
    recipe = Recipe(sku_origins=50, refit_skus=12)
    origins = pd.date_range("2019-07-01", "2020-03-01", freq="MS").union(pd.DatetimeIndex(["2019-03-01"]))
    features, _ = features_of_origins(series, origins, recipe, 6)
    counts = features.groupby("origin_month")["sku"].nunique()
    # 50 over 10 origins are 5; twelve at the origins of refits, 12 and 6 months back; all where a series ends.
    assert counts["2019-07-01"] == 5
    assert counts["2019-03-01"] == counts["2019-09-01"] == 12
    assert counts["2020-03-01"] == 27
    ended = features.loc[features["origin_month"] == "2020-02-01", "sku"]
    assert {"A|S27", "A|S28", "A|S29"} < set(ended)
    assert len(ended) <= 5 + 3


def test_all_origins_together_give_as_many_skus_as_rows_are_asked_for():
    skus = np.array([f"s{number:03d}" for number in range(100)], dtype=object)
    recipe = Recipe(sku_origins=600)
    # 600 rows over 30 origins are 20 SKUs each.
    chosen = [sampled_skus(skus, origin, 30, recipe) for origin in ORIGINS]
    assert {len(each) for each in chosen} == {20}
    assert all(list(each) == sorted(set(each)) and set(each) <= set(skus) for each in chosen)
    assert len({tuple(each) for each in chosen}) == 30
    np.testing.assert_array_equal(sampled_skus(skus, ORIGINS[3], 30, recipe), chosen[3])
    other = dataclasses.replace(recipe, seed=recipe.seed + 1)
    assert tuple(sampled_skus(skus, ORIGINS[3], 30, other)) != tuple(chosen[3])


@pytest.mark.parametrize(("least", "expected"), [(0, 20), (15, 20), (50, 50), (400, 100)])
def test_at_least_so_many_skus_are_drawn_where_there_are_so_many(least, expected):
    skus = np.array([f"s{number:03d}" for number in range(100)], dtype=object)
    assert len(sampled_skus(skus, ORIGINS[0], 30, Recipe(sku_origins=600), least)) == expected


@pytest.mark.usefixtures("_quick")
def test_two_years_of_integers_and_zeros_are_forecast_two_years_ahead():
    rng = np.random.default_rng(8)
    units = rng.poisson(50, (20, 24)).astype(float)
    units[:5] = rng.poisson(0.3, (5, 24))
    made = forecast_engine(known_series(units, ["2020-03"] * 20, [f"S{number:02d}" for number in range(20)]), 24, 1)
    assert made.point.shape == made.low.shape == made.high.shape == (20, 24)
    np.testing.assert_allclose(made.point[5:], 50, rtol=0.3)
    assert (made.low <= made.point).all()


def test_one_series_with_too_little_history_for_a_model_gets_the_baseline():
    units = np.tile([10.0, 20.0], (1, 12))
    made = forecast_engine(known_series(units, ["2020-03"], ["x"]), 12, 1)
    np.testing.assert_allclose(made.point[0], [10.0, 20.0] * 6, rtol=0.02)
