"""Overrides that contradict what is sold: a digit too many, a digit too few, or zero for a SKU that always sells."""

import pandas as pd

from forecast_assets.domain.deliveries.delivery import DeliveryFinding

# A digit too many or too few is a factor of ten of a usual month, which is some way from the best and the worst.
FACTOR = 4.0
YEAR = 12
NAMED = 3


def overrides_implausible(overrides: pd.DataFrame, sold: pd.DataFrame, origin: pd.Timestamp) -> DeliveryFinding | None:
    """Find overrides of the origin that a SKU's year contradicts; SKUs not sold are not judged.

    - Four times the best month of the year, or more.
    - Under a quarter of the worst month, of a SKU that sold in each of twelve.

    Args:
        overrides: Delivered overrides: ``sku, origin_month, target_month, forecast_units, author``.
        sold: Delivered sell-in of the year up to the origin: ``sku, month, sell_in_units``.
        origin: The origin month.
    """
    by_sku = sold.groupby(["sku", "month"])["sell_in_units"].sum().groupby("sku").agg(["min", "max", "size"])
    best = by_sku.loc[by_sku["max"] > 0, "max"]
    # Where it is zero or below, no override is under a quarter of it: none is negative.
    worst = by_sku.loc[by_sku["size"] >= YEAR, "min"]
    rows = overrides[(overrides["origin_month"] == origin) & (overrides["target_month"] > origin)]
    rows = rows.assign(best_month_units=rows["sku"].map(best), worst_month_units=rows["sku"].map(worst))
    is_high = rows["forecast_units"] >= FACTOR * rows["best_month_units"]
    is_low = rows["forecast_units"] < rows["worst_month_units"] / FACTOR
    found = pd.concat([_table(rows[is_high], "best", ascending=False), _table(rows[is_low], "worst", ascending=True)])
    if found.empty:
        return None
    named = "; ".join(
        f"SKU {sku} for {target:%Y-%m}: {units:,.0f} units by {author or 'unknown'}, its {kind} month of the year has "
        f"{of_month:,.0f}"
        for sku, target, units, kind, of_month, author in found.head(NAMED).itertuples(index=False, name=None)
    )
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return DeliveryFinding(f"{named}{more}. Correct the number, or leave it if it is meant", found)


def _table(rows: pd.DataFrame, kind: str, *, ascending: bool) -> pd.DataFrame:
    """Return the overrides beside the SKU's best or worst month, the furthest from it first."""
    table = rows[["sku", "target_month", "forecast_units"]].assign(
        compared_with=kind, month_units=rows[f"{kind}_month_units"], author=rows["author"]
    )
    return table.sort_values("forecast_units", ascending=ascending, kind="stable", ignore_index=True)
