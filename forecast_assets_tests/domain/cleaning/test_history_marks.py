"""Marks of a market and their effect on learning: a COVID period, outliers and stock-outs."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.cleaning.history_marks import history_marks
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets_tests.domain.small_market import WRONG, feature_stack, with_another_future

pytestmark = pytest.mark.heavy

MONTHS = pd.date_range("2016-01-01", "2022-12-01", freq="MS")
ORIGIN = pd.Timestamp("2022-12-01")
SKUS = np.array([f"S{number:02d}" for number in range(24)], dtype=object)
CLOSED = (MONTHS >= "2020-03-01") & (MONTHS <= "2020-05-01")
# None at which a model is refitted: what weights learn from refits is not asked here.
TRAINED_MONTHS_BACK = (*range(28, 0, -3), 0)
RECIPE = dataclasses.replace(Recipe(), training_rows=3000, rounds=20, recursive_rounds=20, min_rows_per_leaf=20)


def plain_units(seed=5):
    """24 SKUs of about 100 to 300 units with a mild season and 4 % noise."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(100, 300, len(SKUS))[:, None]
    season = 1 + 0.15 * np.sin(2 * np.pi * (MONTHS.month.to_numpy() - 1) / 12)
    return np.round(level * season * np.exp(rng.normal(0, 0.04, (len(SKUS), len(MONTHS)))))


def history_of(units, stringency=0.0, **sell_out):
    no_promotions = pd.DataFrame(columns=["month", "sku", "promotion_month", "is_promoted", "discount_pct"])
    open_end = pd.Series(pd.NaT, index=range(len(SKUS)), dtype="datetime64[ns]")
    described = {"sku": SKUS, "category": "tea", "launch_month": open_end, "end_month": open_end}
    return MarketHistory(
        code="FR",
        region="EU",
        iso2="",
        sell_in=DemandPanel(SKUS, MONTHS, units),
        sell_out={name: DemandPanel(SKUS, MONTHS, values) for name, values in sell_out.items()},
        products=pd.concat([pd.DataFrame(described).assign(month=month) for month in MONTHS[-40:]], ignore_index=True),
        promotions=no_promotions,
        totals_known=pd.DataFrame(columns=["month"]),
        covid_policy=pd.DataFrame({"month": MONTHS, "stringency_index": stringency, "economic_support_index": 0.0}),
    )


def forecast(history, with_marks=True):
    """Forecasts (n, 18) of the origin by a model trained on features and marks as the assets make them."""
    origins = [add_months(ORIGIN, -months_back) for months_back in TRAINED_MONTHS_BACK]
    known = history.marked(origins) if with_marks else history
    features = feature_stack(known, origins)
    model = fit_market_model(features, known.sell_in, ORIGIN, RECIPE)
    at_origin = features[features["origin_month"] == ORIGIN].reset_index(drop=True)
    forecasts = forecast_units(at_origin, known.sell_in, model)
    return forecasts.pivot(index="sku", columns="horizon_months", values="forecast_units").to_numpy()


@pytest.fixture(scope="module")
def calm():
    return forecast(history_of(plain_units()))


def collapsed(units):
    """Sell-in of March to May 2020 at 30 %, back at once in June."""
    return np.where(CLOSED, np.round(0.3 * units), units)


SPRING = [2, 3, 4, 14, 15, 16]  # March to May of 2023 and 2024 among the 18 months after December 2022.
OBSERVED = np.where(CLOSED, 80.0, 0.0)
NO_FILE = np.full(len(MONTHS), np.nan)


def spring_ratio(calm, stringency, with_marks):
    """Return the forecast of later springs after the shock, relative to the forecast without one."""
    shocked = forecast(history_of(collapsed(plain_units()), stringency), with_marks)
    return shocked[:, SPRING].sum() / calm[:, SPRING].sum()


def test_a_covid_spring_pulls_later_springs_down_where_it_is_learned_from(calm):
    assert spring_ratio(calm, OBSERVED, with_marks=False) < 0.90


