"""Change from the last publication to this one by cause, in units of the months under review.

Each cell (SKU, target month) is taken apart in this order: override, launch or end, recipe, promotion plan, restated
data, new actuals. What cannot be told is the rest. The parts of a SKU add up to its change. Not here: the difference
from last year by cause (``domain/reasons``).
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.publication.published_forecasts import RULES_WITHOUT_MODEL
from forecast_assets.domain.review.review_tables import Review

NEW_ACTUALS, PROMOTION_PLAN, LAUNCH_OR_END = "new_actuals", "promotion_plan", "launch_or_end"
OVERRIDE, RECIPE, RESTATED, REST = "override", "recipe", "restated", "rest"
# In the order in which they are shown; the rest comes last.
CHANGE_CAUSES = (NEW_ACTUALS, PROMOTION_PLAN, LAUNCH_OR_END, OVERRIDE, RECIPE, RESTATED, REST)
CELL = ["sku", "target_month"]
BY_MODEL = ("model", "champion")
LAUNCH_RULES = ("new_with_reference", "new_with_like_items", "new_without_relative")


def change_by_cause(review: Review) -> pd.DataFrame:
    """Return the change of each SKU of the two publications.

    Returns:
        Indexed by SKU: one column per cause in CHANGE_CAUSES, units; they add up to the units of this publication minus
        those of the last. No rows if nothing was published the month before.
    """
    now, before = review.cells(review.origin), review.cells(review.month_before)
    if before.empty:
        return pd.DataFrame(columns=list(CHANGE_CAUSES), dtype=float)
    cells = _cells(now, before)
    parts = pd.DataFrame(0.0, index=cells.index, columns=list(CHANGE_CAUSES))
    total = (cells["forecast_units_current"].fillna(0.0) - cells["forecast_units_before"].fillna(0.0)).to_numpy(float)
    own = {when: _override_units(review, cells, when) for when in ("current", "before")}
    is_known = np.isfinite(own["current"]) & np.isfinite(own["before"])
    parts[OVERRIDE] = np.where(is_known, own["current"] - own["before"], 0.0)
    left = np.where(is_known, total - parts[OVERRIDE], 0.0)
    is_life = _is_launch_or_end(review, cells)
    parts[LAUNCH_OR_END] = np.where(is_life, left, 0.0)
    left = np.where(is_life, 0.0, left)
    parts[RECIPE] = np.where(is_life | ~is_known, 0.0, _recipe_units(review, cells, own["current"]))
    left = left - parts[RECIPE]
    is_planned_anew = _plan_changed(review, cells)
    promotion = _reason_units(review, cells, "promotion", "current") - _reason_units(
        review, cells, "promotion", "before"
    )
    can_tell = is_planned_anew & np.isfinite(promotion) & is_known & ~is_life
    parts[PROMOTION_PLAN] = np.where(can_tell, promotion, 0.0)
    cannot_tell = is_planned_anew & ~can_tell
    left = np.where(cannot_tell, 0.0, left - parts[PROMOTION_PLAN])
    is_restated = cells["sku"].isin(_restated_skus(review)).to_numpy()
    parts[RESTATED] = np.where(is_restated, left, 0.0)
    parts[NEW_ACTUALS] = np.where(is_restated, 0.0, left)
    parts[REST] = total - parts.drop(columns=REST).sum(axis=1)
    return parts.groupby(cells["sku"]).sum()


def _cells(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    columns = [*CELL, "forecast_units", "model_units", "baseline_units", "rule", "source"]
    return now[columns].merge(before[columns], on=CELL, how="outer", suffixes=("_current", "_before"), validate="1:1")


def _reason_units(review: Review, cells: pd.DataFrame, cause: str, when: str) -> Floats:
    """Return the units that the reasons of a publication give a cause; 0 without one, NaN if a cell has no reasons."""
    rows = review.current(review.tables.reasons) if when == "current" else review.before(review.tables.reasons)
    keys = pd.MultiIndex.from_frame(cells[CELL])
    if rows.empty:
        return np.full(len(cells), np.nan)
    units = rows[rows["cause"] == cause].groupby(CELL)["units"].sum().astype(float).reindex(keys)
    explained = keys.isin(pd.MultiIndex.from_frame(rows[CELL]))
    result: Floats = np.where(explained, units.fillna(0.0).to_numpy(float), np.nan)
    return result


def _override_units(review: Review, cells: pd.DataFrame, when: str) -> Floats:
    """Return published units minus those before the override; 0 without one, NaN if they are not known."""
    is_overridden = (cells[f"source_{when}"] == "override").to_numpy()
    units: Floats = np.where(is_overridden, _reason_units(review, cells, "override", when), 0.0)
    return units


def _is_launch_or_end(review: Review, cells: pd.DataFrame) -> Bools:
    """Return True where a SKU is in one publication only, is a launch in either, or has an end in one only."""
    in_one = cells["source_current"].isna() | cells["source_before"].isna()
    is_launch = cells["rule_current"].isin(LAUNCH_RULES) | cells["rule_before"].isin(LAUNCH_RULES)
    ended = [
        _after_end(products, cells)
        for products in (review.current(review.tables.products), review.before(review.tables.products))
    ]
    life: Bools = (in_one | is_launch).to_numpy() | (ended[0] != ended[1])
    return life


def _after_end(products: pd.DataFrame, cells: pd.DataFrame) -> Bools:
    if products.empty:
        return np.zeros(len(cells), dtype=bool)
    ends = cells["sku"].map(products.drop_duplicates("sku").set_index("sku")["end_month"])
    after: Bools = (cells["target_month"] > pd.to_datetime(ends)).to_numpy()
    return after


def _recipe_units(review: Review, cells: pd.DataFrame, override_current: Floats) -> Floats:
    """Return this publication minus what the recipe or method of the last one forecasts from the same data."""
    now, before = _market_source(review.cells(review.origin)), _market_source(review.cells(review.month_before))
    units = cells["forecast_units_current"].to_numpy(float) - override_current
    other = np.full(len(cells), np.nan)
    if now == "baseline" and before in BY_MODEL:
        other = cells["model_units_current"].to_numpy(float)
    elif now in BY_MODEL and before == "baseline":
        other = cells["baseline_units_current"].to_numpy(float)
    elif now == "model" and "promoted" in set(review.current(review.tables.champion).get("outcome", [])):
        forecasts = review.current(review.tables.forecasts)
        kept = forecasts.set_index(CELL)["champion_units"] if len(forecasts) else pd.Series(dtype=float)
        other = kept.reindex(pd.MultiIndex.from_frame(cells[CELL])).to_numpy(float)
    is_ruled = cells["rule_current"].isin(RULES_WITHOUT_MODEL).to_numpy()
    known: Floats = np.where(np.isfinite(other) & np.isfinite(units) & ~is_ruled, units - other, 0.0)
    return known


def _market_source(cells: pd.DataFrame) -> str:
    """Return the source of the cells that neither a planner nor a rule made; empty without one."""
    sources = cells.loc[~cells["source"].isin(["override", "rule"]), "source"]
    return str(sources.iloc[0]) if len(sources) else ""


def _plan_changed(review: Review, cells: pd.DataFrame) -> Bools:
    """Return True where the promotion of the SKU and month was planned, withdrawn or changed since the last month."""
    keys = pd.MultiIndex.from_frame(cells[CELL])
    plans = []
    for rows in (review.current(review.tables.promotions), review.before(review.tables.promotions)):
        columns = ["is_promoted", "discount_pct"]
        plan = rows.drop_duplicates(["sku", "promotion_month"], keep="last").set_index(["sku", "promotion_month"])
        plans.append(plan.reindex(columns=columns).reindex(keys).astype(float).fillna(0.0).to_numpy())
    changed: Bools = (np.abs(plans[0] - plans[1]) > 1e-9).any(axis=1)
    return changed


def _restated_skus(review: Review) -> pd.Series:
    """Return the SKUs of which an earlier month became known anew with the origin month."""
    rows = review.current(review.tables.sell_in)
    return rows.loc[rows["restated_month"].notna(), "sku"] if "restated_month" in rows else rows["sku"].iloc[:0]
