"""Inputs that a step cannot do without: the partitions that its ``AssetIn`` declares as required.

A step started alone in an empty store would otherwise compute on no rows, and store the result.
"""

from collections.abc import Collection

import dagster as dg
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.market_state.fallback_runs import is_commanded_fallback
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.partition_key import MissingPartition


def require_declared(context: dg.InputContext, table: str, loaded: Collection[PartitionKey]) -> None:
    """Compare the loaded partitions of an input with those that its window requires, for each month of the step.

    Raises:
        MissingPartition: If none of the required partitions of a month was loaded.
    """
    declared = context.definition_metadata
    required_months = declared.get("required", "")
    is_fallback = is_commanded_fallback(context.step_context.dagster_run.tags)
    if not required_months or (required_months == "last_of_cycle" and is_fallback):
        return
    last = declared["last_offset"]
    first = declared["first_offset"] if required_months == "any" else last
    requested = [PartitionKey.from_dagster(key) for key in context.asset_partition_keys]
    for month in _months_of_step(context):
        earliest, latest = add_months(month, first), add_months(month, last)
        required = [partition for partition in requested if earliest <= partition.month <= latest]
        if required and not any(partition in loaded for partition in required):
            raise MissingPartition(table, required)


def _months_of_step(context: dg.InputContext) -> pd.DatetimeIndex:
    """Return the months that the step writes: one, or those of a range."""
    keys = context.step_context.partition_key_range
    first, last = (PartitionKey.from_dagster(key).month for key in (keys.start, keys.end))
    return pd.date_range(first, last, freq="MS")
