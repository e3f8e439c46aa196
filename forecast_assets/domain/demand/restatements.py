"""Sell-in and sell-out by the month they are of and the month from which they are known.

Stored rows carry the partition ``month`` in which they became known, and ``restated_month`` if they are of an earlier
month. Belongs here: rows as known at an origin. Not here: the delivery of restatements (``dbt_like_sql``).
"""

import pandas as pd

RESTATED_MONTH = "restated_month"


def restates(rows: pd.DataFrame) -> bool:
    """Return True if a row is of an earlier month than the one it is stored with."""
    return RESTATED_MONTH in rows and bool(rows[RESTATED_MONTH].notna().any())


def own_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are of the month they are stored with, as it was known at its end."""
    if RESTATED_MONTH not in rows:
        return rows
    return rows[rows[RESTATED_MONTH].isna()].drop(columns=RESTATED_MONTH)


def dated_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return all rows with the ``month`` they are of and the ``known_month`` from which they are known."""
    if RESTATED_MONTH not in rows:
        return rows.assign(known_month=rows["month"])
    of_month = rows[RESTATED_MONTH].fillna(rows["month"])
    return rows.drop(columns=RESTATED_MONTH).assign(month=of_month, known_month=rows["month"])


def latest_rows(dated: pd.DataFrame, last_known: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return one row per SKU and ``month``: the one with the latest ``known_month`` up to ``last_known`` (None: any).

    Two rows that are known from the same month both stay.
    """
    known = dated if last_known is None else dated[dated["known_month"] <= last_known]
    latest = known.groupby(["sku", "month"], observed=True)["known_month"].transform("max")
    return known[known["known_month"] == latest].drop(columns="known_month")


def known_rows(rows: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
    """Return stored rows as known at the end of ``origin``, one per SKU and the ``month`` they are of."""
    if not restates(rows):
        return own_rows(rows[rows["month"] <= origin])
    return latest_rows(dated_rows(rows), origin).sort_values(["month", "sku"], ignore_index=True)
