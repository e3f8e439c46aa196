"""Overrides that were in force, are of a month ahead, and are delivered no more: they end without anybody's decision.

Not here: overrides that meet no SKU (``unmatched_skus.py``), and a source that is gone (``whole_sources.py``).
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.deliveries.delivery import DeliveryFinding

CELL = ["sku", "target_month"]
ROW = [*CELL, "origin_month"]
# Overrides of so many origins before the judged month were in force.
IN_FORCE_MONTHS = 3
# Planners who filed so many overrides, and filed this share of them again the month after, are expected to go on.
LEAST_FILED, LEAST_SHARE = 5, 0.8
NAMED = 3


def overrides_lapsed(
    stored: pd.DataFrame, delivered: pd.DataFrame, month: pd.Timestamp, *, keeps_origins: bool
) -> DeliveryFinding | None:
    """Find overrides of months ahead that were in force in the months before and are delivered no more.

    Args:
        stored: Overrides of earlier origins as published: ``sku, origin_month, target_month, author``.
        delivered: Rows of all origins, as delivered today: ``sku, origin_month, target_month``.
        month: The judged origin month.
        keeps_origins: True if rows of earlier origins stay in the delivery, or nothing at all is delivered. Else each
            delivery replaces the one before, and only overrides that were always filed again are missed.
    """
    recent = stored[stored["origin_month"].between(add_months(month, -IN_FORCE_MONTHS), add_months(month, -1))]
    ahead = recent[recent["target_month"] > month].sort_values(ROW).drop_duplicates(CELL, keep="last")
    lapsed = ahead[~_is_in(ahead, delivered[delivered["origin_month"] == month], CELL)]
    is_gone = ~_is_in(lapsed, delivered, ROW) & keeps_origins
    share = _share_filed_again(stored, month)
    # Only those of the month before: earlier ones have been found, or were let go.
    is_expected = (lapsed["origin_month"] == add_months(month, -1)) & (share >= LEAST_SHARE)
    reason = np.where(is_gone, "its row is no longer delivered", f"not filed for {month:%Y-%m}")
    rows = lapsed.assign(reason=reason)[is_gone | is_expected].reset_index(drop=True)
    if rows.empty:
        return None
    named = "; ".join(
        f"SKU {sku} for {target:%Y-%m} by {author or 'unknown'}, of origin {origin:%Y-%m} ({why})"
        for sku, target, origin, author, why in rows[[*ROW, "author", "reason"]].head(NAMED).itertuples(index=False)
    )
    more = f"; and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    step = f"Next: deliver them again, under origin {month:%Y-%m} to keep them in force, or accept the finding"
    return DeliveryFinding(f"{len(rows)} overrides that were in force are gone: {named}{more}. {step}", rows)


def _share_filed_again(stored: pd.DataFrame, month: pd.Timestamp) -> float:
    """Return the share of earlier overrides that were filed again by the next origin; 0 with too few of them."""
    next_origin = stored["origin_month"] + pd.DateOffset(months=1)
    could_be = (stored["target_month"] > next_origin) & (next_origin < month)
    earlier = stored.assign(next_origin=next_origin)[could_be]
    again = stored.rename(columns={"origin_month": "next_origin"})
    if len(earlier) < LEAST_FILED:
        return 0.0
    return float(_is_in(earlier, again, [*CELL, "next_origin"]).mean())


def _is_in(rows: pd.DataFrame, others: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return True for each row whose keys are among those of the others."""
    known = pd.MultiIndex.from_frame(others[keys])
    return pd.Series(pd.MultiIndex.from_frame(rows[keys]).isin(known), rows.index, dtype=bool)
