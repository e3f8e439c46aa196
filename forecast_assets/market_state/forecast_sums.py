"""Sums over markets of a month, compared with the forecasts by level that the markets have published."""

import contextlib
from collections.abc import Mapping

import pandas as pd

from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.provenance import StoredProvenance

LEVELS, TOTALS = "forecast_levels", "forecast_totals"


def published_levels(store: TableReader, month: pd.Timestamp) -> dict[str, StoredProvenance]:
    """Return the provenance of each market's forecasts by level of a month, without those whose file is damaged."""
    levels = {}
    for each in store.list_partitions(LEVELS):
        if each.month == month:
            with contextlib.suppress(DamagedFile):
                levels[each.to_dagster()] = store.provenance(LEVELS, each)
    return levels


def are_outdated(store: TableReader, month: pd.Timestamp, levels: Mapping[str, StoredProvenance]) -> bool:
    """Return True if the sums of a month are missing, damaged, or made of other forecasts than those given.

    False if there is nothing to sum.
    """
    summed: Mapping[str, str] = {}
    if PartitionKey(month) in store.list_partitions(TOTALS):
        with contextlib.suppress(DamagedFile):
            summed = store.provenance(TOTALS, PartitionKey(month)).inputs.get(LEVELS, {})
    return bool(levels) and {each: provenance.content_hash for each, provenance in levels.items()} != summed
