"""The sheet in which planners enter their numbers, as written and as read back; what is broken is named."""

import dataclasses
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from forecast_assets.domain.publication.override_entries import OVERRIDE_REASONS, publication_hash
from forecast_assets.reports import render_workbook
from forecast_assets.reports.override_reader import WorkbookError, read_override_workbook
from forecast_assets_tests.reports.conftest import APRIL, HOSTILE_SKU, MARCH, MAY


@pytest.fixture
def book(report):
    products = report.products.assign(brand=["Tetley", None], pack=["20 bags", None])
    return openpyxl.load_workbook(BytesIO(render_workbook(dataclasses.replace(report, products=products))))


def read(book):
    buffer = BytesIO()
    book.save(buffer)
    return read_override_workbook(buffer)


def test_each_sku_has_its_numbers_and_an_empty_row_that_alone_can_be_edited(book):
    sheet = book["Overrides"]
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == ["SKU", "Name", "Category", "Line", "2024-04", "2024-05", "Reason", "Comment"]
    by_line = {(row[0], row[3]): row[1:3] + row[4:] for row in rows[1:]}
    assert len(rows) == 1 + 2 * 3
    assert by_line["A", "Published"] == ["Tetley 20 bags", "Tea", 150, 200, None, None]
    assert by_line["A", "Model"] == ["Tetley 20 bags", "Tea", 150, 180, None, None]
    assert by_line["A", "Yours"] == ["Tetley 20 bags", "Tea", None, None, None, None]
    assert by_line[HOSTILE_SKU, "Published"][2:] == [12.34, 1.234, None, None]
    assert sheet.protection.sheet
    unlocked = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    lines = [number for number, row in enumerate(rows, 1) if row[3] == "Yours"]
    assert unlocked == {f"{column}{number}" for number in lines for column in "EFGH"}
    reasons = next(each for each in sheet.data_validations.dataValidation if each.type == "list")
    assert reasons.formula1 == f'"{",".join(OVERRIDE_REASONS)}"'
    assert len(reasons.formula1) < 256  # Excel's limit


def test_the_key_is_hidden_and_names_market_month_and_hash(book, report):
    key = book["_key"]
    assert key.sheet_state == "hidden"
    cells = {row[0]: row[1] for row in key.iter_rows(values_only=True)}
    assert cells["content_hash"] == publication_hash(report.published)
    assert (cells["market"], cells["origin_month"]) == ("NO", "2024-03")


def test_a_filled_workbook_is_read_back(book, report):
    sheet = book["Overrides"]
    number = next(row[0].row for row in sheet.iter_rows() if (row[0].value, row[3].value) == ("A", "Yours"))
    for column, value in (("F", 210.5), ("G", "listing"), ("H", " new shops ")):
        sheet[f"{column}{number}"] = value
    sheet.cell(sheet.max_row + 1, 1).number_format = "@"  # a row without a value
    filled = read(book)
    assert (filled.market, filled.origin_month) == ("NO", MARCH)
    shown = filled.published.assign(model_units=0.0)
    assert publication_hash(shown) == filled.content_hash == publication_hash(report.published)
    assert set(filled.published["target_month"]) == {APRIL, MAY}
    (entry,) = filled.entries
    assert (entry.sku, entry.target_month, entry.units) == ("A", MAY, 210.5)
    assert (entry.reason, entry.comment) == ("listing", "new shops")
    assert (entry.cell, entry.reason_cell, entry.comment_cell) == tuple(
        f"Overrides!{column}{number}" for column in "FGH"
    )


def _without(name):
    return lambda book: book.remove(book[name])


def _with(sheet, cell, value):
    def change(book):
        book[sheet][cell] = value

    return change


@pytest.mark.parametrize(
    ("injury", "message"),
    [
        (_without("_key"), "sheet _key is missing; there are Cover"),
        (_without("Overrides"), "sheet Overrides is missing; there are Cover"),
        (_with("_key", "A2", "land"), "_key!A2: expected market"),
        (_with("_key", "B1", "0"), "_key!B1: layout 0, expected 1"),
        (_with("_key", "B3", "soon"), "_key!B3: 'soon' is no month"),
        (_with("Overrides", "A1", "Item"), "Overrides, row 1: expected one column SKU, got 0"),
        (_with("Overrides", "H1", "Reason"), "Overrides, row 1: expected one column Reason, got 2"),
        (_with("Overrides", "F1", "2024-04"), "Overrides!F1: expected a month that is in no other column"),
        (_with("Overrides", "F1", None), "Overrides!F1: expected a month that is in no other column, got ''"),
        (_with("Overrides", "D4", "Mine"), "Overrides!D4: expected Published, Model, Yours, got 'Mine'"),
        (_with("Overrides", "A4", 4711), "Overrides!A4: expected a name as text, got 4711"),
        (_with("Overrides", "A7", None), "Overrides!A7: expected a name as text, got None"),
        (_without("Totals"), "sheet Totals is missing; there are Cover"),
        (_with("Totals", "B1", "Set"), "Totals, row 1: expected one column Group, got 0"),
        (_with("Overrides", "E4", "=1+1"), "Overrides!E4: a formula without its result"),
    ],
)
def test_a_broken_workbook_is_named_by_sheet_row_and_column(book, injury, message):
    injury(book)
    with pytest.raises(WorkbookError) as error:
        read(book)
    assert str(error.value).startswith(message)


def test_a_sku_in_two_rows_and_another_file_are_named(book):
    sheet = book["Overrides"]
    sheet["A7"] = sheet["A4"].value
    with pytest.raises(WorkbookError, match=r"^Overrides, row 7: .* stands in row 4 already"):
        read(book)
    with pytest.raises(WorkbookError, match=r"^the file is not an Excel workbook that can be read"):
        read_override_workbook(BytesIO(b"PK"))


def test_a_market_without_a_model_has_empty_cells(report):
    bare = report.published.assign(model_units=pd.Series([None] * 4, dtype=float))
    book = openpyxl.load_workbook(BytesIO(render_workbook(dataclasses.replace(report, published=bare))))
    models = [row for row in book["Overrides"].iter_rows(values_only=True) if row[3] == "Model"]
    assert {cell for row in models for cell in row[4:6]} == {None}


def test_totals_of_the_market_and_its_categories_are_sums(book):
    rows = [list(row) for row in book["Totals"].iter_rows(values_only=True)]
    assert rows[0] == ["Level", "Group", "Line", "2024-04", "2024-05", "Reason", "Comment"]
    shown = {(row[0], row[1], row[2]): row[3:5] for row in rows[1:]}
    assert shown["market", "ALL", "Published"] == pytest.approx([162.34, 201.234])
    assert shown["category", "Tea", "Model"] == [150, 180]
    assert shown["category", "Mugs", "Yours"] == [None, None]
    assert len(shown) == 3 * 3


def test_a_filled_total_is_read_back_and_its_level_is_checked(book):
    sheet = book["Totals"]
    number = next(row[0].row for row in sheet.iter_rows() if (row[1].value, row[2].value) == ("Tea", "Yours"))
    for column, value in (("E", 300), ("F", "event"), ("G", "fair")):
        sheet[f"{column}{number}"] = value
    (total,) = read(book).totals
    assert (total.level, total.group, total.target_month, total.units) == ("category", "Tea", MAY, 300)
    assert (total.cell, total.reason, total.comment) == (f"Totals!E{number}", "event", "fair")
    sheet[f"A{number}"] = "brand"
    with pytest.raises(WorkbookError, match=rf"^Totals!E{number}: expected the level category or market, got 'brand'"):
        read(book)
