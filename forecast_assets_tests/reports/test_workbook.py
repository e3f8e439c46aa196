"""The workbook, read back with another library."""

import dataclasses
from datetime import datetime
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from forecast_assets.reports import render_market_report, render_workbook
from forecast_assets_tests.reports.conftest import HOSTILE_SKU, with_names


def read(report):
    return openpyxl.load_workbook(BytesIO(render_workbook(report)))


def rows(sheet):
    return [list(row) for row in sheet.iter_rows(values_only=True)]


NAMES = ["=1+1", "0012", "1e5", "http://example.com", "{=A1}", "NULL", "@x", "+3"]


@pytest.fixture(scope="module")
def book(report):
    return read(report)


@pytest.fixture(scope="module")
def book_of_names(report):
    """The workbook of a market with a SKU of each name."""
    return read(with_names(report, NAMES))


def test_forecast_matrix_has_the_published_value_of_each_sku_and_month(book):
    assert book.sheetnames == [
        *[
            "Summary",
            "Forecast",
            "Forecast by level",
            "Forecast long",
            "Accuracy by SKU",
            "Accuracy by lag",
            "Marked history",
            "Overrides",
            "Totals",
            "_key",
            "Definitions",
        ],
    ]
    assert rows(book["Forecast"]) == [
        ["SKU", "Category", "2024-04", "2024-05"],
        [HOSTILE_SKU, "Mugs", 12.34, 1.234],
        ["A", "Tea", 150, 200],
    ]


def test_levels_are_the_sums_of_their_skus_with_the_range_of_the_sum(book):
    assert rows(book["Forecast by level"]) == [
        ["Level", "Name", "Figure", "2024-04", "2024-05"],
        ["market", "Norway & <Svalbard>", "Forecast", pytest.approx(162.34), pytest.approx(201.234)],
        ["market", "Norway & <Svalbard>", "p10", 140, 170],
        ["market", "Norway & <Svalbard>", "p90", 180, 230],
        ["category", "Mugs", "Forecast", 12.34, 1.234],
        ["category", "Mugs", "p10", 8, 0],
        ["category", "Mugs", "p90", 15, 4],
        ["category", "Tea", "Forecast", 150, 200],
    ]


def test_without_a_stored_distribution_there_are_forecasts_of_levels_alone(report):
    without = dataclasses.replace(report, levels=report.levels.iloc[:0])
    assert [row[2] for row in rows(read(without)["Forecast by level"])] == [
        "Figure",
        "Forecast",
        "Forecast",
        "Forecast",
    ]


def test_a_category_that_no_product_row_names_is_still_in_the_sums(report):
    unknown = dataclasses.replace(report, products=report.products.iloc[:1])
    assert rows(read(unknown)["Forecast by level"])[-1:] == [["category", "UNKNOWN", "Forecast", 12.34, 1.234]]


def test_long_sheet_has_one_row_per_sku_and_month_with_status_source_and_reason(book):
    table = rows(book["Forecast long"])
    assert table[0][:5] == ["SKU", "Category", "Origin month", "Target month", "Lag (months)"]
    override = table[4]
    assert override == [
        *["A", "Tea", datetime(2024, 3, 1), datetime(2024, 5, 1), 2, 200, 199, 210, 170, 180],
        *["published", "override", "listing"],
    ]


def test_accuracy_sheets_have_the_ratios_as_fractions_formatted_as_percentages(book):
    by_sku = book["Accuracy by SKU"]
    assert by_sku["A2"].value == "A"
    heads = [cell.value for cell in by_sku[1]]
    wape = by_sku.cell(2, heads.index("WAPE model") + 1)
    assert wape.value == pytest.approx(30 / 260)
    assert wape.number_format == "0.0%"
    assert by_sku.cell(2, heads.index("Better") + 1).value == "Holt-Winters"
    by_lag = rows(book["Accuracy by lag"])
    assert by_lag[1][:5] == ["Backtest (model)", 1, 2, 130, pytest.approx(15 / 130)]
    assert by_lag[3][:5] == ["Realised (published)", 1, 1, 120, pytest.approx(0.1)]


def test_summary_compares_the_forecasts_and_counts_what_was_published(book):
    summary = rows(book["Summary"])
    lines = [row for row in summary if row[0] in ("Backtest", "Realised", "Backfilled")]
    assert lines[0][:6] == [
        *["Backtest", "model", 3, pytest.approx(1 - 35 / 270), pytest.approx(35 / 270), pytest.approx(-5 / 270)],
    ]
    assert [line[0] for line in lines] == ["Backtest"] * 3 + ["Realised"] * 3 + ["Backfilled"] * 3
    assert [line[4] for line in lines[3::3]] == [pytest.approx(12 / 120), pytest.approx(40 / 140)]
    assert ["published", "override", "listing", 1, 1, 200] in [row[:6] for row in summary]


@pytest.mark.parametrize("name", NAMES)
def test_sku_names_stay_text(book_of_names, name):
    for sheet in ("Forecast", "Forecast long", "Accuracy by SKU"):
        cells = [cell for cell in book_of_names[sheet]["A"] if cell.value == name]
        assert cells, sheet
        assert {cell.data_type for cell in cells} == {"s"}
        assert all(cell.hyperlink is None for cell in cells)


def test_tables_are_frozen_and_filtered(book):
    assert book["Forecast"].freeze_panes == "C2"
    assert book["Forecast"].auto_filter.ref == "A1:D3"
    assert book["Forecast long"].freeze_panes == "B2"
    assert book["Forecast long"]["F2"].number_format.startswith("#,##0")
    assert book["Forecast long"]["D2"].number_format == "mmm yyyy"


def test_a_new_market_has_a_workbook_without_accuracy(report):
    book = read(dataclasses.replace(report, backtest=pd.DataFrame(), performance=None))
    assert len(rows(book["Accuracy by lag"])) == 1
    assert rows(book["Accuracy by SKU"])[1][:2] == ["A", "Tea"]
    assert any("Nothing measured yet" in str(row[0]) for row in rows(book["Summary"]))


def test_the_same_report_gives_the_same_bytes(report):
    assert render_workbook(report) == render_workbook(report)


def marked(report):
    rows = [("B", "2024-02-01", "stock_out", 0.0, 90.0), ("A", "2024-03-01", "covid", 30.0, 100.0)]
    marks = pd.DataFrame(rows, columns=["sku", "marked_month", "reason", "units", "cleaned_units"])
    return dataclasses.replace(report, history_marks=marks.astype({"marked_month": "datetime64[ns]"}))


def test_each_marked_month_is_a_row_with_its_reason(report):
    sheet = read(marked(report))["Marked history"]
    head, *rows = sheet.iter_rows(values_only=True)
    assert head == ("SKU", "Month", "Reason", "Sell-in", "Learned from instead")
    assert [(sku, f"{month:%Y-%m}", *others) for sku, month, *others in rows] == [
        ("A", "2024-03", "covid", 30, 100),
        ("B", "2024-02", "stock_out", 0, 90),
    ]


def test_the_page_counts_marked_months_by_reason_and_has_no_section_without_any(report):
    assert 'id="marks"' not in render_market_report(report)
    page = render_market_report(marked(report))
    assert "restrictions moved the whole market" in page
    assert page.count("stock_out") == 1
