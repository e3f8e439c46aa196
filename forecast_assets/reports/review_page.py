"""Contents of the first screen of the page: the headline, the SKUs to look at, the change by cause, launches and ends.

Numbers come from `forecast_exceptions` and `domain/review`. Only shapes for drawing are computed here.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.number_format import format_month
from forecast_assets.domain.review.change_by_cause import CHANGE_CAUSES
from forecast_assets.domain.review.forecast_exceptions import HOLT_WINTERS, LAST_FORECAST
from forecast_assets.domain.review.headline import Headline, headline
from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.override_sheet import names_by_sku
from forecast_assets.reports.workbook.life_sheet import launches_and_ends

SHOWN_SKUS = 10
LIFE_CASES = ("launch", "end")
CAUSE_TITLES = {
    "new_actuals": "New actuals",
    "promotion_plan": "Promotion plan",
    "launch_or_end": "Launch or end",
    "override": "Override",
    "recipe": "Recipe",
    "restated": "Data restated",
    "rest": "Rest",
}
REASON_TITLES = {
    "ends": "Ends",
    "launch": "Launch",
    "override_due": "Override due",
    "data_finding": "Data finding",
    "outside_last_band": "Outside last band",
    "bias": "Bias",
    "holt_winters_better": "Holt-Winters better",
    "changed": "Changed",
}
SPARK_HISTORY, SPARK_AHEAD, SPARK_WIDTH, SPARK_HEIGHT = 24, 12, 112.0, 26.0


def review_context(report: MarketReport) -> dict:
    """Return the variables of `review.jinja` and `life.jinja`."""
    life = _life(report)
    stored = len(report.exceptions) > 0
    top = headline(report.exceptions, report.levels) if stored else None
    return {
        "headline": top,
        "look_at": look_at_these(report),
        "ranked_skus": int((report.exceptions["value"] > 0).sum()) if stored else 0,
        "value_unit": _value_unit(report.exceptions),
        "reference": _reference(report),
        "month_before": report.origin_month - pd.DateOffset(months=1),
        "waterfall": waterfall(top) if top else [],
        "life": life,
        "life_counts": {case: sum(row["case"] == case for row in life) for case in LIFE_CASES},
        "review_months": _review_months(report),
    }


def look_at_these(report: MarketReport) -> list[dict]:
    """Return the SKUs with the most value at stake, with name, change and a line to draw."""
    rows = report.exceptions[report.exceptions["value"] > 0].sort_values("rank").head(SHOWN_SKUS)
    names = names_by_sku(report)
    return [
        {
            **row,
            "name": names.get(row["sku"], ("", ""))[0],
            "change_units": row["units"] - row["reference_units"],
            "change": row["units"] / row["reference_units"] - 1 if row["reference_units"] > 0 else float("nan"),
            "spark": sparkline(report, row["sku"]),
        }
        for row in rows.to_dict("records")
    ]


def sparkline(report: MarketReport, sku: str) -> dict[str, str]:
    """Return the points of two lines, history and forecast, in a box of SPARK_WIDTH by SPARK_HEIGHT."""
    months = pd.date_range(
        report.origin_month - pd.DateOffset(months=SPARK_HISTORY - 1), periods=SPARK_HISTORY + SPARK_AHEAD, freq="MS"
    )
    sold = _by_month(report.sell_in, sku, "month", "sell_in_units").reindex(months)
    ahead = _by_month(report.published, sku, "target_month", "forecast_units").reindex(months)
    ahead = ahead.where(months != report.origin_month, sold)  # the lines meet
    top = np.nanmax([1.0, *sold, *ahead])
    return {"history": _points(sold, top), "forecast": _points(ahead, top)}


def _by_month(table: pd.DataFrame, sku: str, month: str, value: str) -> pd.Series:
    rows = table[table["sku"] == sku]
    return rows.set_index(month)[value].astype(float)


def _points(values: pd.Series, top: float) -> str:
    step = SPARK_WIDTH / (len(values) - 1)
    return " ".join(
        f"{at * step:.1f},{SPARK_HEIGHT - 1 - max(value, 0.0) / top * (SPARK_HEIGHT - 2):.1f}"
        for at, value in enumerate(values)
        if not np.isnan(value)
    )


def waterfall(top: Headline) -> list[dict]:
    """Return a bar per cause, in order: `title, units`, and `left` and `width` in per cent of the chart.

    The chart spans the lowest to the highest sum on the way. Causes without units are left out, the rest is not.
    """
    if top.last_units is None:
        return []
    bars = [(cause, top.by_cause[cause]) for cause in CHANGE_CAUSES if top.by_cause[cause] or cause == "rest"]
    ends = top.last_units + np.cumsum([units for _, units in bars])
    starts = np.array([top.last_units, *ends[:-1]])
    low, high = min(starts.min(), ends.min()), max(starts.max(), ends.max())
    span = (high - low) or 1.0
    return [
        {
            "title": CAUSE_TITLES[cause],
            "units": units,
            "left": 100 * (min(start, end) - low) / span,
            "width": 100 * abs(units) / span,
        }
        for (cause, units), start, end in zip(bars, starts, ends, strict=True)
    ]


def _value_unit(exceptions: pd.DataFrame) -> str:
    """Return the unit of the values: the market's currency, units, or both."""
    kinds = set(exceptions["value_unit"])
    if kinds == {"currency"}:
        return "net sales"
    return "units" if kinds == {"units"} else "net sales, units where no price is known"


def _reference(report: MarketReport) -> str:
    """Return what the forecasts of the listed SKUs are compared with."""
    kinds = set(report.exceptions.loc[report.exceptions["value"] > 0, "reference"])
    last = f"the forecast of {format_month(report.origin_month - pd.DateOffset(months=1))}"
    if kinds == {HOLT_WINTERS}:
        return "Holt-Winters"
    return last if kinds <= {LAST_FORECAST} else f"{last}, new ones from Holt-Winters"


def _review_months(report: MarketReport) -> tuple[pd.Timestamp, pd.Timestamp]:
    return report.origin_month + pd.DateOffset(months=1), report.origin_month + pd.DateOffset(months=3)


def _life(report: MarketReport) -> list[dict]:
    """Return launches and ends, the most units ahead first within each case."""
    rows = launches_and_ends(report)
    rows = rows[rows["case"].isin(LIFE_CASES)].assign(
        rule=lambda table: table["rule"].fillna(""), reference_sku=lambda table: table["reference_sku"].fillna("")
    )
    return rows.sort_values(
        ["case", "next_12_units", "sku"], ascending=[False, False, True], ignore_index=True
    ).to_dict("records")
