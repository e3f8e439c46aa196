"""The sheets Forecast and SKU chart: lines by month in an outline of market, categories and SKUs, and one SKU drawn.

The lines below the forecast of a SKU are folded, so the printed sheet has one row per SKU. Their numbers are made in
`forecast_rows.py`.
"""

from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.workbook.forecast_rows import (
    CASES,
    FORECAST,
    HOLT_WINTERS,
    LAST_YEAR,
    LOWER,
    UPPER,
    YEAR_ON_YEAR,
    Group,
    forecast_groups,
)
from forecast_assets.reports.workbook.styles import HEAD_HEIGHT, Formats, mark_changes, write_cell

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

SHEET, CHART_SHEET, HISTORY_SHEET = "Forecast", "SKU chart", "_history"
HEADS = ("SKU", "Name", "Category", "Line")
AFTER = {"Next 12 months": "units", "Last 12 months": "units", "Change": "signed_percent"}
WIDTHS = (11, 16, 14, 13)
MONTH_WIDTH, AFTER_WIDTH = 8, 11
# A month that differs from last year's by more than this share is coloured.
LARGE_CHANGE = 0.25
HISTORY_MONTHS = 24
# Lines of the chart, with colour, width and dash.
CHARTED = {
    FORECAST: ("#1A56DB", 2.25, "solid"),
    LAST_YEAR: ("#9CA3AF", 1.5, "solid"),
    HOLT_WINTERS: ("#D97706", 1.25, "dash"),
    LOWER: ("#93C5FD", 1.0, "round_dot"),
    UPPER: ("#93C5FD", 1.0, "round_dot"),
}
SOLD = "Sell-in"


def write_forecast_sheets(book: "xlsxwriter.Workbook", report: MarketReport, formats: Formats) -> dict[str, int]:
    """Add the sheets; return the row of each SKU on the sheet Forecast, from 0."""
    groups = forecast_groups(report)
    rows = _write_forecast(book.add_worksheet(SHEET), groups, formats)
    skus = [group.sku for group in groups if group.depth == 2]
    chart, history = book.add_worksheet(CHART_SHEET), book.add_worksheet(HISTORY_SHEET)
    _write_history(history, report, sorted(skus), formats)
    first = max((group for group in groups if group.depth == 2), key=lambda group: group.next_units)
    _write_chart(book, chart, report, first, formats)
    return rows


def _write_forecast(sheet: "Worksheet", groups: list[Group], formats: Formats) -> dict[str, int]:
    """Write the groups below one another; return the row of each SKU."""
    months = list(groups[0].lines.columns)
    first, after = len(HEADS), len(HEADS) + len(months)
    for column, title in enumerate((*HEADS, *months, *AFTER)):
        if isinstance(title, str):
            sheet.write_string(0, column, title, formats["head" if column < first else "number_head"])
        else:
            sheet.write_datetime(0, column, title.to_pydatetime(), formats["month_head"])
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.set_column(first, after - 1, MONTH_WIDTH)
    sheet.set_column(after, after + len(AFTER) - 1, AFTER_WIDTH)
    sheet.set_row(0, HEAD_HEIGHT)
    rows, row = {}, 1
    for group in groups:
        rows[group.sku] = row
        row = _write_group(sheet, row, group, formats)
    sheet.outline_settings(symbols_below=False)
    sheet.freeze_panes(1, first)
    sheet.autofilter(0, 0, row - 1, after + len(AFTER) - 1)
    mark_changes(sheet, (1, first, row - 1, after - 1), formats, LARGE_CHANGE, f'$D2="{YEAR_ON_YEAR}"')
    mark_changes(sheet, (1, after + 2, row - 1, after + 2), formats, LARGE_CHANGE)
    return rows


def _write_group(sheet: "Worksheet", row: int, group: Group, formats: Formats) -> int:
    """Write the lines of a group; the first one has the texts and the years. Return the row after them."""
    overridden = [month in group.overridden for month in group.lines.columns]
    for line, numbers in zip(group.lines.index, group.lines.to_numpy(), strict=True):
        is_first = line == FORECAST
        look = "total_" if group.depth < 2 and is_first else "" if is_first else "quiet_"
        depth = group.depth if is_first else group.depth + 1
        sheet.set_row(row, None, None, {"level": depth, "hidden": not is_first, "collapsed": is_first})
        for column, text in enumerate((group.sku, group.name, group.category, str(line))):
            write_cell(sheet, row, column, text, "text", formats[f"{look}text"])
        kind = "signed_percent" if line == YEAR_ON_YEAR else "count" if line == CASES else "units"
        for column, (number, is_override) in enumerate(zip(numbers, overridden, strict=True), len(HEADS)):
            look_of_cell = "override" if is_first and is_override else look + kind
            write_cell(sheet, row, column, number, kind, formats[look_of_cell])
        if is_first:
            years = (group.next_units, group.last_units, group.change)
            for column, (number, of) in enumerate(zip(years, AFTER.values(), strict=True), len(HEADS) + len(numbers)):
                write_cell(sheet, row, column, number, of, formats[look + of])
        row += 1
    return row


