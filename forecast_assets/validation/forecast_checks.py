"""Checks of forecasts before planners use them: full horizon, no negatives, plausible total."""

import pandas as pd

from forecast_assets.config.process_groups import CheckSettings
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.quantiles import DISTRIBUTION
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, violating

HORIZON_COMPLETE = CheckDeclaration(
    "horizon_complete", f"Every SKU has each of the {HORIZON_MONTHS} months after the origin exactly once."
)
NO_NEGATIVES = CheckDeclaration("no_negatives", "No forecast, quantile or baseline is negative or missing.")
TOTAL_PLAUSIBLE = CheckDeclaration(
    "total_plausible", "The first forecast year is within a plausible ratio of the last twelve months."
)
OVERRIDES_APPLIED = CheckDeclaration(
    "overrides_applied", "Every override of the month has its forecast, which it replaces.", blocking=False
)
SUCCESSORS_NAMED = CheckDeclaration(
    "successors_named", "No SKU stops where a new one begins at its level without a reference.", blocking=False
)
FORECASTS = (HORIZON_COMPLETE, NO_NEGATIVES, TOTAL_PLAUSIBLE, SUCCESSORS_NAMED)
UNITS = [*DISTRIBUTION, "baseline_units"]


def horizon_complete() -> TableCheck:
    """Return the horizon check of a table of forecasts."""

    def find(table: pd.DataFrame, origin: pd.Timestamp) -> Finding:
        target, start = table["target_month"], table["origin_month"]
        distance = (target.dt.year - start.dt.year) * 12 + target.dt.month - start.dt.month
        wrong = table[(table["horizon_months"] != distance) | (start != origin)]
        if len(wrong):
            return violating(wrong, f"horizon_months is not target minus the origin {origin:%Y-%m}")
        counts = table.groupby("sku")["horizon_months"].agg(["nunique", "size"])
        partial = counts[(counts["nunique"] != HORIZON_MONTHS) | (counts["size"] != HORIZON_MONTHS)]
        return violating(partial.reset_index(), f"{len(partial)} SKUs without exactly {HORIZON_MONTHS} months ahead")

    return HORIZON_COMPLETE.rule(find)


def overrides_applied(overrides: pd.DataFrame) -> TableCheck:
    """Return the check that each of ``overrides`` is in a table of published forecasts."""

    def find(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
        cells = pd.MultiIndex.from_frame(table[["sku", "target_month"]])
        lost = overrides[~pd.MultiIndex.from_frame(overrides[["sku", "target_month"]]).isin(cells)]
        named = "; ".join(
            f"SKU {sku} for {target:%Y-%m} by {author or 'unknown'}"
            for sku, target, author in lost[["sku", "target_month", "author"]].head(3).itertuples(index=False)
        )
        message = f"{len(lost)} overrides have no forecast to replace and are not published: {named}. Correct the SKU"
        return violating(lost, message)

    return OVERRIDES_APPLIED.rule(find)


def forecasts_checks(sell_in: DemandPanel, limits: CheckSettings) -> list[TableCheck]:
    """Return the checks of ``forecasts``; ``sell_in`` is the market's panel up to the origin month."""
    last_year_units = float(pd.DataFrame(sell_in.units[:, -12:]).sum().sum())

    def total_plausible(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
        ahead = float(table.loc[table["horizon_months"] <= 12, "forecast_units"].sum())
        if last_year_units <= 0:
            return Finding(1, None, "last year's sell-in sums to zero or less: the ratio is undefined", is_warning=True)
        ratio = ahead / last_year_units
        limit = limits.max_forecast_ratio
        message = (
            f"next 12 months sum to {ahead:,.0f} units, the last 12 to {last_year_units:,.0f}: ratio {ratio:.2f}, "
            f"expected {1 / limit:.2f} to {limit:.2f}. Check the largest SKUs, or widen FORECAST_MAX_FORECAST_RATIO"
        )
        implausible = not 1 / limit <= ratio <= limit
        return Finding(int(implausible), None, message, figures={"ratio_to_last_year": round(ratio, 4)})

    return [
        schema_check("forecasts"),
        horizon_complete(),
        NO_NEGATIVES.rule(_no_negatives),
        TOTAL_PLAUSIBLE.rule(total_plausible),
    ]


def successors_named(proposed: pd.DataFrame, is_accepted: bool) -> TableCheck:
    """Return the check that no successor is proposed (``proposed_successors``), or that they are accepted."""

    def find(_: pd.DataFrame, __: pd.Timestamp) -> Finding:
        named = "; ".join(
            f"{old} -> {new} from {since:%Y-%m} on"
            for old, new, since in proposed[["predecessor", "successor", "since"]].head(10).itertuples(index=False)
        )
        figures = {"successors": len(proposed)}
        if is_accepted or proposed.empty:
            return Finding(0, None, f"forecast as successors: {named}" if len(proposed) else "", figures=figures)
        message = (
            f"{len(proposed)} SKUs stopped where a new one of the category began at their level: {named}. Set "
            "reference_sku of the new and end_month of the old one in products, or FORECAST_SUCCESSORS_ACCEPTED=true"
        )
        return Finding(len(proposed), proposed, message, figures=figures)

    return SUCCESSORS_NAMED.rule(find)


def _no_negatives(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
    wrong = table[~(table[UNITS] >= 0).all(axis=1)]
    return violating(wrong[["sku", "target_month", *UNITS]], f"{len(wrong)} cells with a negative or missing number")
