"""Headline of a review: the market's next three months in units and value, with band and comparisons."""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.hierarchy import MARKET
from forecast_assets.domain.review.change_by_cause import CHANGE_CAUSES
from forecast_assets.domain.review.forecast_exceptions import CURRENCY
from forecast_assets.domain.review.review_tables import REVIEW_MONTHS


@dataclasses.dataclass(frozen=True)
class Headline:
    """A market's next three months. None where a number is not known.

    Attributes:
        units: Published units.
        value: The same x price of a unit, over the SKUs with a price; None if no SKU has one.
        low, high: p10 and p90 of the market's units of the three months together.
        last_units: Units of the last publication for the same months.
        last_year_units: Sell-in of the same months of last year, over the SKUs whose months are all known.
        by_cause: Units by cause from ``last_units`` to ``units``, in the order of CHANGE_CAUSES; empty without a last
            publication. They add up to the difference.
    """

    units: float
    value: float | None
    low: float | None
    high: float | None
    last_units: float | None
    last_year_units: float | None
    by_cause: dict[str, float]


def headline(exceptions: pd.DataFrame, levels: pd.DataFrame) -> Headline:
    """Return the headline of a market.

    Args:
        exceptions: ``forecast_exceptions`` of the origin.
        levels: ``forecast_levels`` of the origin; may be empty.
    """
    priced = exceptions[exceptions["value_unit"] == CURRENCY]
    # All rows of a publication, or no row, have parts.
    has_last = bool(exceptions["new_actuals_units"].notna().any())
    market = levels[levels["level"] == MARKET].sort_values("target_month").head(REVIEW_MONTHS)
    low, high = (
        float(market[f"cumulative_units_{name}"].iloc[-1]) if len(market) == REVIEW_MONTHS else float("nan")
        for name in ("p10", "p90")
    )
    last_year = exceptions["last_year_units"].sum(min_count=1)
    return Headline(
        units=float(exceptions["units"].sum()),
        value=float((priced["units"] * priced["unit_price"]).sum()) if len(priced) else None,
        low=None if np.isnan(low) else low,
        high=None if np.isnan(high) else high,
        last_units=float(exceptions["last_units"].sum()) if has_last else None,
        last_year_units=None if pd.isna(last_year) else float(last_year),
        by_cause={cause: float(exceptions[f"{cause}_units"].sum()) for cause in CHANGE_CAUSES} if has_last else {},
    )
