"""A delivered column that repeats another one: units in the column of stock, sell-in in the file of sell-out."""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding

# Small counts and flags are equal by chance: a month is judged by five different numbers or more.
LEAST_NUMBERS, LEAST_PERCENT = 5, 90
# Where the columns were equal in half of the months before, they mean the same in this market.
USUAL_SHARE = 0.5


def copied_column(delivery: Delivery) -> DeliveryFinding | None:
    """Find an optional column whose values are the units of nearly all SKUs, and were not in most months before."""
    for name, values in delivery.optional.items():
        finding = _finding(delivery, values, f"{name} is units")
        if finding is not None:
            return finding
    return None


def copied_source(delivery: Delivery, sell_in: pd.DataFrame) -> DeliveryFinding | None:
    """Find sell-out whose units are those of sell-in for nearly all SKUs, and were not in most months before.

    Args:
        delivery: Sell-out up to the judged month.
        sell_in: Sell-in of the same market: ``sku, month, sell_in_units``; of months before the first row nothing is
            compared.
    """
    by_month = sell_in.pivot_table(index="sku", columns="month", values="sell_in_units", aggfunc="sum")
    values = by_month.reindex(index=delivery.skus, columns=delivery.months).to_numpy(float)
    return _finding(delivery, values, "sell-out is sell-in")


def _finding(delivery: Delivery, values: Floats, what: str) -> DeliveryFinding | None:
    compared = delivery.is_sold & np.isfinite(values) & np.isfinite(delivery.units)
    is_same = compared & (values == delivery.units)
    copies = np.array([_is_copy(delivery.units[:, at], compared[:, at], is_same[:, at]) for at in _months(delivery)])
    if not copies[-1]:
        return None
    earlier = compared[:, :-1].any(axis=0)
    if earlier.any() and copies[:-1][earlier].mean() >= USUAL_SHARE:
        return None
    skus = delivery.skus[is_same[:, -1]]
    message = (
        f"{what} for {len(skus)} of {compared[:, -1].sum()} SKUs, limit {LEAST_PERCENT} %, and was not in most months "
        f"before {delivery.month:%Y-%m}: one is written over the other. Deliver each by its own numbers"
    )
    return DeliveryFinding(message, pd.DataFrame({"sku": skus, "units": delivery.units[is_same[:, -1], -1]}))


def _months(delivery: Delivery) -> range:
    return range(len(delivery.months))


def _is_copy(units: Floats, compared: Bools, is_same: Bools) -> bool:
    if len(np.unique(units[compared])) < LEAST_NUMBERS:
        return False
    return bool(100 * is_same.sum() >= LEAST_PERCENT * compared.sum())
