"""Backtests at anchors: those of the whole history, remembered until what was known at the anchor changes."""

import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.selection.backtest import backtest, scored
from forecast_assets.market_state import anchor_fits
from forecast_assets.storage import TableStore
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets_tests.domain.small_market import MONTHS
from forecast_assets_tests.market_state.small_market_store import ORIGIN, RECIPE, fits, pooled_model

pytestmark = pytest.mark.heavy


def test_a_backtest_equals_that_of_the_whole_history_and_is_remembered(tables, store, tmp_path, monkeypatch):
    memory = AnchorMemory(TableStore(str(tmp_path)))
    panel = panel_from_rows(tables["sell_in"], MONTHS[0], ORIGIN).with_marks(tables["history_marks"])
    stack = tables["features"].drop(columns="month")
    expected = backtest(stack, panel, ORIGIN, RECIPE, tables["products"])
    first = scored(fits(store, memory).backtest_forecasts(ORIGIN, RECIPE, None), [], panel, ORIGIN)
    pd.testing.assert_frame_equal(first, expected)
    monkeypatch.setattr(anchor_fits, "forecasts_at", lambda *_: pytest.fail("computed again"))
    store.reads.clear()
    again = scored(fits(store, memory).backtest_forecasts(ORIGIN, RECIPE, None), [], panel, ORIGIN)
    pd.testing.assert_frame_equal(again, expected)
    assert store.reads == []


@pytest.mark.parametrize(("changed", "anchors_back"), [({"m0": "new"}, []), ({"m12": "new"}, [12, 6])])
def test_a_backtest_with_other_learners_over_all_markets_is_made_anew(
    store, tmp_path, monkeypatch, changed, anchors_back
):
    anchors = []
    monkeypatch.setattr(anchor_fits, "forecasts_at", lambda features, panel, anchor, *_: anchors.append(anchor))
    monkeypatch.setattr(anchor_fits, "refit_at", lambda *_: None)
    usual = {"m0": "a", "m6": "b", "m12": "c", "m18": "d"}
    of_market = fits(store, AnchorMemory(TableStore(str(tmp_path))))
    assert of_market.backtest_forecasts(ORIGIN, RECIPE, pooled_model(**usual)) == []
    assert len(anchors) == 3
    anchors.clear()
    # Without enough history there is nothing, and that is remembered too.
    assert of_market.backtest_forecasts(ORIGIN, RECIPE, pooled_model(**usual | changed)) == []
    assert anchors == [add_months(ORIGIN, -back) for back in anchors_back]
    anchors.clear()
    monkeypatch.setattr(anchor_fits, "code_version", lambda asset: f"another {asset}")
    of_market.backtest_forecasts(ORIGIN, RECIPE, pooled_model(**usual))
    assert len(anchors) == 3


@pytest.mark.parametrize(("months_back", "anchors_back"), [(7, []), (6, [6])])
def test_a_backtest_knows_the_products_of_its_anchor_alone(store, tmp_path, monkeypatch, months_back, anchors_back):
    anchors = []
    monkeypatch.setattr(anchor_fits, "forecasts_at", lambda features, panel, anchor, *_: anchors.append(anchor))
    monkeypatch.setattr(anchor_fits, "refit_at", lambda *_: None)
    memory = AnchorMemory(TableStore(str(tmp_path)))
    fits(store, memory).backtest_forecasts(ORIGIN, RECIPE, None)
    anchors.clear()
    store.hashes["products", add_months(ORIGIN, -months_back)] = "another"
    fits(store, memory).backtest_forecasts(ORIGIN, RECIPE, None)
    assert anchors == [add_months(ORIGIN, -back) for back in anchors_back]
