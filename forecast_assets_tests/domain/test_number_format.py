"""Numbers as people read them."""

import pandas as pd
import pytest

from forecast_assets.domain import number_format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567.4, "1\u202f234\u202f567"),
        (12.6, "13"),
        (3.0, "3"),
        (3.25, "3.2"),
        (-1500.0, "\u22121\u202f500"),
        (-0.01, "0.0"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_units_have_thin_separators_and_no_false_precision(value, text):
    assert number_format.format_units(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.1234, "+12.3%"), (-0.02, "\u22122.0%"), (0.0, "0.0%"), (-0.0001, "0.0%"), (float("nan"), "–")],
)
def test_bias_carries_its_sign_and_zero_has_none(fraction, text):
    assert number_format.format_signed_percent(fraction) == text


def test_differences_of_percentages_are_written_in_points():
    assert number_format.format_points(-0.031) == "\u22123.1\u202fpp"
    assert number_format.format_points(float("nan")) == "–"


def test_months_do_not_depend_on_the_locale():
    assert number_format.format_month(pd.Timestamp("2026-10-01")) == "Oct 2026"
