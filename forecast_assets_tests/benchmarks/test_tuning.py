"""The benchmark of tuning: what is published is the tuned recipe only where the gate lets it through."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from benchmarks import tuning
from benchmarks.pooling_markets import MarketData, absolute_error_units, markets_of_case
from benchmarks.protocol import cases
from forecast_assets.domain.models.recipe import Recipe

pytestmark = pytest.mark.heavy

QUICK = Recipe(
    rounds=3, training_rows=1000, refit_rounds=2, recursive_rounds=2, min_recursive_rows=50,
    member_weights=(("recursive", 1.0),),
)  # fmt: skip


@pytest.fixture(scope="module")
def market() -> MarketData:
    months = pd.date_range("2016-01-01", periods=90, freq="MS")
    rng = np.random.default_rng(5)
    season = 50 + 30 * np.sin(2 * np.pi * np.arange(len(months)) / 12)
    tables = [
        pd.DataFrame({"market": "A", "sku": sku, "month": months, "y": rng.poisson(season).astype(float)})
        for sku in "abcdef"
    ]
    return markets_of_case(cases(pd.concat(tables, ignore_index=True), 18, 1, 12)[0])[0]


def tuned_as(parameters: str):
    """A search that came out with these parameters, seeing no more than it may."""

    def search(features, sell_in, month, recipe_with, trials):
        assert features["origin_month"].max() < month
        assert trials == 2
        return pd.DataFrame({"role": ["in_force"], "parameters": [parameters]})

    return search


def test_errors_are_summed_over_known_cells_and_nothing_below_zero_is_forecast(market):
    units = market.actual_units + 1.0
    known = np.isfinite(market.actual_units).sum()
    assert absolute_error_units(units, market) == known
    assert absolute_error_units(np.full_like(units, -9.0), market) == np.nansum(market.actual_units)


def test_a_search_that_keeps_the_usual_recipe_changes_nothing(market, monkeypatch):
    monkeypatch.setattr(tuning, "tuned_recipe", tuned_as("{}"))
    row = tuning.measured(market, QUICK, 2)
    assert row["gate"] == tuning.KEPT
    assert row["usual"] == row["tuned"] == row["published"] > 0


@pytest.mark.parametrize(("limits_hold", "gate"), [(True, tuning.PROMOTED), (False, tuning.HELD)])
def test_the_gate_decides_which_recipe_is_published(market, monkeypatch, limits_hold, gate):
    compared = []

    def compare(cells, has_champion, limits):
        compared.append(cells)
        assert has_champion
        return type("Comparison", (), {"failed": [] if limits_hold else ["bias"]})

    monkeypatch.setattr(tuning, "tuned_recipe", tuned_as('{"boosting_weight_of_few": 0.9}'))
    monkeypatch.setattr(tuning, "compare", compare)
    row = tuning.measured(market, QUICK, 2)
    assert row["gate"] == gate
    assert row["usual"] != row["tuned"]
    assert row["published"] == row["tuned" if limits_hold else "usual"]
    monkeypatch.setattr(tuning, "tuned_recipe", tuned_as("{}"))
    alone = tuning.measured(market, dataclasses.replace(QUICK, boosting_weight_of_few=0.9), 2)
    assert row["tuned"] == alone["usual"]
    (cells,) = compared
    assert cells["target_month"].max() <= market.origin
    assert (cells["model_units"] != cells["champion_units"]).any()


def test_ratios_of_all_markets_are_sums_first():
    rows = pd.DataFrame({"actual": [10.0, 30.0], "usual": [5.0, 3.0], "tuned": [4.0, 2.0], "published": [5.0, 2.0]})
    assert tuning._wapes(rows.sum()) == ["0.2000", "0.1500", "0.1750"]
