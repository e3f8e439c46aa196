"""The workbook, read back with another library."""

import dataclasses
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from forecast_assets.domain.review.change_by_cause import CHANGE_CAUSES
from forecast_assets.reports import render_market_report, render_workbook
from forecast_assets.reports.market_report import EXCEPTION_COLUMNS
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


def test_sheets_stand_in_the_order_of_reading(book):
    shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    assert shown == [
        *["Cover", "Forecast", "SKU chart", "Overrides", "Totals", "Value", "Accuracy", "Accuracy by SKU"],
        *["Changes since last month", "Launches and ends", "Marked history", "Definitions"],
    ]


def test_the_page_of_every_sheet_is_a4_landscape_and_one_page_wide(book):
    for sheet in book.worksheets:
        page = sheet.page_setup
        assert (page.orientation, page.paperSize, sheet.sheet_properties.pageSetUpPr.fitToPage) in (
            ("landscape", 9, True),
            ("landscape", 9, None) if sheet.title == "Marked history" else (),
        ), sheet.title
    assert book["Forecast"].print_title_rows == "$1:$1"


def test_accuracy_sheets_have_the_ratios_as_fractions_formatted_as_percentages(book):
    by_sku = book["Accuracy by SKU"]
    assert by_sku["A2"].value == "A"
    heads = [cell.value for cell in by_sku[1]]
    wape = by_sku.cell(2, heads.index("WAPE model") + 1)
    assert wape.value == pytest.approx(30 / 260)
    assert wape.number_format == "0.0%"
    assert by_sku.cell(2, heads.index("Better") + 1).value == "Holt-Winters"
    lags = [row for row in rows(book["Accuracy"]) if row[0] in ("Backtest (model)", "Realised (published)")]
    assert lags[0][:5] == ["Backtest (model)", 1, 2, 130, pytest.approx(15 / 130)]
    assert lags[2][:5] == ["Realised (published)", 1, 1, 120, pytest.approx(0.1)]


@pytest.mark.parametrize("sheet", ["Cover", "Accuracy"])
def test_forecasts_are_compared_on_each_measured_set(book, sheet):
    lines = [row for row in rows(book[sheet]) if row[0] in ("Backtest", "Realised", "Backfilled")]
    assert lines[0][:6] == [
        *["Backtest", "model", 3, pytest.approx(1 - 35 / 270), pytest.approx(35 / 270), pytest.approx(-5 / 270)],
    ]
    assert [line[0] for line in lines] == ["Backtest"] * 3 + ["Realised"] * 3 + ["Backfilled"] * 3
    assert [line[4] for line in lines[3::3]] == [pytest.approx(12 / 120), pytest.approx(40 / 140)]


def test_the_cover_has_the_figures_of_the_market_and_what_was_published(book):
    cells = rows(book["Cover"])
    figures = {row[0]: row[1] for row in cells if isinstance(row[1], str)}
    assert figures["Next 12 months"] == "364 units"
    assert figures["WAPE, realised"] == "10.0% (Holt-Winters 8.3%)"
    assert figures["Planners' numbers"] == "1 of 4 published"
    assert ["published", "override", 1, 1, 200] in [row[:5] for row in cells]
    assert figures["Against the last 12"] == "–"  # a month is unknown


def test_the_ten_skus_of_the_cover_lead_to_their_rows(report):
    named = read(with_names(report, NAMES))
    links = [cell for row in named["Cover"].iter_rows(max_col=1) for cell in row if cell.hyperlink]
    assert len(links) == len(NAMES) + 1
    for link in links:
        row = int(link.hyperlink.location.rsplit("A", 1)[1])
        assert named["Forecast"].cell(row, 1).value == link.value


def test_ranked_skus_stand_on_the_cover_with_their_reason(report):
    rows_of_exceptions = [
        (
            2,
            "A",
            "bias",
            "Forecast too high in each of 6 months",
            350.0,
            300.0,
            "last_forecast",
            2.0,
            100.0,
            "currency",
        ),
        (1, HOSTILE_SKU, "launch", "Launched in Mar 2024", 13.0, 5.0, "last_forecast", 1.0, 400.0, "currency"),
    ]
    table = pd.DataFrame(rows_of_exceptions, columns=EXCEPTION_COLUMNS[:-2]).assign(last_units=100.0)
    table = table.assign(last_year_units=150.0, **{f"{cause}_units": 0.0 for cause in CHANGE_CAUSES})
    cells = rows(read(dataclasses.replace(report, exceptions=table))["Cover"])
    texts = {row[0]: row[1] for row in cells}
    assert texts["Next 3 months"] == "363 units, 713 at net sales per unit"  # 350 x 2 and 13 x 1.
    assert texts["Against last month's forecast"] == "+81.5%, 200 units"
    assert texts["Against last year"] == "+21.0%, 300 units"
    assert "Band (p10 to p90)" not in texts  # The range of two months alone is stored.
    first = next(place for place, row in enumerate(cells) if str(row[0]).startswith("Look at these"))
    assert cells[first][0] == "Look at these: the 2 SKUs with the most value at stake in the next three months"
    assert cells[first + 2][0:7] == [HOSTILE_SKU, None, "Mugs", 13, 5, 400, "Launched in Mar 2024"]
    assert cells[first + 3][0] == "A"


@pytest.mark.parametrize("name", NAMES)
def test_sku_names_stay_text(book_of_names, name):
    for sheet in ("Forecast", "Overrides", "Accuracy by SKU", "_history"):
        cells = [cell for cell in book_of_names[sheet]["A"] if cell.value == name]
        assert cells, sheet
        assert {cell.data_type for cell in cells} == {"s"}
        assert all(cell.hyperlink is None for cell in cells)


def test_tables_are_frozen_and_filtered(book):
    assert book["Forecast"].freeze_panes == "E2"
    assert book["Forecast"].auto_filter.ref == "A1:I31"
    assert book["Accuracy by SKU"].freeze_panes == "B2"
    assert book["Accuracy by SKU"].auto_filter.ref == "A1:O3"


def test_a_new_market_has_a_workbook_without_accuracy(report):
    book = read(dataclasses.replace(report, backtest=pd.DataFrame(), performance=None))
    assert rows(book["Accuracy by SKU"])[1][:2] == ["A", "Tea"]
    for sheet in ("Cover", "Accuracy", "Value"):
        assert any("Nothing measured yet" in str(row[0]) for row in rows(book[sheet])), sheet


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
