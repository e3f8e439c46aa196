"""Anchor months, checked against dates written by hand."""

import pandas as pd
import pytest

from forecast_assets.domain.anchors import anchor_offsets
from forecast_assets.domain.calendar import add_months


@pytest.mark.parametrize(
    ("origin", "anchors"),
    [
        ("2024-09-01", ["2023-03-01", "2023-09-01", "2024-03-01"]),
        ("2024-10-01", ["2023-03-01", "2023-09-01", "2024-03-01"]),
        ("2024-11-01", ["2023-03-01", "2023-09-01", "2024-03-01"]),
        ("2024-12-01", ["2023-06-01", "2023-12-01", "2024-06-01"]),
        ("2025-01-01", ["2023-06-01", "2023-12-01", "2024-06-01"]),
    ],
)
def test_anchors_are_the_quarter_ends_at_least_18_12_and_6_months_before(origin, anchors):
    month = pd.Timestamp(origin)
    assert [add_months(month, -back) for back in anchor_offsets(month)] == [pd.Timestamp(each) for each in anchors]


def test_the_anchors_of_an_anchor_are_half_a_year_apart():
    assert anchor_offsets(pd.Timestamp("2024-03-01")) == (18, 12, 6)
