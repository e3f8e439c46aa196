"""A large SKU that always sells and now has no row, no units or returns alone."""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding

# Regular is a SKU that sold in each month of the year before, of half a year in a young market.
YEAR, HALF_YEAR = 12, 6
LARGE_SHARE = 0.10
NAMED = 3


def large_skus(delivery: Delivery) -> DeliveryFinding | None:
    """Find SKUs with a tenth of the market's units that sold in each month before and do not sell now.

    Neither rules of many SKUs nor those of the total see one that is missing. A SKU's share is that of the half year
    before, or of the same month a year before if it is larger. Units below zero are no sale. The finding is a
    warning: a SKU may be out of stock. SKUs that have ended are not judged.
    """
    last = len(delivery.months) - 1
    if last < HALF_YEAR:
        return None
    is_gone = _gone(delivery, last) & ~np.isin(delivery.skus, list(delivery.ended))
    if not is_gone.any():
        return None
    shares = _shares(delivery, last)[is_gone]
    rows = pd.DataFrame({"sku": delivery.skus[is_gone], "units": delivery.units[is_gone, -1], "usual_share": shares})
    rows = rows.sort_values("usual_share", ascending=False, ignore_index=True)
    named = "; ".join(
        f"SKU {sku} has {'no row' if np.isnan(units) else f'{units:,.0f} units'}, usually {share:.0%} of the market"
        for sku, units, share in rows.head(NAMED).itertuples(index=False, name=None)
    )
    message = f"{named}; sold in every month before. Deliver the rows, or end it in products, unless it is out of stock"
    return DeliveryFinding(message, rows, is_warning=True)


def _shares(delivery: Delivery, at: int) -> Floats:
    """Return (n,) the share of the half year before a month, or of the same month a year before if it is larger."""
    units = np.nan_to_num(delivery.units).clip(min=0)
    usual = [units[:, at - HALF_YEAR : at].sum(axis=1)]
    if at >= YEAR:
        usual.append(units[:, at - YEAR])
    shares: Floats = np.max([each / max(each.sum(), 1.0) for each in usual], axis=0)
    return shares


def _gone(delivery: Delivery, at: int) -> Bools:
    """Mark (n,) large regular SKUs that have no units above zero in a month."""
    is_positive = np.nan_to_num(delivery.units) > 0
    is_regular = is_positive[:, max(0, at - YEAR) : at].all(axis=1)
    return np.asarray(is_regular & (_shares(delivery, at) >= LARGE_SHARE) & ~is_positive[:, at])
