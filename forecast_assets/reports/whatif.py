"""A what-if for people: a workbook and a page with the published forecast beside that under other plans."""

from dataclasses import dataclass
from io import BytesIO

import pandas as pd

from forecast_assets.domain import number_format
from forecast_assets.domain.calendar import add_months
from forecast_assets.reports.workbook.styles import Columns, formats_of, set_print, write_pairs, write_table

ALL = "All"
YEAR = 12
PUBLISHED, OTHER, CHANGE = "Published", "Other plans", "Change"
LINES = {PUBLISHED: "published_units", OTHER: "whatif_units", CHANGE: "change_units"}
SHOWN_SKUS = 40
WIDTH, HEIGHT, MARGIN = 900, 240, 40


@dataclass(frozen=True)
class WhatIfReport:
    """Content of the files.

    Attributes:
        market_code, market_name, origin_month: The market and its origin month.
        cells: One row per SKU and target month: ``sku, category, target_month`` and the columns of LINES.
        notes: Sentences on plans and limits, shown first.
    """

    market_code: str
    market_name: str
    origin_month: pd.Timestamp
    cells: pd.DataFrame
    notes: list[str]

    @property
    def title(self) -> str:
        """Market and month in a line."""
        return f"{self.market_name} ({self.market_code}) {self.origin_month:%Y-%m}: forecast under other plans"


def by_category(report: WhatIfReport) -> pd.DataFrame:
    """Return units of the next 12 months by category, the market first: ``category``, the columns of LINES, ``share``.

    The share is change / published.
    """
    ahead = report.cells[report.cells["target_month"] <= add_months(report.origin_month, YEAR)]
    sums = ahead.groupby("category")[list(LINES.values())].sum()
    whole = sums.sum().to_frame(ALL).T
    return _with_share(pd.concat([whole, sums]).rename_axis("category").reset_index())


def by_sku(report: WhatIfReport) -> pd.DataFrame:
    """Return units of all months by SKU that changes, largest change first: ``sku, category``, LINES and ``share``."""
    sums = report.cells.groupby(["sku", "category"])[list(LINES.values())].sum().reset_index()
    changed = sums[sums["change_units"] != 0]
    return _with_share(changed.sort_values("change_units", key=lambda units: -units.abs(), ignore_index=True))


def render_whatif_workbook(report: WhatIfReport) -> bytes:
    """Return a workbook with the sheets Summary, By SKU and By month."""
    import xlsxwriter

    units: Columns = {column: (title, "units") for title, column in LINES.items()}
    share: Columns = {"share": ("Change, %", "signed_percent")}
    months = sorted(report.cells["target_month"].unique())
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        formats = formats_of(book)
        summary = by_category(report)
        sheet = book.add_worksheet("Summary")
        write_table(sheet, summary, {"category": ("Category", "text"), **units, **share}, formats)
        notes = {f"Note {number}": note for number, note in enumerate([report.title, *report.notes], 1)}
        write_pairs(sheet, len(summary) + 3, notes, formats)
        names: Columns = {"sku": ("SKU", "text"), "category": ("Category", "text")}
        write_table(book.add_worksheet("By SKU"), by_sku(report), {**names, **units, **share}, formats)
        heads: Columns = {**names, "line": ("Line", "text")}
        by_month: Columns = {month: (f"{month:%Y-%m}", "units") for month in months}
        write_table(book.add_worksheet("By month"), _by_month(report), {**heads, **by_month}, formats, frozen_columns=3)
        for each in book.worksheets():
            set_print(each, report.title)
    return buffer.getvalue()


def render_whatif_page(report: WhatIfReport) -> str:
    """Return a self-contained page: notes, a chart of the market, and tables by category and SKU."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("forecast_assets", "reports"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"units": number_format.format_units, "share": number_format.format_signed_percent}
    skus = by_sku(report)
    return environment.get_template("whatif.html.jinja").render(
        report=report,
        categories=by_category(report).to_dict("records"),
        skus=skus.head(SHOWN_SKUS).to_dict("records"),
        left_out=max(len(skus) - SHOWN_SKUS, 0),
        **_chart(report.cells),
    )


def _with_share(sums: pd.DataFrame) -> pd.DataFrame:
    published = sums["published_units"]
    return sums.assign(share=sums["change_units"] / published.where(published > 0))


def _by_month(report: WhatIfReport) -> pd.DataFrame:
    """Return three lines per SKU that changes, in the order of ``by_sku``, one column per target month."""
    order = {sku: place for place, sku in enumerate(by_sku(report)["sku"])}
    cells = report.cells[report.cells["sku"].isin(list(order))]
    named = cells.rename(columns={column: title for title, column in LINES.items()})
    long = named.melt(["sku", "category", "target_month"], list(LINES), var_name="line", value_name="units")
    long["line"] = pd.Categorical(long["line"], list(LINES), ordered=True)
    wide = long.pivot(index=["sku", "category", "line"], columns="target_month", values="units").reset_index()
    ordered = wide.assign(place=wide["sku"].map(order)).sort_values(["place", "line"], ignore_index=True)
    return ordered.astype({"line": object})


def _chart(cells: pd.DataFrame) -> dict[str, object]:
    """Return the points of the market's two lines, the labels of its months, and the highest value."""
    sums = cells.groupby("target_month")[["published_units", "whatif_units"]].sum()
    top = float(sums.to_numpy().max()) or 1.0
    step = (WIDTH - 2 * MARGIN) / max(len(sums) - 1, 1)
    places = [MARGIN + number * step for number in range(len(sums))]

    def points(column: str) -> str:
        heights = HEIGHT - MARGIN - sums[column] / top * (HEIGHT - 2 * MARGIN)
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(places, heights, strict=True))

    labels = [(f"{x:.1f}", number_format.format_month(month)) for x, month in zip(places, sums.index, strict=True)][::3]
    lines = {"published": points("published_units"), "other": points("whatif_units")}
    return {**lines, "labels": labels, "top": top, "width": WIDTH, "height": HEIGHT, "margin": MARGIN}
