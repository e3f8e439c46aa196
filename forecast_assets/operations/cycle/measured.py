"""Figures of a cycle, read back from the store: what was published, how good it was on the backtest and since."""

from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.domain.demand.hierarchy import WORLD_ENTITY
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.levels import accuracy_at_levels
from forecast_assets.domain.evaluation.realised_accuracy import PERFORMANCE_METHODS, realised_accuracy
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.validation.evaluation_checks import BACKTEST_METHODS, figures


def cycle_figures(store: TableStore, country: str, origin: pd.Timestamp) -> dict[str, object]:
    """What a market published at an origin, with the WAPE and bias of its backtest."""
    backtest = store.read("backtest", [PartitionKey(origin, country)])
    return published_figures(store, country, origin) | figures(backtest, BACKTEST_METHODS)


def published_figures(store: TableStore, country: str, origin: pd.Timestamp) -> dict[str, object]:
    """What a market published at an origin, where it comes from and why."""
    place = PartitionKey(origin, country)
    published = store.read("published_forecasts", [place], columns=["sku", "status", "source", "reason"])
    return {
        "cells": len(published),
        "skus": published["sku"].nunique(),
        "status": ", ".join(sorted(published["status"].unique())),
        "source": ", ".join(sorted(published["source"].unique())),
        "reason": published.loc[published["source"] != "override", "reason"].iloc[0] if len(published) else "",
    }


def performance_cells(store: TableStore, countries: Sequence[str], origin: pd.Timestamp | None = None) -> pd.DataFrame:
    """Every published forecast of the markets that has met its month, by default of all origins.

    Returns:
        The columns of ``performance`` with ``country`` and ``month``, the month forecast. No rows before the first
        scored month.
    """
    places = [place for place in store.list_partitions("performance") if place.country in set(countries)]
    cells = store.read("performance", places) if places else pd.DataFrame()
    if origin is not None and len(cells):
        cells = cells[cells["origin_month"] == origin]
    if cells.empty or not cells["actual_units"].notna().any():
        return pd.DataFrame()
    return cells.astype({"country": object}).reset_index(drop=True)


def performance_table(cells: pd.DataFrame, region_by_market: Mapping[str, str]) -> pd.DataFrame:
    """WAPE and bias of the SKUs by market, region and over the world, as published then.

    Args:
        cells: From ``performance_cells``.
        region_by_market: Region of each market.

    Returns:
        As ``accuracy_table`` by ``level`` (market, region, world) and ``entity``, methods published, model, baseline,
        naive. Backfilled forecasts, made when later months were known, have rows of their own, "<market> backfilled",
        and are in no other. One market alone has no rows above it; no rows without cells.
    """
    if cells.empty:
        return pd.DataFrame()
    backfilled = cells["status"] == "backfilled"
    named = cells["country"].where(~backfilled, cells["country"] + " backfilled")
    groups = {"market": cells.assign(entity=named)}
    then = cells[~backfilled]
    if cells["country"].nunique() > 1:
        groups["region"] = then.assign(entity=then["country"].map(region_by_market))
        groups["world"] = then.assign(entity=WORLD_ENTITY)
    return pd.concat([_accuracy(group.assign(level=level)) for level, group in groups.items()], ignore_index=True)


def _accuracy(cells: pd.DataFrame) -> pd.DataFrame:
    return accuracy_table(cells, ["level", "entity"], forecasts=PERFORMANCE_METHODS)


def totals_performance(cells: pd.DataFrame, region_by_market: Mapping[str, str]) -> pd.DataFrame:
    """WAPE and bias of the summed forecasts of categories, markets, regions and the world, as published then.

    Returns:
        As ``accuracy_at_levels``, per origin and month of the forecasts that are not backfilled; no rows without cells.
    """
    if cells.empty:
        return pd.DataFrame()
    then = cells[cells["status"] != "backfilled"]
    return accuracy_at_levels(then, PERFORMANCE_METHODS, ["origin_month", "month"], region_by_market)


def realised_groups(cells: pd.DataFrame) -> pd.DataFrame:
    """WAPE and bias by market, category and class and by lag 1, 3, 6, 12, 18 and all, as published then.

    Returns:
        As ``realised_accuracy``, with ``country`` first; no rows without cells.
    """
    if cells.empty:
        return pd.DataFrame()
    parts = [realised_accuracy(rows).assign(country=code) for code, rows in cells.groupby("country", observed=True)]
    table = pd.concat(parts, ignore_index=True)
    return table[["country", *table.columns.drop("country")]]
