"""Figures of a cycle, read back from the store: what was published, how good it was on the backtest and since."""

from collections.abc import Sequence

import pandas as pd

from forecast_assets.checks.evaluation_checks import BACKTEST_METHODS, PERFORMANCE_METHODS, figures
from forecast_assets.domain.accuracy import accuracy_table
from forecast_assets.storage import PartitionKey, TableStore


def cycle_figures(store: TableStore, country: str, origin: pd.Timestamp) -> dict[str, object]:
    """What a market published at an origin, with the WAPE and bias of its backtest."""
    place = PartitionKey(origin, country)
    published = store.read("published_forecasts", [place], columns=["sku", "status", "source", "reason"])
    backtest = store.read("backtest", [place])
    return {
        "cells": len(published),
        "skus": published["sku"].nunique(),
        "status": ", ".join(sorted(published["status"].unique())),
        "source": ", ".join(sorted(published["source"].unique())),
        "reason": published.loc[published["source"] != "override", "reason"].iloc[0] if len(published) else "",
        **figures(backtest, BACKTEST_METHODS),
    }


def performance_table(store: TableStore, countries: Sequence[str], origin: pd.Timestamp | None = None) -> pd.DataFrame:
    """WAPE and bias of every published forecast scored so far, as published then.

    Args:
        store: The store.
        countries: Markets to look at.
        origin: Only forecasts of this origin month.

    Returns:
        As ``accuracy_table`` by ``country``, methods published, model, baseline, naive. Backfilled forecasts, made when
        later months were known, have rows of their own; the last row ``all`` is over all others. No rows before the
        first scored month.
    """
    places = [place for place in store.list_partitions("performance") if place.country in set(countries)]
    cells = store.read("performance", places) if places else pd.DataFrame()
    if origin is not None and len(cells):
        cells = cells[cells["origin_month"] == origin]
    if cells.empty or not cells["actual_units"].notna().any():
        return pd.DataFrame()
    backfilled = cells["status"] == "backfilled"
    cells = cells.assign(
        country=cells["country"].astype(object).where(~backfilled, cells["country"].astype(object) + " backfilled")
    )
    by_market = accuracy_table(cells, ["country"], forecasts=PERFORMANCE_METHODS)
    pooled = accuracy_table(cells[~backfilled].assign(country="all"), ["country"], forecasts=PERFORMANCE_METHODS)
    return pd.concat([by_market, pooled], ignore_index=True) if len(by_market) > 1 else by_market
