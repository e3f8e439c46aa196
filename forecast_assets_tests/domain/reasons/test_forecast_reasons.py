"""Reasons of a cell: what made the number comes first, then the parts, which add up to the difference."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.reasons.forecast_reasons import forecast_reasons
from forecast_assets_tests.domain.portfolio_market import MONTHS, ORIGIN, PAST, market, model_forecasts, series
from forecast_assets_tests.domain.reasons.reason_tables import cell, overrides, reason_tables

TEA = market(tea=series((100, 60)))
JANUARY, FEBRUARY, MARCH = MONTHS[PAST : PAST + 3]


def reasons_of(tables, panel=TEA, language="en"):
    return forecast_reasons(tables, panel, ORIGIN, language)


def test_a_number_of_the_model_is_compared_with_last_year():
    assert cell(reasons_of(reason_tables(TEA))) == [
        ("model", None, "Model: 97 units; Jan 2024 had 100."),
        ("level", -3, "Level: \u22123 units, 97 a month instead of 100."),
    ]


def test_sentences_are_in_the_language_of_the_market():
    texts = [text for _, _, text in cell(reasons_of(reason_tables(TEA), language="de"))]
    assert texts == ["Modell: 97 Stück; Jan. 2024 hatte 100.", "Niveau: \u22123 Stück, 97 im Monat statt 100."]


def test_an_override_names_its_author_before_the_reasons_of_the_model():
    own = overrides(sku="tea", target_month=JANUARY, forecast_units=120.0, author="Ann", reason="trade fair")
    reasons = reasons_of(reason_tables(TEA, own=own))
    (cause, units, text), *others = cell(reasons)
    assert (cause, units) == ("override", 23)
    assert text == "Override by Ann: 120 instead of 97 units, reason: trade fair."
    assert others == cell(reasons_of(reason_tables(TEA)))
    assert cell(reasons, 2)[0][0] == "model"


def test_an_override_without_author_and_reason_says_so():
    own = overrides(sku="tea", target_month=JANUARY, forecast_units=120.0, author=None, reason=None)
    text = cell(reasons_of(reason_tables(TEA, own=own)))[0][2]
    assert text == "Override by unknown: 120 instead of 97 units, reason: no reason."


def test_the_baseline_published_instead_of_the_model_says_why_and_has_its_own_level():
    reasons = reasons_of(reason_tables(TEA, source="baseline", reason="model worse than seasonal naive"))
    assert cell(reasons) == [
        ("baseline", None, "Holt-Winters instead of the model: model worse than seasonal naive."),
        ("level", -10, "Level: \u221210 units, 90 a month instead of 100."),
    ]


def test_an_end_is_named_with_the_month_it_became_known_and_is_the_whole_difference_after_it():
    tables = reason_tables(TEA, rule="end_of_life", end_month=FEBRUARY, known_from=MONTHS[PAST - 2])
    reasons = reasons_of(tables)
    text = "Ends Feb 2025 (products, known since Nov 2024): zero from Mar 2025."
    assert cell(reasons, 1) == [
        ("end_of_life", None, text),
        ("level", -3, "Level: \u22123 units, 97 a month instead of 100."),
    ]
    assert cell(reasons, 2) == cell(reasons, 1)
    assert cell(reasons, 3) == [("end_of_life", -100, text)]


def test_an_end_known_all_along_and_one_that_only_the_last_forecast_knew():
    long_known = reason_tables(TEA, rule="end_of_life", end_month=FEBRUARY)
    assert cell(reasons_of(long_known), 3)[0][2] == "Ends Feb 2025 (products): zero from Mar 2025."
    without = dataclasses.replace(long_known, products=pd.DataFrame())
    assert cell(reasons_of(without), 3) == [
        ("end_of_life", -100, "Its end was known to the last published forecast: zero after it.")
    ]


def test_an_end_that_was_moved_is_known_since_the_move():
    tables = reason_tables(TEA, rule="end_of_life", end_month=FEBRUARY)
    products = tables.products
    is_march = products["month"].between(MONTHS[PAST - 6], MONTHS[PAST - 4])
    moved = products.assign(end_month=products["end_month"].mask(is_march, MARCH))
    text = cell(reasons_of(dataclasses.replace(tables, products=moved)), 3)[0][2]
    assert text == "Ends Feb 2025 (products, known since Oct 2024): zero from Mar 2025."


def test_a_fading_sku_loses_its_tenth_a_month_after_the_parts_of_the_model():
    """The model's 100, which is last year's level, times 0.9 and 0.81."""
    tables = reason_tables(TEA, rule="dying")
    faded = model_forecasts(["tea"])["forecast_units"].to_numpy() * 0.9 ** np.arange(1, 19)
    tables = dataclasses.replace(
        tables,
        published=tables.published.assign(forecast_units=faded),
        forecasts=tables.forecasts.assign(forecast_units=faded),
    )
    for horizon, part in ((1, -10), (2, -19)):
        assert cell(reasons_of(tables), horizon) == [
            ("dying", pytest.approx(part), "Sales are fading: 10 % less with every month.")
        ]


@pytest.mark.parametrize("launches", [0, 5])
def test_a_launch_names_its_reference_and_the_launches_behind_the_curve(launches):
    earlier = {f"old {number}": series((50, 1), (150, 1), (100, 28)) for number in range(launches)}
    panel = market(tea=series((100, 60)), new=series((40, 3)), **earlier)
    described = {name: {"launch_month": MONTHS[PAST - 30]} for name in earlier}
    described["new"] = {"launch_month": MONTHS[PAST - 3], "reference_sku": "tea"}
    tables = reason_tables(panel, rule="new_with_reference", **described)
    ((cause, units, text),) = cell(reasons_of(tables, panel), sku="new")
    curve = " x curve of 5 launches" if launches else ""
    assert (cause, units, text) == ("new_with_reference", None, f"Launch: level of tea{curve} x season.")


def test_a_silent_sku_is_zero_by_its_rule():
    panel = market(tea=series((100, 30), (0, 30)))
    tables = reason_tables(panel, units=0.0, rule="all_zero")
    assert cell(reasons_of(tables, panel)) == [("all_zero", 0, "No sale in the last 12 months: zero.")]


def test_a_number_without_last_year_has_no_units():
    panel = market(tea=series((100, 6)))
    ((cause, units, text),) = cell(reasons_of(reason_tables(panel, rule="short_history"), panel))
    assert (cause, units) == ("model", None)
    assert text == "Model: 97 units; the same month of last year is not known."


def test_a_fallback_is_explained_by_what_it_left():
    """No forecasts, no champion, no overrides: the number before an override is not known."""
    own = overrides(sku="tea", target_month=JANUARY, forecast_units=120.0, author="Ann", reason="trade fair")
    tables = reason_tables(TEA, source="last published", reason="no forecasts; stale since 2024-11", own=own)
    left = dataclasses.replace(tables, forecasts=pd.DataFrame(), champion=pd.DataFrame())
    reasons = reasons_of(left)
    assert cell(reasons, 1) == [("override", 20, "Override by Ann: 120 instead of – units, reason: trade fair.")]
    assert cell(reasons, 2)[0] == (
        "last published", None, "The last published forecast again: no forecasts; stale since 2024-11."
    )  # fmt: skip


def test_months_after_the_origin_are_not_read():
    tables = reason_tables(TEA)
    poisoned = market(after_origin=1e9, tea=series((100, 60)))
    pd.testing.assert_frame_equal(reasons_of(tables, poisoned), reasons_of(tables))
