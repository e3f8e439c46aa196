"""Small charts: shapes computed by hand, and names from data that must not be read as markup."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from forecast_assets.domain.small_charts import HEIGHT, MARGIN, WIDTH, bar_chart, highest, line_chart

GAIN = {"a": 0.5, "b": 1.0, "c": -1.0}


def elements(drawn: str, kind: str) -> list[dict[str, str]]:
    return [each.attrib for each in ElementTree.fromstring(drawn).iter(f"{{http://www.w3.org/2000/svg}}{kind}")]


def points(drawn: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, pair.split(","))) for pair in line["points"].split()] for line in elements(drawn, "polyline")
    ]


def test_bars_are_as_long_as_their_share_of_the_largest_in_the_order_given():
    drawn = bar_chart(GAIN, "Gain")
    assert re.findall(r'<rect [^>]*width="(\d+)"', drawn) == ["180", "360", "0"]
    assert re.findall(r">([^<]+)</text>", drawn) == ["Gain", "a", "b", "c"]


def test_bars_stand_below_one_another_in_the_picture_each_beside_its_name():
    drawn = bar_chart(GAIN, "Gain")
    picture = ElementTree.fromstring(drawn).attrib
    bars, (title, *names) = elements(drawn, "rect"), elements(drawn, "text")
    left, tops = {float(bar["x"]) for bar in bars}, [float(bar["y"]) for bar in bars]
    bottoms = [top + float(bar["height"]) for top, bar in zip(tops, bars, strict=True)]
    assert tops == sorted(tops)
    # Below the title, apart by 4, and within the picture with a margin.
    assert 0 < float(title["y"]) < tops[0]
    assert [following - bottom for following, bottom in zip(tops[1:], bottoms, strict=False)] == [4, 4]
    assert bottoms[-1] < float(picture["height"]) < bottoms[-1] + 3 * MARGIN
    assert len(left) == 1
    assert max(left) + WIDTH + MARGIN == float(picture["width"])
    for name, top, bottom in zip(names, tops, bottoms, strict=True):
        assert top < float(name["y"]) < bottom
        assert float(name["x"]) == max(left) - MARGIN


def test_a_line_goes_from_margin_to_margin_and_from_zero_to_the_highest_value_of_all():
    (up, half) = points(line_chart([np.array([0.0, 1.0, 4.0]), np.array([2.0, np.nan, 2.0])]))
    bottom, right, middle = HEIGHT - MARGIN, WIDTH - MARGIN, HEIGHT / 2
    assert up == [(MARGIN, bottom), (WIDTH / 2, bottom - (HEIGHT - 2 * MARGIN) / 4), (right, MARGIN)]
    assert half == [(MARGIN, middle), (right, middle)]


def test_zeros_lie_on_the_ground():
    ((start, end),) = points(line_chart([np.zeros(2)]))
    assert start[1] == end[1] == HEIGHT - MARGIN
    assert [bar["width"] for bar in elements(bar_chart({"a": 0.0}, "Gain"), "rect")] == ["0"]


def test_a_name_is_text_and_no_markup():
    assert "<b>" not in bar_chart({"<b>": 1.0}, "<i>")
    assert "&lt;b&gt;" in bar_chart({"<b>": 1.0}, "<i>")


def test_a_chart_without_a_known_point_is_empty_and_whole():
    assert highest([np.array([np.nan])]) == 0.0
    assert points(line_chart([np.array([np.nan])])) == [[]]
    assert elements(bar_chart({}, "Gain"), "rect") == []


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_lines_have_different_colours(lines):
    drawn = elements(line_chart([np.arange(3.0)] * lines), "polyline")
    assert len({line["stroke"] for line in drawn}) == lines