def _write_history(sheet: "Worksheet", report: MarketReport, skus: list[str], formats: Formats) -> None:
    """Write the last months of each SKU, which the chart reads, and the list of SKUs to choose from."""
    months = pd.date_range(end=report.origin_month, periods=HISTORY_MONTHS, freq="MS")
    wide = report.sell_in.pivot(index="sku", columns="month", values="sell_in_units").reindex(skus, columns=months)
    for column, month in enumerate(months, 1):
        sheet.write_datetime(0, column, month.to_pydatetime(), formats["month"])
    units = wide.to_numpy(float)
    for row, sku in enumerate(skus, 1):
        sheet.write_string(row, 0, sku, formats["text"])
        for column, number in enumerate(units[row - 1], 1):
            write_cell(sheet, row, column, number, "units", formats["units"])
    sheet.hide()


def _write_chart(
    book: "xlsxwriter.Workbook", sheet: "Worksheet", report: MarketReport, chosen: Group, formats: Formats
) -> None:
    """Write a list of SKUs, the numbers of the chosen one as formulas, and their chart."""
    from xlsxwriter.utility import xl_col_to_name

    skus = report.published["sku"].nunique()
    sheet.write_string(0, 0, "SKU", formats["bold"])
    sheet.write_string(0, 1, chosen.sku, formats["override"])
    sheet.data_validation(0, 1, 0, 1, {"validate": "list", "source": f"='{HISTORY_SHEET}'!$A$2:$A${skus + 1}"})
    sheet.write_string(0, 2, "Choose a SKU in the yellow cell", formats["hint"])
    titles = ("Month", SOLD, *CHARTED)
    for column, title in enumerate(titles):
        sheet.write_string(2, column, title, formats["head" if column == 0 else "number_head"])
    sheet.set_column(0, len(titles) - 1, 12)
    history = pd.date_range(end=report.origin_month, periods=HISTORY_MONTHS, freq="MS")
    sold = report.sell_in[report.sell_in["sku"] == chosen.sku].set_index("month")["sell_in_units"].reindex(history)
    places = {line: place for place, line in enumerate(chosen.lines.index)}
    for row, month in enumerate((*history, *chosen.lines.columns), 3):
        sheet.write_datetime(row, 0, month.to_pydatetime(), formats["month"])
        if month <= report.origin_month:
            source = f"INDEX('{HISTORY_SHEET}'!{xl_col_to_name(row - 2)}:{xl_col_to_name(row - 2)},"
            _write_looked_up(sheet, row, 1, f"{source}MATCH($B$1,'{HISTORY_SHEET}'!$A:$A,0))", sold[month], formats)
            continue
        letter = xl_col_to_name(len(HEADS) + row - 3 - HISTORY_MONTHS)
        for column, line in enumerate(CHARTED, 2):
            source = f"INDEX('{SHEET}'!{letter}:{letter},MATCH($B$1,'{SHEET}'!$A:$A,0)+{places[line]})"
            _write_looked_up(sheet, row, column, source, chosen.lines.loc[line, month], formats)
    last = 2 + HISTORY_MONTHS + len(chosen.lines.columns)
    sheet.insert_chart(2, len(titles) + 1, _chart(book, last), {"x_scale": 1.7, "y_scale": 1.8})


def _write_looked_up(sheet: "Worksheet", row: int, column: int, source: str, value: Any, formats: Formats) -> None:
    """Write a formula that shows an empty cell as a gap of the line, with its result at the time of writing."""
    result = "#N/A" if pd.isna(value) else float(value)
    sheet.write_formula(row, column, f'=IF({source}="",NA(),{source})', formats["units"], result)


def _chart(book: "xlsxwriter.Workbook", last: int) -> object:
    chart = book.add_chart({"type": "line"})
    looks = {SOLD: ("#111827", 1.75, "solid")} | CHARTED
    for column, (color, width, dash) in enumerate(looks.values(), 1):
        chart.add_series(
            {"name": [CHART_SHEET, 2, column], "categories": [CHART_SHEET, 3, 0, last, 0],
             "values": [CHART_SHEET, 3, column, last, column],
             "line": {"color": color, "width": width, "dash_type": dash}, "marker": {"type": "none"}}
        )  # fmt: skip
    chart.set_title({"name": f"='{CHART_SHEET}'!$B$1"})
    chart.set_x_axis({"num_format": "mmm yy", "interval_unit": 3})
    chart.set_y_axis({"num_format": "#,##0", "min": 0, "name": "Units"})
    chart.set_legend({"position": "bottom"})
    return chart
