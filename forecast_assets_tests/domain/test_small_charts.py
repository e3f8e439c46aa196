"""Small charts: shapes computed by hand, and names from data that must not be read as markup."""

import re

import numpy as np

from forecast_assets.domain.small_charts import bar_chart, highest, line_chart


def test_bars_are_as_long_as_their_share_of_the_largest_in_the_order_given():
    drawn = bar_chart({"a": 0.5, "b": 1.0, "c": -1.0}, "Gain")
    assert re.findall(r'<rect [^>]*width="(\d+)"', drawn) == ["180", "360", "0"]
    assert re.findall(r">([^<]+)</text>", drawn) == ["Gain", "a", "b", "c"]


def test_a_name_is_text_and_no_markup():
    assert "<b>" not in bar_chart({"<b>": 1.0}, "<i>")
    assert "&lt;b&gt;" in bar_chart({"<b>": 1.0}, "<i>")


def test_a_chart_without_a_known_point_is_empty_and_whole():
    assert highest([np.array([np.nan])]) == 0.0
    assert line_chart([np.array([np.nan])]).endswith("</svg>")
    assert bar_chart({}, "Gain").endswith("</svg>")
