"""Shapes and facts of the page's first screen and of a SKU's detail, computed by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.review.change_by_cause import CHANGE_CAUSES
from forecast_assets.domain.review.headline import Headline
from forecast_assets.reports.chart_series import page_months
from forecast_assets.reports.model_summary import model_summary
from forecast_assets.reports.review_page import sparkline, waterfall
from forecast_assets.reports.sku_facts import sku_facts
from forecast_assets_tests.reports.conftest import APRIL, FEBRUARY, HOSTILE_SKU, JANUARY, MARCH, MAY

SKUS = pd.Series(["A", HOSTILE_SKU])


def facts(report, **tables) -> dict:
    report = dataclasses.replace(report, **tables)
    return sku_facts(report, SKUS, page_months(report))


def test_bars_of_the_waterfall_span_the_sums_on_the_way():
    causes = dict.fromkeys(CHANGE_CAUSES, 0.0) | {"new_actuals": -60.0, "override": 20.0}
    bars = waterfall(Headline(160.0, None, None, None, 200.0, None, causes))
    assert [(bar["title"], bar["units"]) for bar in bars] == [("New actuals", -60.0), ("Override", 20.0), ("Rest", 0.0)]
    # From 200 down to 140, up to 160: 60 units wide.
    assert [bar["left"] for bar in bars] == pytest.approx([0, 0, 100 / 3])
    assert [bar["width"] for bar in bars] == pytest.approx([100, 100 / 3, 0])


def test_without_a_last_publication_there_is_no_waterfall():
    assert waterfall(Headline(160.0, None, None, None, None, None, {})) == []


def test_a_sparkline_has_its_largest_month_at_the_top_and_meets_the_forecast(report):
    lines = {name: [tuple(map(float, point.split(","))) for point in text.split()]
             for name, text in sparkline(report, "A").items()}  # fmt: skip
    # 100, 120 and 140 sold, 150 and 200 ahead: 200 is 1 below the upper edge, zero 1 above the lower of 26.
    assert [y for _, y in lines["history"]] == [25 - 12.0, 25 - 14.4, 25 - 16.8]
    assert [y for _, y in lines["forecast"]] == [25 - 16.8, 25 - 18.0, 1.0]
    assert lines["forecast"][0] == lines["history"][-1]


def test_events_stand_in_their_months_and_unknown_months_are_left_out(report):
    months = [JANUARY, FEBRUARY, MARCH]
    prices = pd.DataFrame({"sku": "A", "month": months, "price": [2.0, 2.05, 2.2], "is_promoted": [0.0, 0.0, 0.0]})
    promoted = pd.DataFrame({"sku": ["A", "A"], "promotion_month": [MAY, APRIL], "is_promoted": [1.0, 0.0]})
    mark = {"sku": "A", "marked_month": FEBRUARY, "reason": "covid", "units": 1.0, "cleaned_units": 2.0}
    products = report.products.assign(launch_month=[JANUARY, pd.NaT], end_month=[pd.Timestamp("2030-01-01"), APRIL])
    tables = {"prices": prices, "promotions": promoted, "history_marks": pd.DataFrame([mark]), "products": products}
    assert facts(report, **tables)["events"] == [
        [["launch", 0, ""], ["promotion", 4, ""], ["price", 2, "+7%"], ["mark", 1, "covid"]], [["end", 3, ""]],
    ]  # fmt: skip


def test_a_price_in_a_promotion_is_no_change_of_price(report):
    months = [JANUARY, FEBRUARY, MARCH]
    prices = pd.DataFrame({"sku": "A", "month": months, "price": [2.0, 1.0, 2.0], "is_promoted": [0.0, 1.0, None]})
    assert facts(report, prices=prices)["events"] == [[], []]


def test_the_number_before_an_override_is_published_minus_its_reason_else_the_models(report):
    reason = {"sku": "A", "target_month": MAY, "order": 1, "cause": "override", "units": 45.0, "text": "Override."}
    explained = facts(report, reasons=pd.DataFrame([reason]))
    assert explained["before"] == [[None, 155.0], [None, None]]
    assert explained["reasons"] == [[[], [["Override.", 45.0]]], [[], []]]
    assert facts(report)["before"] == [[None, 180.0], [None, None]]


def test_realised_accuracy_of_a_sku_leaves_backfilled_months_out(report):
    # Lag 1: 108 and Holt-Winters 110 of 120.
    assert facts(report)["realised"] == [[[1, 1, 0.1, -0.1, 0.0833, -0.0833]], []]


def test_the_model_is_summed_up_in_words():
    row = {
        "recipe_id": "c3eacd8c0125", "since_month": JANUARY, "outcome": "held", "source": "champion",
        "reason": "better", "scored_cells": 4215, "scored_skus": 124, "scored_origins": 3, "wape_challenger": 0.2162,
        "wape_baseline": 0.279, "wape_naive": np.nan,
    }  # fmt: skip
    summary = model_summary(pd.DataFrame([row]), MARCH)
    assert summary["Recipe in force"] == "c3eacd8c0125, since Jan 2024"
    assert summary["Contest of Mar 2024"] == "a challenger competed and did not win"
    assert summary["Tested on"] == "4\u202f215 forecasts of 124 SKUs at 3 origin months"
    assert summary["Error on the backtest"] == "model 21.6%, Holt-Winters 27.9%, seasonal naive –"
    assert model_summary(pd.DataFrame(), MARCH) == {}
