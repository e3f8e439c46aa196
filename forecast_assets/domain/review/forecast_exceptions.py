"""SKUs of a market by what is at stake in the next three months, each with one reason to look at it.

At stake is |forecast - reference| x price of a unit. Here belong numbers and order. Not here: the rules of the reasons
(``exception_reasons.py``) and the attribution of the change (``change_by_cause.py``).
"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.restatements import known_rows
from forecast_assets.domain.review.change_by_cause import CHANGE_CAUSES, change_by_cause
from forecast_assets.domain.review.exception_reasons import CHANGED, UNCHANGED, Reason, exception_reasons
from forecast_assets.domain.review.review_sentences import review_sentence
from forecast_assets.domain.review.review_tables import REVIEW_MONTHS, Review, ReviewTables
from forecast_assets.domain.review.unit_prices import UNITS, unit_prices

LAST_FORECAST, HOLT_WINTERS = "last_forecast", "holt_winters"
CURRENCY = "currency"
CHANGE_COLUMNS = [f"{cause}_units" for cause in CHANGE_CAUSES]
COLUMNS = [
    "rank", "sku", "reason", "text", "units", "reference_units", "reference", "unit_price", "price_source", "value",
    "value_unit", "last_units", "last_year_units", *CHANGE_COLUMNS,
]  # fmt: skip
# Units smaller than this are no change.
SMALLEST_CHANGE = 1e-6


def forecast_exceptions(tables: ReviewTables, origin: pd.Timestamp, language: str = "en") -> pd.DataFrame:
    """Rank the SKUs of a market by value at stake over the next three months.

    Args:
        tables: Stored tables.
        origin: The origin month.
        language: Language of the sentences.

    Returns:
        One row per SKU of this publication or the last, the largest value first, equal ones by SKU; COLUMNS:

        - ``units``: published units of the three months, 0 if the SKU is published no more;
        - ``reference_units``: those of the last publication, else Holt-Winters; ``reference`` names it;
        - ``value``: |units - reference_units| x ``unit_price``; ``value_unit`` is ``currency``, or ``units`` if no
          price is known;
        - ``last_units``: units of the last publication, null if the SKU was not in it;
        - ``last_year_units``: sell-in of the same months of last year, null if one is not known;
        - ``<cause>_units``: ``units`` minus ``last_units`` (0 if null) by cause; null without a last publication.
    """
    review = Review(tables, origin)
    rows = _units(review)
    year = known_rows(tables.sell_in[tables.sell_in["month"] <= origin], origin)
    rows = rows.join(
        unit_prices(rows.index, year[year["month"] > add_months(origin, -12)], review.current(review.tables.products))
    )
    rows["value"] = (rows["units"] - rows["reference_units"]).abs() * rows["unit_price"]
    rows["value_unit"] = np.where(rows["price_source"] == UNITS, "units", CURRENCY)
    rows["last_year_units"] = _last_year(review, year).reindex(rows.index)
    parts = change_by_cause(review).rename(columns=lambda cause: f"{cause}_units")
    rows = rows.join(parts)
    reasons = exception_reasons(review)
    named = [
        reasons.get(str(sku)) or _change(row) for sku, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]
    rows["reason"] = [each.name for each in named]
    rows["text"] = [review_sentence(language, each.key, **each.facts) for each in named]
    ranked = rows.rename_axis("sku").reset_index().sort_values(["value", "sku"], ascending=[False, True])
    return ranked.assign(rank=np.arange(1, len(ranked) + 1))[COLUMNS].reset_index(drop=True)


def _units(review: Review) -> pd.DataFrame:
    """Return units and reference of each SKU of the two publications, indexed by SKU."""
    now, before = (review.cells(month).groupby("sku") for month in (review.origin, review.month_before))
    last = before["forecast_units"].sum().where(before.size() == REVIEW_MONTHS)
    skus = now.size().index.union(before.size().index)
    rows = pd.DataFrame({"units": now["forecast_units"].sum(), "last_units": last}, index=skus).astype(float)
    baseline = now["baseline_units"].sum().reindex(skus)
    is_last = rows["last_units"].notna()
    return rows.assign(
        units=rows["units"].fillna(0.0),
        reference_units=rows["last_units"].fillna(baseline).fillna(0.0),
        reference=np.where(is_last, LAST_FORECAST, HOLT_WINTERS),
    )


def _last_year(review: Review, known: pd.DataFrame) -> pd.Series:
    then = [add_months(month, -12) for month in review.months]
    rows = known[known["month"].isin(then)].dropna(subset=["sell_in_units"]).groupby("sku")["sell_in_units"]
    return rows.sum().where(rows.size() == REVIEW_MONTHS)


def _change(row: Mapping[Hashable, Any]) -> Reason:
    """Return the reason of a SKU that meets no rule: how its forecast differs from the reference."""
    change = row["units"] - row["reference_units"]
    if abs(change) <= SMALLEST_CHANGE:
        return Reason(UNCHANGED, "unchanged", {})
    if row["reference"] == HOLT_WINTERS:
        return Reason(CHANGED, "differs_from_holt_winters", {"signed": float(change)})
    largest = max(CHANGE_CAUSES, key=lambda cause: abs(row[f"{cause}_units"]))
    return Reason(CHANGED, "changed", {"signed": float(change), "cause": largest})
