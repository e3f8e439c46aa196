"""The sheets Forecast and SKU chart: lines by hand, the outline, and the chart of a chosen SKU."""

import dataclasses
from datetime import datetime
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from forecast_assets.reports import render_workbook
from forecast_assets.reports.workbook.forecast_rows import last_known_year
from forecast_assets_tests.reports.conftest import APRIL, HOSTILE_SKU, JANUARY, MARCH, MAY

HEADS = ["SKU", "Name", "Category", "Line"]


def read(report, **options):
    return openpyxl.load_workbook(BytesIO(render_workbook(report)), **options)


def sold(rows):
    table = pd.DataFrame(rows, columns=["sku", "month", "sell_in_units"])
    return table.astype({"month": "datetime64[ns]", "sell_in_units": float})


def year_of(sku, units, first="2023-04-01"):
    return [(sku, month, units) for month in pd.date_range(first, MARCH, freq="MS")]


@pytest.fixture
def with_a_year(report):
    """The report with 12 months of sales: A 100 a month, 300 in April; the other SKU 10 a month since January."""
    rows = year_of("A", 100.0) + year_of(HOSTILE_SKU, 10.0, JANUARY)
    rows[0] = ("A", pd.Timestamp("2023-04-01"), 300.0)
    return dataclasses.replace(report, sell_in=sold(rows))


def lines(sheet):
    """Return the numbers by SKU or name and line: months, next 12, last 12, change."""
    head, *rows = sheet.iter_rows(values_only=True)
    assert list(head[:4]) == HEADS
    assert head[4:6] == (datetime(2024, 4, 1), datetime(2024, 5, 1))
    return {(row[0] or row[1], row[3]): list(row[4:]) for row in rows}


def test_each_sku_has_its_forecast_beside_last_year_holt_winters_and_band(with_a_year):
    numbers = lines(read(with_a_year)["Forecast"])
    assert numbers["A", "Forecast"] == [150, 200, 350, 1400, pytest.approx(350 / 1400 - 1)]
    assert numbers["A", "Last year"][:2] == [300, 100]
    assert numbers["A", "Year on year"][:2] == [pytest.approx(-0.5), pytest.approx(1.0)]
    assert numbers["A", "Holt-Winters"][:2] == [160, 170]
    assert numbers["A", "p10"][:2] == [149, 199]
    assert numbers["A", "p90"][:2] == [160, 210]


def test_a_sku_without_twelve_known_months_has_no_change_and_no_last_year(with_a_year):
    numbers = lines(read(with_a_year)["Forecast"])
    assert numbers[HOSTILE_SKU, "Forecast"][2:] == [pytest.approx(13.574), 30, None]
    assert numbers[HOSTILE_SKU, "Last year"][:2] == [None, None]
    assert numbers[HOSTILE_SKU, "Year on year"][:2] == [None, None]


def test_categories_and_market_are_sums_with_the_range_of_the_sum(with_a_year):
    numbers = lines(read(with_a_year)["Forecast"])
    assert numbers["Tea", "Forecast"] == [150, 200, 350, 1400, pytest.approx(-0.75)]
    market = numbers["Norway & <Svalbard>", "Forecast"]
    assert market[:4] == pytest.approx([162.34, 201.234, 363.574, 1430])
    assert market[4] == pytest.approx(363.574 / 1430 - 1)
    assert numbers["Norway & <Svalbard>", "p10"][:2] == [140, 170]
    assert numbers["Mugs", "p90"][:2] == [15, 4]
    assert numbers["Tea", "p90"][:2] == [None, None]  # that of Tea is not stored


def test_an_unknown_month_leaves_a_sum_without_a_change(with_a_year):
    unknown = with_a_year.sell_in.copy()
    unknown.loc[3, "sell_in_units"] = None
    numbers = lines(read(dataclasses.replace(with_a_year, sell_in=unknown))["Forecast"])
    assert numbers["A", "Forecast"][3:] == [1300, None]
    assert numbers["Norway & <Svalbard>", "Forecast"][4] is None
    assert numbers["Mugs", "Forecast"][4] is not None


