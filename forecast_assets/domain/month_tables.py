"""Splitting tables of several months into one table per month."""

import pandas as pd


def by_month(rows: pd.DataFrame, months: list[pd.Timestamp]) -> dict[pd.Timestamp, pd.DataFrame]:
    """Split rows with a ``month`` column into one table, without that column, for each of ``months``."""
    return {month: rows[rows["month"] == month].drop(columns=["month"]).reset_index(drop=True) for month in months}
