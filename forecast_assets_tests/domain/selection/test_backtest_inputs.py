"""Inputs of each earlier origin of a backtest: data up to that month, none of the months after it."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TooFewRowsError
from forecast_assets.domain.selection import backtest as backtesting
from forecast_assets.domain.selection.backtest import backtest, origins_left_out, with_actuals

MONTHS = pd.date_range("2022-01-01", "2024-06-01", freq="MS")
ORIGIN = MONTHS[-1]
OF_BACKTEST = [pd.Timestamp(f"{month}-01") for month in ("2022-12", "2023-06", "2023-12")]
SELL_IN = DemandPanel(np.array(["a"], dtype=object), MONTHS, np.arange(len(MONTHS), dtype=float)[None])
FEATURES = pd.DataFrame(
    {"sku": "a", "origin_month": MONTHS, "category": [f"{month:%Y-%m}" for month in MONTHS], "abc_class": "A",
     "xyz_class": "X"}
)  # fmt: skip
PRODUCTS = pd.DataFrame({"sku": "a", "month": MONTHS})


class Seen:
    """Takes the place of the model, the portfolio rules and the baseline, and keeps what they were given."""

    def __init__(self) -> None:
        self.fitted: list[tuple[pd.Timestamp, Recipe, str | None]] = []
        self.forecast_from: list[pd.Timestamp] = []
        self.portfolio: list[tuple[pd.Timestamp, pd.Timestamp, list[pd.Timestamp]]] = []
        self.memories: dict[Recipe, set[int]] = {}

    def fit(self, stack, sell_in, month, recipe, memory, pooled):
        self.fitted.append((month, recipe, pooled))
        self.memories.setdefault(recipe, set()).add(id(memory))
        return recipe, month

    def forecast(self, features, sell_in, model):
        (month,) = features["origin_month"]
        self.forecast_from.append(month)
        recipe, fitted_at = model
        assert fitted_at == month
        return cells_of(month, forecast_units=float(recipe.rounds), forecast_units_p10=0.0, forecast_units_p90=9.0)

    def apply(self, cells, sell_in, month, known):
        self.portfolio.append((month, sell_in.months[-1], known["month"].tolist()))
        return cells

    def baseline(self, sell_in, month, skus):
        return cells_of(month, baseline_units=1.0, naive_units=2.0)


def cells_of(month, **columns):
    targets = pd.date_range(month + pd.DateOffset(months=1), periods=18, freq="MS")
    return pd.DataFrame({"sku": "a", "origin_month": month, "target_month": targets, "horizon_months": range(1, 19)}
                        ).assign(**columns)  # fmt: skip


@pytest.fixture
def seen(monkeypatch):
    seen = Seen()
    for name, double in (
        ("fit_market_model", seen.fit), ("forecast_units", seen.forecast), ("apply_portfolio", seen.apply),
        ("baseline_forecasts", seen.baseline),
    ):  # fmt: skip
        monkeypatch.setattr(backtesting, name, double)
    return seen


class Pooled:
    """Learners over all markets that say how many months ago they were known."""

    def known(self, months_back):
        return f"{months_back} months ago"


def test_each_origin_has_the_products_the_panel_and_the_learners_of_its_own_month(seen):
    cells = backtest(FEATURES, SELL_IN, ORIGIN, Recipe(rounds=5), PRODUCTS, Pooled())
    assert seen.forecast_from == OF_BACKTEST
    assert seen.portfolio == [(month, month, [month]) for month in OF_BACKTEST]
    assert [pooled for *_, pooled in seen.fitted] == [f"{back} months ago" for back in (18, 12, 6)]
    assert cells.groupby("origin_month")["category"].unique().map(list).tolist() == [
        [f"{month:%Y-%m}"] for month in OF_BACKTEST
    ]
    assert cells["champion_units"].isna().all()
    assert (cells["actual_units"] == MONTHS.get_indexer(cells["target_month"])).all()


def test_without_products_no_rule_of_the_portfolio_is_applied(seen):
    backtest(FEATURES, SELL_IN, ORIGIN, Recipe(rounds=5))
    assert seen.portfolio == []
    assert [pooled for *_, pooled in seen.fitted] == [None] * 3


def test_model_and_champion_are_refitted_at_the_same_origins_with_a_memory_of_their_own(seen):
    own, champion = Recipe(rounds=5), Recipe(rounds=7)
    cells = backtest(FEATURES, SELL_IN, ORIGIN, own, PRODUCTS, champion=champion)
    assert set(cells["model_units"]) == {5.0}
    assert set(cells["champion_units"]) == {7.0}
    assert [(month, recipe) for month, recipe, _ in seen.fitted] == [
        (month, recipe) for month in OF_BACKTEST for recipe in (own, champion)
    ]
    of_own, of_champion = seen.memories[own], seen.memories[champion]
    assert (len(of_own), len(of_champion), of_own & of_champion) == (1, 1, set())


def test_an_origin_without_features_or_with_too_few_rows_is_left_out_and_the_next_ones_made(seen, monkeypatch):
    gap = FEATURES[FEATURES["origin_month"] != OF_BACKTEST[0]]
    cells = backtest(gap, SELL_IN, ORIGIN, Recipe(rounds=5))
    assert cells["origin_month"].unique().tolist() == OF_BACKTEST[1:]
    assert origins_left_out(cells, ORIGIN) == OF_BACKTEST[:1]

    def too_few_for_the_champion(stack, sell_in, month, recipe, memory, pooled):
        if recipe.rounds == 7 and month == OF_BACKTEST[0]:
            raise TooFewRowsError("too few")
        return recipe, month

    monkeypatch.setattr(backtesting, "fit_market_model", too_few_for_the_champion)
    cells = backtest(FEATURES, SELL_IN, ORIGIN, Recipe(rounds=5), champion=Recipe(rounds=7))
    unknown = cells.groupby("origin_month")["champion_units"].agg(lambda units: units.isna().all())
    assert unknown.tolist() == [True, False, False]


def test_actuals_are_known_from_the_first_sku_and_month_of_a_panel_to_the_last_month():
    before, after = (MONTHS[at] + pd.DateOffset(months=by) for at, by in ((0, -1), (-1, 1)))
    cells = pd.DataFrame(
        [("a", MONTHS[0]), ("a", ORIGIN), ("a", before), ("gone", MONTHS[1]), ("a", after)],
        columns=["sku", "target_month"], index=[9, 8, 7, 6, 5],
    )  # fmt: skip
    known = with_actuals(cells, SELL_IN, ORIGIN)
    assert known["actual_units"].tolist() == pytest.approx([0.0, 29.0, np.nan, np.nan], nan_ok=True)
    assert list(known) == ["sku", "target_month", "actual_units"]