@pytest.mark.parametrize("stringency", [OBSERVED, NO_FILE], ids=["tracker", "no tracker"])
def test_a_covid_spring_is_not_learned_as_season(calm, stringency):
    assert spring_ratio(calm, stringency, with_marks=True) == pytest.approx(1.0, abs=0.04)


def test_the_covid_cells_are_marked_with_their_reason_and_nothing_else_is():
    units = collapsed(plain_units())
    marks = history_marks(history_of(units).sell_in, ORIGIN, covid_policy=history_of(units, OBSERVED).covid_policy)
    assert set(marks["reason"]) == {"covid"}
    assert marks["marked_month"].dt.strftime("%Y-%m").value_counts().to_dict() == {
        "2020-03": 24, "2020-04": 24, "2020-05": 24
    }  # fmt: skip
    assert (marks["month"] == ORIGIN).all()
    # 30 % of the usual units: what is learned from is the usual, within the noise of 4 %.
    ratio = marks["cleaned_units"].to_numpy() / marks["units"].to_numpy()
    assert np.median(ratio) == pytest.approx(1 / 0.3, rel=0.06)


@pytest.mark.parametrize(
    ("reason", "restricted"), [("observed", False), ("before_tracker", False), ("no_file", True), ("no_data", True)]
)
def test_restrictions_are_assumed_only_without_tracker_data(reason, restricted):
    history = history_of(collapsed(plain_units()), 0.0)
    marks = history_marks(history.sell_in, ORIGIN, covid_policy=history.covid_policy.assign(reason=reason))
    assert (marks["reason"] == "covid").any() == restricted


def with_accidents(kind):
    """One accident in each SKU in the last 18 months: five times the units, or none and all of it a month later."""
    units, row = plain_units(), np.arange(len(SKUS))
    at = row % 12 + 66
    if kind == "outliers":
        units[row, at] *= 5
    else:
        units[row, at + 1] += units[row, at]
        units[row, at] = 0
    return history_of(units)


@pytest.mark.parametrize(("kind", "share_left"), [("outliers", 0.3), ("stock_outs", 0.5)])
def test_an_accident_moves_the_forecast_much_less_where_it_is_marked(calm, kind, share_left):
    history = with_accidents(kind)
    cleaned, raw = (np.abs(forecast(history, marks) - calm).sum() for marks in (True, False))
    assert raw > 0.02 * calm.sum()
    assert cleaned < share_left * raw


def test_only_level_and_season_use_cleaned_units():
    raw, origin = with_accidents("outliers"), MONTHS[80]
    marked = raw.marked([origin])
    of_raw, of_marked = (build_features(history, origin) for history in (raw, marked))
    differing = {name for name in of_raw if not of_raw[name].equals(of_marked[name])}
    families = ("ses", "theta", "damped_holt", "statistical", "seasonal", "same_month")
    assert differing
    assert {name for name in differing if not name.startswith(families)} == set()
    np.testing.assert_array_equal(marked.sell_in.units, raw.sell_in.units)
    np.testing.assert_array_equal(marked.sell_in.until(origin).units, raw.sell_in.until(origin).units)


def test_marks_of_another_origin_sku_or_month_change_nothing():
    panel = DemandPanel(np.array(["a", "b"], dtype=object), MONTHS[:3], np.array([[1.0, 2, 3], [4, 5, 6]]))
    rows = [("a", 1, 1), ("a", 2, 0), ("z", 2, 1), ("b", 2, 2)]
    marks = pd.DataFrame(
        [
            {"month": MONTHS[known], "sku": sku, "marked_month": MONTHS[at], "cleaned_units": 100.0 + known}
            for sku, known, at in rows
        ]
    )
    marks["reason"] = np.where(marks["sku"] == "a", "covid", "stock_out")
    marked = panel.with_marks(marks)
    assert marked.learnable(MONTHS[2]).units.tolist() == [[102, 2, 3], [4, 5, 102]]
    assert marked.learnable(MONTHS[2], 2).units.tolist() == [[2, 3], [5, 102]]
    assert marked.learnable(MONTHS[2], reasons=["covid"]).units.tolist() == [[102, 2, 3], [4, 5, 6]]
    assert marked.learnable(MONTHS[1]).units.tolist() == [[1, 101], [4, 5]]
    assert marked.units.tolist() == panel.units.tolist()


