"""Tables of several months taken apart into one table a month."""

import pandas as pd


def by_month(rows: pd.DataFrame, months: list[pd.Timestamp]) -> dict[pd.Timestamp, pd.DataFrame]:
    """Split rows with a ``month`` into one table per month asked for, without that column."""
    return {month: rows[rows["month"] == month].drop(columns=["month"]).reset_index(drop=True) for month in months}
