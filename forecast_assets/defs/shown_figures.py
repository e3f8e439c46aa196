"""Metadata that people see first on an asset's event: figures, a small picture, and the address of a page.

They come before hashes and versions, which the IO managers add. Pictures are SVG in the text: nothing is loaded.
"""

import base64
from collections.abc import Sequence

import dagster as dg
import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.realised_accuracy import published_in_time
from forecast_assets.domain.small_charts import COLOR_NAMES, highest, line_chart
from forecast_assets.validation.table_checks import escaped_cell

YEAR = 12
MEASURED = {"published": "published_units", "baseline": "baseline_units"}
ROWS_SHOWN, FEATURES_SHOWN = 5, 8


def forecast_figures(table: pd.DataFrame, origin: pd.Timestamp) -> dict[str, dg.MetadataValue]:
    """Return units of the next 12 months, their difference from Holt-Winters, and the market's months as a picture.

    Args:
        table: Rows of ``forecasts`` or ``published_forecasts``.
        origin: The origin month.
    """
    ahead = table[table["target_month"] <= add_months(origin, YEAR)]
    units, baseline = float(ahead["forecast_units"].sum()), float(ahead["baseline_units"].sum())
    by_month = table.groupby("target_month")[["forecast_units", "baseline_units"]].sum()
    figures: dict[str, dg.MetadataValue] = {
        "units_next_12_months": dg.MetadataValue.float(float(round(units))),
        "months_ahead": picture([by_month[name].to_numpy(float) for name in by_month], ["forecast", "Holt-Winters"]),
    }
    if baseline > 0:
        figures["difference_from_holt_winters"] = dg.MetadataValue.text(f"{units / baseline - 1:+.1%}")
    return figures


def error_by_lag(cells: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """Return WAPE by lag of published forecasts and Holt-Winters as a picture; nothing before the first is measured.

    Args:
        cells: Rows of ``performance`` of a month.
    """
    scored = published_in_time(cells).dropna(subset=["actual_units", "published_units", "baseline_units"])
    if scored.empty:
        return {}
    table = accuracy_table(scored, "lag_months", forecasts=MEASURED).sort_values("lag_months")
    lines = [table[f"wape_{name}"].to_numpy(float) for name in MEASURED]
    return {"wape_by_lag": picture(lines, ["published", "Holt-Winters"])}


def model_figures(errors: pd.DataFrame, gains: pd.Series) -> dict[str, dg.MetadataValue]:
    """Return units, WAPE and bias of the model's refits on what followed them, WAPE by horizon as a picture, features.

    Args:
        errors: From ``refit_errors``; may be empty.
        gains: Share of the gain by feature, largest first.
    """
    figures: dict[str, dg.MetadataValue] = {}
    actual, absolute = float(errors["actual_units"].sum()), float(errors["absolute_actual_units"].sum())
    if absolute > 0:
        by_horizon = errors["absolute_error_units"] / errors["absolute_actual_units"].where(
            errors["absolute_actual_units"] > 0
        )
        figures["units_of_refits"] = dg.MetadataValue.float(float(round(actual)))
        figures["wape_of_refits"] = dg.MetadataValue.float(float(errors["absolute_error_units"].sum() / absolute))
        if actual > 0:
            figures["bias_of_refits"] = dg.MetadataValue.float(float(errors["error_units"].sum() / actual))
        figures["wape_by_horizon"] = picture([by_horizon.to_numpy(float)], ["refits, before the backtest"])
    shown = [f"| {escaped_cell(str(name))} | {share:.1%} |" for name, share in gains.head(FEATURES_SHOWN).items()]
    if shown:
        figures["importance"] = dg.MetadataValue.md("\n".join(["| feature | share of the gain |", "|---|---|", *shown]))
    return figures


def picture(lines: Sequence[np.ndarray], titles: Sequence[str]) -> dg.MetadataValue:
    """Return a small line chart with a legend, as Markdown."""
    top = highest(lines) or 1.0
    encoded = base64.b64encode(line_chart(lines).encode()).decode()
    named = ", ".join(f"{title} ({name})" for title, name in zip(titles, COLOR_NAMES, strict=False))
    number = f"{top:,.0f}" if top >= 10 else f"{top:.3g}"
    return dg.MetadataValue.md(f"![{named}](data:image/svg+xml;base64,{encoded})\n\n{named}; top: {number}")


def page_figures(url: str, path: str, rows: pd.DataFrame, name: str) -> dict[str, dg.MetadataValue]:
    """Return the address of a page, if pages have one, and its first rows as a preview.

    Args:
        url: Address at which people open the store; empty: none.
        path: Path of the page below the store.
        rows: Rows that a reader wants first.
        name: Name of the preview.
    """
    texts = rows.head(ROWS_SHOWN).map(_text).rename(columns=lambda title: escaped_cell(str(title)))
    figures: dict[str, dg.MetadataValue] = {
        name: dg.MetadataValue.md(str(texts.to_markdown(index=False, disable_numparse=True)))
    }
    page = {"page": dg.MetadataValue.url(f"{url.rstrip('/')}/{path}")} if url else {}
    return {**page, **figures}


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:,.3g}" if abs(value) < 10 else f"{value:,.0f}"
    return escaped_cell(str(value))