def test_months_more_than_a_year_ahead_are_compared_with_the_last_year_known(report):
    far = report.published.assign(
        target_month=report.published["target_month"].replace({APRIL: MAY + pd.DateOffset(months=11)})
    )
    sales = sold([("A", pd.Timestamp("2023-04-01"), 7.0), ("A", MARCH, 5.0), ("A", pd.Timestamp("2023-05-01"), 9.0)])
    sheet = read(dataclasses.replace(report, published=far, sell_in=sales))["Forecast"]
    assert [cell.value for cell in sheet[1]][4:6] == [datetime(2024, 5, 1), datetime(2025, 4, 1)]
    row = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "A" and row[3] == "Last year")
    assert row[4:6] == (9, 7)  # April 2024 is ahead, so April 2023


def test_the_outline_folds_the_lines_below_a_sku_and_groups_skus_by_category(with_a_year):
    sheet = read(with_a_year)["Forecast"]
    levels = {(row[0].value or row[1].value, row[3].value): row[0].row for row in sheet.iter_rows(min_row=2)}
    dimension = sheet.row_dimensions
    assert dimension[levels["Tea", "Forecast"]].outlineLevel == 1
    assert dimension[levels["A", "Forecast"]].outlineLevel == 2
    assert not dimension[levels["A", "Forecast"]].hidden
    assert dimension[levels["A", "p90"]].outlineLevel == 3
    assert dimension[levels["A", "p90"]].hidden
    assert sheet.sheet_properties.outlinePr.summaryBelow is False


def test_a_planners_number_is_coloured(with_a_year):
    sheet = read(with_a_year)["Forecast"]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "A")
    assert row[5].fill.start_color.rgb == "FFFFF3CD"
    assert row[4].fill.fill_type is None


def test_skus_sold_in_cases_have_a_line_of_whole_cases(with_a_year):
    products = with_a_year.products.assign(attribute_case_units=["12", None])
    numbers = lines(read(dataclasses.replace(with_a_year, products=products))["Forecast"])
    assert numbers["A", "Forecast, cases"][:2] == [12, 17]  # 150 / 12 = 12.5 is even, 200 / 12 = 16.7
    assert (HOSTILE_SKU, "Forecast, cases") not in numbers


def test_the_chart_draws_the_lines_of_the_sku_in_the_yellow_cell(with_a_year):
    book = read(with_a_year)
    sheet = book["SKU chart"]
    assert sheet["B1"].value == "A"
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == "'_history'!$A$2:$A$3"
    assert [row[0] for row in book["_history"].iter_rows(min_row=2, values_only=True)] == sorted([HOSTILE_SKU, "A"])
    values = read(with_a_year, data_only=True)["SKU chart"]
    by_month = {row[0]: row[1:7] for row in values.iter_rows(min_row=4, max_col=7, values_only=True)}
    assert by_month[datetime(2023, 4, 1)][0] == 300
    assert by_month[datetime(2024, 5, 1)][1:] == (200, 100, 170, 199, 210)
    (chart,) = sheet._charts
    assert len(chart.series) == 6


def test_formulas_of_the_chart_find_the_rows_that_they_show(with_a_year):
    """The results written beside the formulas are those of the rows that the formulas name."""
    book = read(with_a_year)
    forecast, chart = book["Forecast"], book["SKU chart"]
    first = next(row[0].row for row in forecast.iter_rows() if row[0].value == "A")
    formula = chart["E28"].value  # Holt-Winters of April: 24 months of history begin in row 4
    column = formula.split("!")[1].split(":")[0]
    offset = int(formula.split(",0)+")[1].split(")")[0])
    assert forecast[f"{column}{first + offset}"].value == 160
    assert forecast[f"D{first + offset}"].value == "Holt-Winters"


def test_the_origin_month_itself_is_last_year_of_the_month_twelve_ahead():
    history = pd.DataFrame({pd.Timestamp("2023-03-01"): [1.0], MARCH: [2.0]}, index=["A"])
    months = pd.DatetimeIndex(["2025-03-01", "2025-04-01"])
    assert last_known_year(history, months, MARCH).iloc[0].tolist()[0] == 2.0
