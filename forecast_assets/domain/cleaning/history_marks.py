"""Marks of a market at an origin, as rows: cells whose units are replaced for learning, with the reason.

Here belongs collecting the inputs known at the origin (stock, promotions, restrictions) for ``history_cleaning``. Not
here: how a cell is judged, and how marks are used.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Labels
from forecast_assets.domain.cleaning.history_cleaning import clean_history, marks_table
from forecast_assets.domain.cleaning.market_shock import HIGH_STRINGENCY
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.promotions import promotion_calendar

# The history that features use: a cycle loads no more of its earliest origins.
MARKS_WINDOW_MONTHS = 84
# Used if the tracker was not delivered or lacks the country. Most countries were above 40 in these months. A month
# counts as a shock only if the market's total shows it.
UNKNOWN_POLICY = ("no_file", "no_data")
RESTRICTED_FIRST, RESTRICTED_LAST = pd.Timestamp("2020-03-01"), pd.Timestamp("2021-05-01")


def history_marks(
    sell_in: DemandPanel,
    origin: pd.Timestamp,
    sell_out: dict[str, DemandPanel] | None = None,
    promotions: pd.DataFrame | None = None,
    covid_policy: pd.DataFrame | None = None,
    skus: Labels | None = None,
) -> pd.DataFrame:
    """Return the extreme cells of the last 84 months as known at the end of the origin month.

    Args:
        sell_in: Panel of the market; months after the origin are not read.
        origin: The origin month.
        sell_out: Panels of sell-out measures on the SKUs and months of ``sell_in``; ``stock_units`` and
            ``is_promoted`` are read. None or empty without sell-out.
        promotions: Promotions with the partition ``month``; those known at the origin are read.
        covid_policy: ``month, stringency_index`` and, if known, ``reason``; months after the origin are not read. If
            the index is unknown, March 2020 to May 2021 count as restricted.
        skus: SKUs to mark; their marks do not depend on this choice. None marks all.

    Returns:
        One row per marked cell: ``month`` (the origin), ``sku, marked_month, reason, units, cleaned_units``.
    """
    known = sell_in.until(origin, MARKS_WINDOW_MONTHS)
    measures = {name: panel.until(origin, MARKS_WINDOW_MONTHS).units for name, panel in (sell_out or {}).items()}
    stringency = _stringency(covid_policy, known.months)
    chosen = np.ones(len(known.skus), dtype=bool) if skus is None else np.isin(known.skus, skus)
    # A shock of the market shows in all SKUs together; without one each SKU is judged alone.
    judged = np.ones(len(known.skus), dtype=bool) if stringency is not None else chosen
    cleaned, reasons = clean_history(
        known.units[judged],
        known.months.month.to_numpy(),
        stringency,
        measures["stock_units"][judged] if "stock_units" in measures else None,
        _promoted(known, judged, promotions, measures.get("is_promoted")),
    )
    table = marks_table(known.skus[judged], known.months, known.units[judged], cleaned, reasons)
    table = table.rename(columns={"month": "marked_month"})
    table.insert(0, "month", origin)
    return table if skus is None else table[table["sku"].isin(skus)].reset_index(drop=True)


def _stringency(covid_policy: pd.DataFrame | None, months: pd.DatetimeIndex) -> Floats | None:
    """Return the index of each month, NaN if unknown; None if no month was restricted."""
    index = pd.Series(np.nan, index=months)
    if covid_policy is not None and len(covid_policy):
        of_month = covid_policy.drop_duplicates("month").set_index("month")
        index = of_month["stringency_index"].astype(float)
        if "reason" in of_month:
            index = index.mask(of_month["reason"].isin(UNKNOWN_POLICY))
        index = index.reindex(months)
    index[index.isna() & (months >= RESTRICTED_FIRST) & (months <= RESTRICTED_LAST)] = HIGH_STRINGENCY
    values = np.asarray(index, dtype=np.float64)
    return values if (values >= HIGH_STRINGENCY).any() else None


def _promoted(
    known: DemandPanel, judged: Bools, promotions: pd.DataFrame | None, is_promoted: Floats | None
) -> Bools | None:
    """Return True for promoted cells, by plans and sell-out; None if neither has data."""
    origin = known.months[-1]
    of_origin = None if promotions is None else promotions[promotions["month"] == origin]
    flags = None if is_promoted is None else is_promoted[judged]
    if of_origin is None or of_origin.empty:
        return None if flags is None else flags > 0
    past = len(known.months)
    return promotion_calendar(of_origin, known.skus[judged], origin, past, 1, flags).probability[:, :past] > 0
