"""The HTML page: puts tables, figures and embedded data into the templates, in one file that needs no network.

Numbers come from `measures.py`, `review_page.py`, `accuracy_page.py`, `chart_series.py` and `sku_facts.py`; look and
behaviour from `template/`. No metric is computed here.
"""

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast_assets.domain import number_format
from forecast_assets.domain.evaluation.paired_comparison import MIN_ORIGINS, MIN_SKUS
from forecast_assets.domain.evaluation.value_added_verdict import over_months, override_verdict
from forecast_assets.domain.publication.churn import forecast_churn
from forecast_assets.reports.accuracy_page import FORECAST_TITLES, accuracy_context, records
from forecast_assets.reports.chart_series import chart_series, page_months
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.measures import (
    marks_by_reason,
    publication_counts,
    sku_measures,
    sources_switched_off,
    value_added_steps,
)
from forecast_assets.reports.override_sheet import names_by_sku
from forecast_assets.reports.page_data import packed
from forecast_assets.reports.review_page import REASON_TITLES, review_context
from forecast_assets.reports.sku_facts import sku_facts

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

STATUS_MEANINGS = {
    "published": "released to readers",
    "shadow": "measured, not for readers",
    "held": "the new forecast did not pass; what stands instead is named by the source",
    "stale": "no new forecast this cycle; the last one is carried on",
    "backfilled": "made after the fact",
}

MARK_MEANINGS = {
    "covid": "restrictions moved the whole market",
    "stock_out": "nothing to sell, or the catch-up after it",
    "outlier_high": "a single month far above what was usual",
    "outlier_low": "a single month far below what was usual",
    "latest_high": "one of the last two months, far above what was usual",
    "latest_low": "one of the last two months, far below what was usual",
    "old_level": "before a large change of the level; brought to the new one",
}


def render_market_report(report: MarketReport) -> str:
    """Render the report as one self-contained HTML page.

    Returns:
        The page. Styles, scripts and data are embedded; it opens from a folder or a mail, offline. The same report
        gives the same text.
    """
    names = names_by_sku(report)
    skus = sku_measures(report)
    skus = skus.assign(name=[names.get(str(sku), ("", ""))[0] for sku in skus["sku"]])
    accuracy = accuracy_context(report, skus)
    page = _template().render(
        report=report,
        first_target=report.published["target_month"].min(),
        last_target=report.published["target_month"].max(),
        published_skus=report.published["sku"].nunique(),
        publications=records(publication_counts(report.published)),
        switched_off=sources_switched_off(report.published),
        findings=records(report.findings),
        marks=records(marks_by_reason(report.history_marks)),
        mark_meanings=MARK_MEANINGS,
        churn=_churn(report),
        value_added=records(value_added_steps(report.value_added)),
        override_verdict=override_verdict(over_months(report.value_added)),
        data=_embeddable(packed(page_data(report, skus) | accuracy["lag_series"])),
        **review_context(report),
        **accuracy,
    )
    return page.strip() + "\n"


def page_data(report: MarketReport, skus: pd.DataFrame) -> dict:
    """Return what the scripts of the page read, but for the series by lag.

    Args:
        report: The report's frames.
        skus: From `sku_measures`, with `name`: the SKUs in the order of the page.
    """
    return {
        **chart_series(report, skus["sku"], skus["category"]),
        "names": skus["name"].tolist(),
        "classes": skus["demand_class"].tolist(),
        "review": _review_rows(report, skus["sku"]),
        "facts": sku_facts(report, skus["sku"], page_months(report)),
    }


def _review_rows(report: MarketReport, skus: pd.Series) -> dict[str, list]:
    """Return the rows of `forecast_exceptions` in the order of the page; null where a SKU has none."""
    rows = report.exceptions.set_index("sku").reindex(skus)
    numbers = {"reference": "reference_units", "last": "last_units", "last_year": "last_year_units"}
    columns = {"units": "units", "value": "value", **numbers}
    figures = {name: [_number(value) for value in rows[column].astype(float)] for name, column in columns.items()}
    texts = {name: [text if isinstance(text, str) else None for text in rows[name]] for name in ("reason", "text")}
    return figures | texts


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 2)


def _churn(report: MarketReport) -> dict[str, float]:
    """Return the change against the previous publication; empty without one."""
    before = report.published_before
    return {} if before is None or before.empty else forecast_churn(report.published, before)


def _sort_value(number: float) -> str:
    """Return the number that the page's script sorts by: six digits, or empty without one."""
    return "" if np.isnan(number) else f"{number:.6g}"


def _signed_units(number: float) -> str:
    """Return units with a plus sign if positive."""
    text = number_format.format_units(number)
    return f"+{text}" if number > 0 and text not in ("0", "0.0") else text


def _month(month: pd.Timestamp | None) -> str:
    """Return a month in words, a dash if it is unknown."""
    return number_format.NOTHING if month is None or pd.isna(month) else number_format.format_month(month)


def _embeddable(text: str) -> "Markup":
    """Return text that holds no character with a meaning in markup, as base64 does not."""
    from markupsafe import Markup

    return Markup(text)


def _embedded(name: str) -> "Markup":
    """Return a file of this package as it is. Only for our own and vendored styles and scripts, never for data."""
    from markupsafe import Markup

    return Markup(files("forecast_assets.reports").joinpath(name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("forecast_assets", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "units": number_format.format_units,
        "signed_units": _signed_units,
        "percent": number_format.format_percent,
        "signed_percent": number_format.format_signed_percent,
        "points": number_format.format_points,
        "month": _month,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "sort_value": _sort_value,
    }
    environment.globals |= {
        "embedded": _embedded,
        "titles": FORECAST_TITLES,
        "status_meanings": STATUS_MEANINGS,
        "reason_titles": REASON_TITLES,
        "nan": float("nan"),
        "min_origins": MIN_ORIGINS,
        "min_skus": MIN_SKUS,
    }
    return environment.get_template("template/report.html.jinja")
