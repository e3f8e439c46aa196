"""The sheets Value, Changes since last month, and Launches and ends."""

import dataclasses
from datetime import datetime
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.value_added import forecast_value_added
from forecast_assets.reports import render_workbook
from forecast_assets_tests.reports.conftest import APRIL, HOSTILE_SKU, MARCH, MAY


def rows(report, sheet):
    book = openpyxl.load_workbook(BytesIO(render_workbook(report)))
    return [list(row) for row in book[sheet].iter_rows(values_only=True)]


def measured():
    """Two overridden forecasts of 100 sold: Ann's 110 instead of 130 helped by 20, Bob's 150 instead of 120 hurt."""
    cells = pd.DataFrame(
        {
            "sku": ["A", "B"], "lag_months": [1, 2], "actual_units": 100.0, "naive_units": 150.0,
            "baseline_units": [140.0, 125.0], "model_units": [130.0, 120.0], "units_before_overrides": [130.0, 120.0],
            "published_units": [110.0, 150.0], "is_overridden": True, "category": ["Tea", "Mugs"], "abc_class": "A",
            "xyz_class": "X", "author": ["Ann", "Bob"], "net_sales_per_unit": [2.0, None],
        }
    )  # fmt: skip
    return forecast_value_added(cells).assign(month=MARCH)


def test_value_shows_each_step_and_each_author(report):
    table = rows(dataclasses.replace(report, value_added=measured()), "Value")
    assert table[0][0] == "2 overrides: 1 helped, 1 hurt; no verdict before 20. Measured over 1 months."
    by_title = {row[0]: row for row in table}
    assert by_title["Model"][1:8] == [2, 0.25, 0.25, 15, 20, 2, 0]  # 40 and 25 of Holt-Winters become 30 and 20
    assert by_title["Published"][1:5] == [2, pytest.approx(0.3), pytest.approx(0.3), -10]
    authors = {row[1]: row for row in table if row[0] == "Author"}
    # WAPE of the five steps, then what the model and the override saved, in units and in net sales.
    assert authors["Ann"][2:] == [1, 0.5, 0.4, 0.3, 0.3, pytest.approx(0.1), 10, 20, 40, 1, 0]
    assert authors["Bob"][2:] == [1, 0.5, 0.25, 0.2, 0.2, 0.5, 5, -30, None, 0, 1]


def before(report, rows):
    columns = ["sku", "target_month", "horizon_months", "forecast_units", "source"]
    return dataclasses.replace(report, published_before=pd.DataFrame(rows, columns=columns))


def test_changes_are_of_the_months_that_both_publications_have(report):
    earlier = [
        ("A", MARCH, 1, 999.0, "model"), ("A", APRIL, 2, 100.0, "model"), ("A", MAY, 3, 220.0, "model"),
        ("gone", MAY, 3, 5.0, "baseline"),
    ]  # fmt: skip
    head, *table = rows(before(report, earlier), "Changes since last month")
    by_sku = {row[0]: dict(zip(head, row, strict=True)) for row in table}
    changed = by_sku["A"]
    assert (changed["Before"], changed["Now"], changed["Change, units"]) == (320, 350, 30)
    assert changed["Change"] == pytest.approx(30 / 320)
    assert (changed["Largest change in"], changed["Units of that month"]) == (datetime(2024, 4, 1), 50)
    assert changed["State"] == "in both"
    assert (by_sku[HOSTILE_SKU]["State"], by_sku[HOSTILE_SKU]["Change"]) == ("new", None)
    assert (by_sku["gone"]["State"], by_sku["gone"]["Now"], by_sku["gone"]["Before"]) == ("no longer forecast", None, 5)
    assert table[0][0] == "A"


def test_changes_of_the_near_months_end_three_months_ahead(report):
    june = pd.Timestamp("2024-06-01")
    later = pd.concat(
        [
            report.published,
            report.published.iloc[:2].assign(target_month=[june, pd.Timestamp("2024-07-01")], horizon_months=[3, 4]),
        ]
    )
    earlier = [("A", month, 1, 100.0, "model") for month in later.loc[later["sku"] == "A", "target_month"]]
    head, *table = rows(before(dataclasses.replace(report, published=later), earlier), "Changes since last month")
    row = dict(zip(head, next(row for row in table if row[0] == "A"), strict=True))
    assert row["Next 3 months now"] == 150 + 200 + 150
    assert row["Next 3 months before"] == 300


def test_without_an_earlier_publication_the_sheet_says_so(report):
    assert rows(report, "Changes since last month") == [["No publication of the month before."]]


def test_launches_and_ends_name_what_is_known_of_each_sku(report):
    products = pd.DataFrame(
        {
            "sku": ["A", HOSTILE_SKU, "soon", "old", "later"], "category": "Tea",
            "launch_month": pd.to_datetime(["2020-01-01", "2024-02-01", "2024-06-01", "2020-01-01", "2025-04-01"]),
            "end_month": pd.to_datetime([None, None, None, "2024-05-01", None]),
            "reference_sku": [None, "A", None, None, None],
        }
    )  # fmt: skip
    head, *table = rows(dataclasses.replace(report, products=products), "Launches and ends")
    found = {row[1]: dict(zip(head, row, strict=True)) for row in table}
    assert {sku: row["Case"] for sku, row in found.items()} == {
        HOSTILE_SKU: "launch", "soon": "launch", "old": "end",
    }  # fmt: skip
    launch = found[HOSTILE_SKU]
    assert (launch["Reference SKU"], launch["First sale"]) == ("A", datetime(2024, 2, 1))
    assert launch["Next 12 months"] == pytest.approx(13.574)
    assert found["old"]["End"] == datetime(2024, 5, 1)
    assert found["soon"]["Next 12 months"] is None


def test_a_portfolio_case_is_listed_without_dates(report):
    fading = report.published.assign(rule=report.published["sku"].map({"A": "dying", HOSTILE_SKU: "regular"}))
    _, *table = rows(dataclasses.replace(report, published=fading), "Launches and ends")
    assert [row[:2] for row in table] == [["fading", "A"]]
