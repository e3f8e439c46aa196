"""Optional columns that a market's delivery always had and that are empty now.

Not here: a whole source that is gone (``whole_sources.py``).
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding

# Months before the judged one; the share of cells that are filled in each of them and make a column expected.
MONTHS_BEFORE, SHARE_FILLED = 6, 0.5
# One value that is taken back is a correction.
LEAST_ROWS = 2


def vanished_columns(delivery: Delivery) -> DeliveryFinding | None:
    """Find optional columns without any value, in a market that had them for most SKUs in each of six months before."""
    has_units = np.isfinite(delivery.units) & (delivery.units != 0)
    if delivery.units.shape[1] <= MONTHS_BEFORE or not has_units[:, -1].any():
        return None
    filled = {name: _filled_before(has_units, values) for name, values in delivery.optional.items()}
    gone = {name: counts for name, counts in filled.items() if counts is not None}
    if not gone:
        return None
    months = delivery.months[-MONTHS_BEFORE - 1 : -1]
    names, verb, them = (" and ".join(gone), "are", "them") if len(gone) > 1 else (next(iter(gone)), "is", "it")
    message = (
        f"{names} {verb} empty for all {has_units[:, -1].sum()} SKUs; in each month from {months[0]:%Y-%m} to "
        f"{months[-1]:%Y-%m} most had {them}. Next: deliver {them} again, or accept the finding"
    )
    rows = pd.DataFrame({"month": months} | {f"skus_with_{name}": counts for name, counts in gone.items()})
    return DeliveryFinding(message, rows, is_warning=True)


def _filled_before(has_units: Bools, values: Floats) -> Floats | None:
    """Return the cells with a value in each of the six months before; None if the column is filled or rarely was."""
    has_value = has_units & np.isfinite(values)
    sold, filled = (each[:, -MONTHS_BEFORE - 1 : -1].sum(axis=0) for each in (has_units, has_value))
    is_gone = not has_value[:, -1].any() and (filled > SHARE_FILLED * sold).all()
    return np.asarray(filled, dtype=float) if is_gone else None


def columns_gone(table: pd.DataFrame, stored: pd.DataFrame, month: pd.Timestamp) -> DeliveryFinding | None:
    """Find columns of products or promotions that have no value, and had two or more a month before.

    Args:
        table: Rows as known in the judged month, with ``sku``; a column without a value may be absent.
        stored: Stored rows of the month before, with ``month`` and perhaps ``country``. Those of SKUs that are gone are
            left out.
        month: The judged month.
    """
    earlier = stored[(stored["month"] == add_months(month, -1)) & stored["sku"].isin(table["sku"])]
    counts = earlier.drop(columns=["month", "country"], errors="ignore").notna().sum()
    now = table.reindex(columns=counts.index).notna().sum()
    gone = counts[(counts >= LEAST_ROWS) & (now == 0)]
    if gone.empty:
        return None
    named = ", ".join(f"{name} (of {count} rows)" for name, count in gone.items())
    message = (
        f"columns are empty in all {len(table)} rows and had values in {add_months(month, -1):%Y-%m}: {named}. "
        "Next: deliver the columns again, or accept the finding"
    )
    return DeliveryFinding(message, gone.rename("rows_before").rename_axis("column").reset_index(), is_warning=True)
