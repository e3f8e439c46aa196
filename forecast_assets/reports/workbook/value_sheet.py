"""The sheet Value: what model and overrides added, over all measured months, for the market and by group."""

from typing import TYPE_CHECKING

import pandas as pd

from forecast_assets.domain.evaluation.value_added import LEVELS, STEPS
from forecast_assets.domain.evaluation.value_added_verdict import over_months, override_verdict
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import STEP_TITLES, value_added_steps
from forecast_assets.reports.workbook.styles import Columns, Formats, write_stacked

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

MARKET: Columns = {
    "title": ("Step", "text"),
    "cells": ("Forecasts", "count"),
    "wape": ("WAPE", "percent"),
    "bias": ("Bias", "signed_percent"),
    "error_saved_units": ("Error saved, units", "signed_units"),
    "error_saved_value": ("Error saved, net sales", "signed_units"),
    "helped_cells": ("Helped", "count"),
    "hurt_cells": ("Hurt", "count"),
}
GROUPS: Columns = {
    "group": ("Group", "text"),
    "entity": ("Name", "text"),
    "cells": ("Forecasts", "count"),
    **{f"wape_{step}": (f"WAPE {title}", "percent") for step, title in STEP_TITLES.items()},
    "model_saved": ("Saved by the model, units", "signed_units"),
    "overrides_saved": ("Saved by overrides, units", "signed_units"),
    "overrides_value": ("Saved by overrides, net sales", "signed_units"),
    "helped": ("Overrides that helped", "count"),
    "hurt": ("Overrides that hurt", "count"),
}
GROUP_TITLES = {
    "category": "Category", "abc": "ABC class", "xyz": "XYZ class", "lag": "Lag (months)", "author": "Author",
    "size": "Size of override", "direction": "Direction of override", "size_and_direction": "Size and direction",
}  # fmt: skip
FIRST_SALES = "Nothing measured yet: no published month has been sold."


def write_value(sheet: "Worksheet", report: MarketReport, formats: Formats) -> None:
    """Write the five steps of the market with the verdict on its overrides, then a row per group."""
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, len(GROUPS) - 1, 12)
    summed = over_months(report.value_added)
    if summed.empty:
        sheet.write_string(0, 0, FIRST_SALES)
        return
    months = report.value_added["month"].nunique() if "month" in report.value_added else 0
    over = f" Measured over {months} months." if months else ""
    sheet.write_string(0, 0, f"{override_verdict(summed).in_words.capitalize()}.{over}", formats["bold"])
    row = write_stacked(sheet, 2, value_added_steps(report.value_added), MARKET, formats)
    table = value_by_group(summed)
    write_stacked(sheet, row + 1, table, GROUPS, formats)
    sheet.autofilter(row + 1, 0, row + 1 + max(len(table), 1), len(GROUPS) - 1)


def value_by_group(summed: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group of ``over_months`` with the columns GROUPS; the market and all overrides are left out.

    A positive saving is less error than in the step before: Holt-Winters for the model, the number without overrides
    for overrides.
    """
    rows = summed[summed["level"].isin(list(GROUP_TITLES))]
    keys = ["level", "entity"]
    wide = rows.pivot(index=keys, columns="step", values=["wape", "error_saved_units", "cells"])
    published = rows[rows["step"] == "published"].set_index(keys)
    table = pd.DataFrame(
        {
            "cells": published["cells"],
            **{f"wape_{step}": wide["wape"][step] for step in STEPS},
            "model_saved": wide["error_saved_units"]["model"],
            "overrides_saved": published["error_saved_units"],
            "overrides_value": published["error_saved_value"].where(published["valued_cells"] > 0),
            "helped": published["helped_cells"],
            "hurt": published["hurt_cells"],
        }
    ).reset_index()
    order = table["level"].map({level: place for place, level in enumerate(LEVELS)})
    table = table.assign(order=order, group=table["level"].map(GROUP_TITLES))
    return table.sort_values(["order", "entity"], ignore_index=True)
