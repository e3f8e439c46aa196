"""Small deliveries for the tests of the rules."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.deliveries.delivery import Delivery, delivery_until

JUNE = pd.Timestamp("2024-06-01")
TEN = [f"R{number:02d}" for number in range(10)]


def months_before(count: int) -> pd.DatetimeIndex:
    """The months that end in May."""
    return pd.date_range(end="2024-05-01", periods=count, freq="MS")


def history(units: Mapping[str, float] | Sequence[str], count: int, **columns: float) -> pd.DataFrame:
    """The same units (100 for a list of SKUs) in each of the months before June."""
    units = units if isinstance(units, Mapping) else dict.fromkeys(units, 100.0)
    return pd.concat([month_of(units, month, **columns) for month in months_before(count)], ignore_index=True)


def month_of(units: Mapping[str, float], month: pd.Timestamp = JUNE, **columns: float) -> pd.DataFrame:
    """Rows of a month that are known in it, unless ``columns`` has another ``known_month``."""
    rows = pd.DataFrame({"sku": list(units), "month": month, "known_month": month, "units": list(units.values())})
    return rows.assign(**columns)


def june(before: pd.DataFrame, units: Mapping[str, float], products: pd.DataFrame | None = None) -> Delivery:
    """June after the months before."""
    return delivery_until(pd.concat([before, month_of(units)], ignore_index=True), JUNE, None, products)


def wavy(skus: Sequence[str], count: int, level: float = 1000.0, spread: float = 0.05) -> pd.DataFrame:
    """Months with a season and noise of a fixed seed."""
    generator = np.random.default_rng(3)
    parts = []
    for number, month in enumerate(months_before(count)):
        season = 1 + 0.2 * np.sin(number / 12 * 2 * np.pi)
        units = level * season * np.exp(generator.normal(0, spread, len(skus)))
        parts.append(pd.DataFrame({"sku": list(skus), "month": month, "units": units.round()}))
    return pd.concat(parts, ignore_index=True)


def days_of(month: pd.Timestamp, days: Sequence[int], **columns: float) -> pd.DataFrame:
    """Ten different rows on each of some days of a month."""
    rows = pd.DataFrame({"month": month, "day": [month + pd.Timedelta(days=day - 1) for day in days]})
    counts: dict[str, object] = {"row_count": 10.0, "distinct_rows": 10.0, "odd_rows": 10.0, "repeated_sku": None}
    return rows.assign(**(counts | columns))
