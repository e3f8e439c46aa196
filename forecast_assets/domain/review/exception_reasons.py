"""The one reason for which a planner should look at a SKU, with the facts that its sentence names.

The first rule of EXCEPTION_REASONS that a SKU meets is its reason. Not here: the order of the SKUs
(``forecast_exceptions.py``) and the words (``review_sentences.py``).
"""

import dataclasses
from collections.abc import Callable, Mapping

import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.evaluation.realised_accuracy import published_in_time
from forecast_assets.domain.review.change_by_cause import LAUNCH_RULES
from forecast_assets.domain.review.review_tables import Review

ENDS, LAUNCH, OVERRIDE_DUE, DATA_FINDING = "ends", "launch", "override_due", "data_finding"
OUTSIDE_BAND, BIAS, HOLT_WINTERS_BETTER = "outside_last_band", "bias", "holt_winters_better"
CHANGED, UNCHANGED = "changed", "unchanged"
# Marks of the last months that say something of the data or of supply.
DATA_MARKS = ("stock_out", "outlier_high", "outlier_low", "latest_high", "latest_low")
MARKED_MONTHS = 2
# Errors of one sign: in each of the last months with one, at least so many, and this share of the actuals in sum.
BIAS_MONTHS, LEAST_BIAS_MONTHS, LEAST_BIAS, BIAS_LAGS = 6, 4, 0.10, 3
# Holt-Winters is better if it has this much less absolute error on at least so many cells of the backtest.
LESS_ERROR, LEAST_CELLS = 0.10, 6


@dataclasses.dataclass(frozen=True)
class Reason:
    """Reason of a SKU: its name, the key of its sentence, and the facts of the sentence."""

    name: str
    key: str
    facts: Mapping[str, object]


Rule = Callable[[Review], dict[str, Reason]]


def exception_reasons(review: Review) -> dict[str, Reason]:
    """Return the reason of each SKU that meets a rule; SKUs without one are absent."""
    reasons: dict[str, Reason] = {}
    for rule in (_ends, _launches, _overrides_due, _data_findings, _outside_band, _biased, _holt_winters_better):
        reasons = rule(review) | reasons
    return reasons


def _ends(review: Review) -> dict[str, Reason]:
    """Find SKUs that end up to the last month under review, whose end is new, or that are forecast no longer."""
    products = review.current(review.tables.products).drop_duplicates("sku")
    published = set(review.current(review.tables.published)["sku"])
    dropped = set(review.before(review.tables.published)["sku"]) - published
    found = {str(sku): Reason(ENDS, "no_longer_forecast", {}) for sku in dropped}
    if products.empty:
        return found
    ends = pd.to_datetime(products.set_index("sku")["end_month"]).dropna()
    earlier = review.before(review.tables.products).drop_duplicates("sku").set_index("sku")
    then = pd.to_datetime(earlier["end_month"]).reindex(ends.index) if len(earlier) else ends
    is_new = (then != ends) & ends.index.isin(earlier.index) & (ends <= add_months(review.origin, HORIZON_MONTHS))
    near = ends[(ends <= review.months[-1]) | is_new]
    return found | {
        str(sku): Reason(ENDS, "ends", {"end": end, "after": add_months(end, 1)})
        for sku, end in near.items()
        if sku in published
    }


def _launches(review: Review) -> dict[str, Reason]:
    rows = review.current(review.tables.published).drop_duplicates("sku")
    skus = rows.loc[rows["rule"].isin(LAUNCH_RULES), "sku"]
    products = review.current(review.tables.products).drop_duplicates("sku")
    months = products.set_index("sku")["launch_month"].reindex(skus) if len(products) else pd.Series(pd.NaT, skus)
    return {
        str(sku): Reason(LAUNCH, "launch_in", {"launch": pd.Timestamp(month)})
        if pd.notna(month)
        else Reason(LAUNCH, "launch", {})
        for sku, month in months.items()
    }


def _overrides_due(review: Review) -> dict[str, Reason]:
    """Find SKUs with a month that a planner's number had in the last publication, and has no more."""
    before, now = review.cells(review.month_before), review.cells(review.origin)
    filed = before.loc[before["source"] == "override", ["sku", "target_month", "forecast_units"]]
    cells = filed.merge(
        now[["sku", "target_month", "forecast_units", "source"]], on=["sku", "target_month"], suffixes=("_before", "")
    )
    due = cells[cells["source"] != "override"].sort_values("target_month").drop_duplicates("sku")
    return {
        row["sku"]: Reason(
            OVERRIDE_DUE,
            "override_due",
            {"month": row["target_month"], "then": row["forecast_units_before"], "current": row["forecast_units"]},
        )
        for row in due.to_dict("records")
    }


