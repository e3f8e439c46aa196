"""Ranges of months, cut and joined by hand."""

import pandas as pd
import pytest

from forecast_assets.domain.months import MonthRange, consecutive_months, describe_months


def month(text):
    return pd.Timestamp(f"{text}-01")


def span(first, last):
    return MonthRange(month(first), month(last))


def test_a_range_holds_both_its_ends():
    assert span("2023-11", "2024-02").months == [month(text) for text in ("2023-11", "2023-12", "2024-01", "2024-02")]
    assert span("2024-01", "2024-01").months == [month("2024-01")]


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (2, [("2023-11", "2023-12"), ("2024-01", "2024-02"), ("2024-03", "2024-03")]),
        (4, [("2023-11", "2024-02"), ("2024-03", "2024-03")]),
        (5, [("2023-11", "2024-03")]),
        (6, [("2023-11", "2024-03")]),
    ],
)
def test_parts_are_in_order_and_the_last_one_may_be_shorter(most, expected):
    assert span("2023-11", "2024-03").parts(most) == [span(*ends) for ends in expected]


@pytest.mark.parametrize("most", [1, 0, -3])
def test_a_part_has_at_least_one_month(most):
    assert span("2023-12", "2024-01").parts(most) == [span("2023-12", "2023-12"), span("2024-01", "2024-01")]


def test_months_in_any_order_and_twice_form_ranges_over_the_end_of_a_year():
    months = [month(text) for text in ("2024-04", "2024-01", "2023-12", "2024-01", "2023-11", "2024-06", "2024-05")]
    assert consecutive_months(months) == [span("2023-11", "2024-01"), span("2024-04", "2024-06")]
    assert consecutive_months([]) == []


def test_ranges_are_described_with_their_length():
    months = [month(text) for text in ("2023-01", "2023-02", "2023-03", "2023-09")]
    assert describe_months(months) == "2023-01 to 2023-03 (3 months), 2023-09"
    assert describe_months([]) == ""
