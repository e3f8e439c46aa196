"""Level of the optional columns of sell-out, which shows another unit: stock and distribution.

Not here: prices (``prices.py``), columns that are empty (``vanished_columns.py``).
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding

COLUMNS = ("stock_units", "distribution_pct")
HALF_YEAR, LEAST_MONTHS, LEAST_SKUS = 6, 3, 3
# A hundredth (a fraction for a percentage) and packs of six are found; a level moves less in a month.
FACTOR = 5.0


def column_level(delivery: Delivery) -> DeliveryFinding | None:
    """Find a column whose values are five times, or a fifth of, those of the six months before.

    The level is the median over SKUs (three or more) of the value by the SKU's own median of the six months before
    (three or more values above zero). A value of zero counts: a column of zeros alone is found.
    """
    parts, rows = [], []
    for name in (each for each in COLUMNS if each in delivery.optional):
        values = delivery.optional[name]
        before = pd.DataFrame(np.where(values > 0, values, np.nan)[:, -1 - HALF_YEAR : -1])
        usual = before.median(axis=1).where(before.notna().sum(axis=1) >= LEAST_MONTHS)
        ratios = (pd.Series(values[:, -1]) / usual).dropna()
        level = float(ratios.median()) if len(ratios) >= LEAST_SKUS else 1.0
        if not 1 / FACTOR < level < FACTOR:
            parts.append(f"{name} is {level:,.4g} times that of the half year before (median of {len(ratios)} SKUs)")
            rows.append((name, level))
    if not parts:
        return None
    message = f"{'; '.join(parts)}, expected {1 / FACTOR:.2g} to {FACTOR:.2g}. Check the unit of the column"
    return DeliveryFinding(message, pd.DataFrame(rows, columns=["column", "factor"]), is_warning=True)