def _data_findings(review: Review) -> dict[str, Reason]:
    """Find SKUs with a restated month, or with an extreme one among the last two."""
    found: dict[str, Reason] = {}
    marks = review.current(review.tables.history_marks)
    if len(marks):
        recent = marks["marked_month"] > add_months(review.origin, -MARKED_MONTHS)
        for row in marks[recent & marks["reason"].isin(DATA_MARKS)].sort_values("marked_month").to_dict("records"):
            facts = {"month": row["marked_month"], "units": row["units"], "cleaned": row["cleaned_units"]}
            found[row["sku"]] = Reason(DATA_FINDING, "unusual_month", facts)
    sell_in = review.current(review.tables.sell_in)
    if "restated_month" in sell_in:
        restated = sell_in.dropna(subset=["restated_month"]).sort_values("restated_month")
        for row in restated.to_dict("records"):
            found[row["sku"]] = Reason(DATA_FINDING, "restated_month", {"month": row["restated_month"]})
    return found


def _outside_band(review: Review) -> dict[str, Reason]:
    """Find SKUs whose origin month fell outside the 80 % interval of the last publication."""
    before = review.before(review.tables.published)
    band = before.loc[
        before["target_month"] == review.origin, ["sku", "forecast_units_p10", "forecast_units_p90"]
    ]  # fmt: skip
    own = review.current(review.tables.sell_in)
    if "restated_month" in own:
        own = own[own["restated_month"].isna()]
    both = band.merge(own[["sku", "sell_in_units"]], on="sku", validate="1:1").dropna()
    low, high = both["forecast_units_p10"], both["forecast_units_p90"]
    outside = both[(both["sell_in_units"] < low) | (both["sell_in_units"] > high)]
    return {
        sku: Reason(
            OUTSIDE_BAND,
            "outside_last_band",
            {"month": review.origin, "units": float(units), "low": float(p10), "high": float(p90)},
        )
        for sku, p10, p90, units in outside.itertuples(index=False, name=None)
    }


def _biased(review: Review) -> dict[str, Reason]:
    """Find SKUs whose forecasts of one to three months ahead erred in one direction in all of the last months."""
    table = review.tables.performance
    if table.empty:
        return {}
    recent = table["month"].between(add_months(review.origin, 1 - BIAS_MONTHS), review.origin)
    cells = published_in_time(table[recent & (table["lag_months"] <= BIAS_LAGS)]).dropna(subset=["actual_units"])
    nearest = cells.sort_values("lag_months").drop_duplicates(["sku", "month"])
    error = nearest["published_units"] - nearest["actual_units"]
    rows = nearest.assign(error=error, high=error > 0, low=error < 0).groupby("sku").agg(
        months=("error", "size"), error=("error", "sum"), actual=("actual_units", "sum"), high=("high", "all"),
        low=("low", "all"),
    )  # fmt: skip
    is_one_sided = (rows["high"] | rows["low"]) & (rows["months"] >= LEAST_BIAS_MONTHS)
    is_large = rows["error"].abs() >= LEAST_BIAS * rows["actual"].abs()
    chosen = rows.loc[is_one_sided & is_large, ["high", "months", "error"]]
    return {
        str(sku): Reason(BIAS, "bias_high" if high else "bias_low", {"months": months, "signed": error})
        for sku, high, months, error in chosen.itertuples(name=None)
    }


def _holt_winters_better(review: Review) -> dict[str, Reason]:
    cells = review.current(review.tables.backtest)
    if cells.empty:
        return {}
    scored = cells.dropna(subset=["actual_units", "model_units", "baseline_units"])
    errors = pd.DataFrame({
        "sku": scored["sku"],
        "model": (scored["model_units"] - scored["actual_units"]).abs(),
        "baseline": (scored["baseline_units"] - scored["actual_units"]).abs(),
    }).groupby("sku").agg(cells=("model", "size"), model=("model", "sum"), baseline=("baseline", "sum"))  # fmt: skip
    better = errors[(errors["cells"] >= LEAST_CELLS) & (errors["baseline"] <= (1 - LESS_ERROR) * errors["model"])]
    shares = (1 - better["baseline"] / better["model"]).dropna()
    return {
        str(sku): Reason(HOLT_WINTERS_BETTER, "holt_winters_better", {"share": float(share)})
        for sku, share in shares.items()
    }