def test_latest_extremes_and_old_levels_are_replaced_everywhere():
    panel = DemandPanel(np.array(["a", "b"], dtype=object), MONTHS[:4], np.array([[8.0, 9, 1, 1], [4, 5, 6, 70]]))
    rows = [("a", 1, "old_level", 0.9), ("b", 1, "outlier_high", 4.0), ("b", 3, "latest_high", 7.0)]
    marks = pd.DataFrame(
        [
            {"month": MONTHS[3], "sku": sku, "marked_month": MONTHS[at], "reason": reason, "cleaned_units": units}
            for sku, at, reason, units in rows
        ]
    )
    marked = panel.with_marks(marks)
    # Units before the first mark of an old level are of that level too, but not marked: they are unknown.
    np.testing.assert_array_equal(marked.at_level(MONTHS[3]).units, [[np.nan, 0.9, 1, 1], [4, 5, 6, 7]])
    np.testing.assert_array_equal(marked.learnable(MONTHS[3]).units, [[np.nan, 0.9, 1, 1], [4, 4, 6, 7]])
    assert marked.at_level(MONTHS[2]).units.tolist() == [[8, 9, 1], [4, 5, 6]]
    assert marked.is_marked(MONTHS[3], ["old_level", "latest_high"]).tolist() == [
        [False, True, False, False], [False, False, False, True]
    ]  # fmt: skip
    assert not panel.is_marked(MONTHS[3], ["old_level"]).any()
    assert panel.units.tolist() == [[8, 9, 1, 1], [4, 5, 6, 70]]


def test_marks_do_not_read_the_future(tables, origin):
    marks = []
    for known in (tables, with_another_future(tables, origin)):
        history = known.history()
        marks.append(history_marks(history.sell_in, origin, history.sell_out, history.promotions, history.covid_policy))
    others = marks[0]["sku"] != "A NEW SKU"
    assert len(marks[0])
    assert others.all()
    assert marks[0]["units"].max() < WRONG
    pd.testing.assert_frame_equal(marks[1], marks[0], check_exact=True)


def test_some_skus_alone_have_the_marks_they_have_among_all(tables, origin):
    history = tables.history()
    everything = (history.sell_out, history.promotions, history.covid_policy)
    every = history_marks(history.sell_in, origin, *everything)
    some = every["sku"].unique()[:2]
    expected = every[every["sku"].isin(some)].reset_index(drop=True)
    pd.testing.assert_frame_equal(history_marks(history.sell_in, origin, *everything, skus=some), expected)


def test_a_promoted_month_is_no_outlier_and_an_empty_stock_is_a_stock_out():
    units = plain_units()
    units[0, 70] *= 5
    units[1, 70] = 0
    history = history_of(units)
    promotions = pd.DataFrame(
        {"month": ORIGIN, "sku": ["S00", "S05"], "promotion_month": MONTHS[70], "is_promoted": 1.0, "discount_pct": 0.2}
    )
    stock = np.full(units.shape, 500.0)
    stock[1, 70] = 0
    sell_out = history_of(units, stock_units=stock).sell_out
    result = history_marks(history.sell_in, ORIGIN)
    assert result[["sku", "reason"]].to_numpy().tolist() == [["S00", "outlier_high"], ["S01", "outlier_low"]]
    assert history_marks(history.sell_in, ORIGIN, promotions=promotions)["sku"].tolist() == ["S01"]
    assert history_marks(history.sell_in, ORIGIN, sell_out)["reason"].tolist() == ["outlier_high", "stock_out"]
    for months in (-1, 1):
        of_another_month = promotions.assign(month=add_months(ORIGIN, months))
        assert history_marks(history.sell_in, ORIGIN, promotions=of_another_month)["sku"].tolist() == ["S00", "S01"]
