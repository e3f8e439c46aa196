"""A source that a market used to deliver and now does not: gone for this market, gone altogether, or without plans."""

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.deliveries.delivery import DeliveryFinding

# A source that was delivered in one of these months before is expected again.
EXPECTED_MONTHS = 3
# A market that knew promotions ahead in each of so many months is expected to know some.
PLANNED_MONTHS = 6


def source_state(row_count: int, rows_of_month: int, earlier: pd.Series) -> str:
    """Return the state of a source: delivered, without a row of the month, stopped, or never delivered.

    Args:
        row_count: Delivered rows of the market, of all months.
        rows_of_month: Rows known in the judged month.
        earlier: Delivered rows by month, of stored months before the judged one.
    """
    if row_count:
        return "delivered" if rows_of_month else "delivered, nothing for the month"
    had_rows = earlier[earlier > 0]
    return "never delivered" if had_rows.empty else f"stopped: last delivered for {had_rows.index.max():%Y-%m}"


def source_gone(
    source: str, market: str, row_count: int, earlier: pd.Series, *, others_deliver: bool
) -> DeliveryFinding | None:
    """Find a source without a row of the market that had rows in the month before it.

    A source that was never delivered is no finding, nor is one that was gone in the month before already: that has been
    found, and people have accepted it.

    Args:
        source: Name of the source.
        market: Code of the market.
        row_count: Delivered rows of the market, of all months; rows that a table adds do not count.
        earlier: Delivered rows by month, of stored months before the judged one.
        others_deliver: True if the source has rows or files of other markets.
    """
    recent = earlier.sort_index().tail(EXPECTED_MONTHS)
    if row_count or recent.empty or not recent.iloc[-1]:
        return None
    before = f"{recent.index[-1]:%Y-%m} had {recent.iloc[-1]:,.0f}"
    if others_deliver:
        state = f"{source} has no row of {market}, beside those of other markets; {before}"
        step = f"deliver the file of {market}"
    else:
        state = f"{source} is gone altogether: its folder is empty or missing; {before}"
        step = f"deliver {source} again for all markets"
    message = f"{state}. Next: {step}, or accept the finding to publish without {source}"
    return DeliveryFinding(message, recent.rename("rows").rename_axis("month").reset_index())


def promotions_stale(table: pd.DataFrame, stored: pd.DataFrame, month: pd.Timestamp) -> DeliveryFinding | None:
    """Find a month without any promotion ahead, or without a new one, where each of the six months before had some.

    Args:
        table: Promotions as known in the judged month: ``sku, promotion_month``; without a row ``source_gone`` judges.
        stored: The same of the stored months before, with ``month``; seven months show what was new in six.
        month: The judged month.
    """
    if table.empty or stored.empty:
        return None
    months = pd.date_range(end=month, periods=PLANNED_MONTHS + 1, freq="MS")
    rows = pd.concat([stored, table.assign(month=month)])[["sku", "promotion_month", "month"]]
    ahead = rows[rows["promotion_month"] > rows["month"]]
    counts = ahead.groupby("month").size().reindex(months, fill_value=0)
    if counts.iloc[-1] == 0 and (counts.iloc[:-1] > 0).all():
        state = (
            f"no promotion after {month:%Y-%m} is known, the last one is of {table['promotion_month'].max():%Y-%m}; "
            f"each month from {months[0]:%Y-%m} to {months[-2]:%Y-%m} knew {counts.iloc[:-1].min()} or more ahead"
        )
        return _stale(state, counts.iloc[:-1].rename("promotions_ahead"))
    new = _new_promotions(rows, ahead).reindex(months, fill_value=0)
    if new.iloc[-1] == 0 and (new.iloc[:-1] > 0).all() and (rows["month"] == add_months(months[0], -1)).any():
        state = (
            f"all {counts.iloc[-1]} promotions after {month:%Y-%m} were known the month before; each month from "
            f"{months[0]:%Y-%m} to {months[-2]:%Y-%m} had {new.iloc[:-1].min()} or more new ones"
        )
        return _stale(state, new.iloc[:-1].rename("new_promotions"))
    return None


def _new_promotions(rows: pd.DataFrame, ahead: pd.DataFrame) -> pd.Series:
    """Return the number of promotions ahead by month that the month before did not know."""
    known_next = rows.assign(month=rows["month"] + pd.offsets.MonthBegin()).drop_duplicates()
    joined = ahead.merge(known_next, how="left", on=list(ahead.columns), indicator=True)
    return joined[joined["_merge"] == "left_only"].groupby("month").size()


def _stale(state: str, by_month: pd.Series) -> DeliveryFinding:
    message = f"{state}. Next: deliver the plans ahead, with known_from, or accept the finding"
    return DeliveryFinding(message, by_month.rename_axis("month").reset_index())
