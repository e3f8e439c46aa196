"""The strip of forecast value added on the page, from realised months written by hand."""

import dataclasses
import re

import pandas as pd

from forecast_assets.reports import render_market_report


def steps_of_month(errors):
    """Forecast value added of one cell that sold 100: its error after each step."""
    names = ["naive", "baseline", "model", "before_overrides", "published"]
    sums = {"cells": 1, "actual_units": 100.0, "absolute_actual_units": 100.0, "helped_cells": 0, "hurt_cells": 1}
    value = {"valued_cells": 0, "absolute_error_value": 0.0, "error_value": 0.0, "error_saved_value": 0.0}
    before = [errors[0], *errors[:-1]]
    rows = [
        {"level": level, "entity": "ALL", "step": step, "absolute_error_units": float(error),
         "error_units": float(error), "error_saved_units": float(earlier - error), **sums, **value}
        for level in ("market", "overridden")
        for step, error, earlier in zip(names, errors, before, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_page_shows_five_steps_over_the_months_and_a_sentence_on_the_overrides(report):
    months = pd.concat([steps_of_month([40, 30, 20, 20, 24]), steps_of_month([20, 10, 10, 10, 16])])
    text = render_market_report(dataclasses.replace(report, value_added=months))
    strip = text[text.index('id="value-added"') : text.index('id="change-a-number"')]
    values = re.findall(r'class="value (better|worse|)">([^<]+)<', strip)
    shown = [("", "30.0%"), ("better", "20.0%"), ("better", "15.0%"), ("", "15.0%"), ("worse", "20.0%")]
    assert values == shown
    assert re.findall(r"step before: ([^ ]+) units", strip) == ["20", "10", "0", "\u221210"]
    assert "<p>Your 2 overrides: 0 helped, 2 hurt; no verdict before 20.</p>" in strip
    assert "Nothing realised yet" in render_market_report(report)
    none = render_market_report(dataclasses.replace(report, value_added=months[months["level"] == "market"]))
    assert "<p>No override has met its month yet.</p>" in none
