"""Price level of a delivered month, which shows units or currency of another scale.

The price of sell-in is net sales by units, that of sell-out is delivered.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding
from forecast_assets.domain.demand.demand_panel import known_median

HALF_YEAR, YEAR, LEAST_PRICES, LEAST_SKUS = 6, 12, 3, 3
MARKET_FACTOR, MARKET_MARGIN = 1.5, 3.0
SKU_FACTOR, STEADY_FACTOR = 2.5, 1.5


def price_level(delivery: Delivery) -> DeliveryFinding | None:
    """Find a price level, or prices of single SKUs, that the months before do not explain.

    The price of a SKU is compared with its median of the six months before (three or more). The market's level is the
    median over three or more SKUs. Its limit is three times the largest change of the 12 months before (in logs), at
    least a factor of 1.5. A single SKU is found from a factor of 2.5 on if its own changes, three or more, stayed below
    1.5 for a year.
    """
    prices, name = _prices(delivery)
    changes = _changes(prices)
    now, year = changes[:, -1], changes[:, -1 - YEAR : -1]
    if np.isfinite(now).sum() < LEAST_SKUS:
        return None
    before = [abs(np.nanmedian(month)) for month in year.T if np.isfinite(month).sum() >= LEAST_SKUS]
    limit = max(np.log(MARKET_FACTOR), MARKET_MARGIN * max(before, default=0.0))
    level = float(np.nanmedian(now))
    known = np.isfinite(year)
    past = np.where(known, np.abs(year), 0.0)
    steady = (past.max(axis=1, initial=0.0) < np.log(STEADY_FACTOR)) & (known.sum(axis=1) >= LEAST_PRICES)
    single = steady & (np.abs(np.nan_to_num(now)) >= np.log(SKU_FACTOR))
    is_level = abs(level) > limit
    if not is_level and not single.any():
        return None
    rows = pd.DataFrame({"sku": delivery.skus[single], "price_factor": np.exp(now[single])}).round(3)
    parts = []
    if is_level:
        parts.append(
            f"the price level ({name}) is {np.exp(level):.2f} times that of the half year before, limits "
            f"{np.exp(-limit):.2f} to {np.exp(limit):.2f} from the year before"
        )
    if single.any():
        first = rows.iloc[0]
        parts.append(
            f"{len(rows)} SKUs with steady prices have another one, such as {first['sku']}: factor "
            f"{first['price_factor']:.2f}, limit {SKU_FACTOR}"
        )
    columns = "price" if "price" in delivery.optional else "units and net_sales"
    step = f"Check the unit of measure, the decimals and the currency of {columns}"
    return DeliveryFinding(f"{'; '.join(parts)}. {step}", rows, is_warning=not is_level)


def _prices(delivery: Delivery) -> tuple[Floats, str]:
    """Return (n, T) prices, NaN where there is none, and what they are in words."""
    if "price" in delivery.optional:
        prices = delivery.optional["price"]
        return np.where(prices > 0, prices, np.nan), "price as delivered"
    net_sales = delivery.optional.get("net_sales", np.full_like(delivery.units, np.nan))
    with np.errstate(all="ignore"):
        prices = np.where((delivery.units > 0) & (net_sales > 0), net_sales / delivery.units, np.nan)
    return prices, "net sales by unit"


def _changes(prices: Floats) -> Floats:
    """Return the log of the price by its median of the six months before, (n, 13) or fewer, for the last months.

    NaN without a price or three before.
    """
    recent = prices[:, -(1 + YEAR + HALF_YEAR) :]
    padded = np.pad(recent, ((0, 0), (HALF_YEAR, 0)), constant_values=np.nan)
    before = np.lib.stride_tricks.sliding_window_view(padded, HALF_YEAR, axis=1)[:, :-1][:, -(1 + YEAR) :]
    enough = np.isfinite(before).sum(axis=-1) >= LEAST_PRICES
    usual = np.where(enough, known_median(before), np.nan)
    return np.asarray(np.log(recent[:, -(1 + YEAR) :] / usual))
