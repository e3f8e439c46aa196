"""Inputs that a step cannot do without: the partitions that its ``AssetIn`` declares as required.

A step started alone would otherwise compute on no rows and store the result. Declarations are made with
``defs/partition_windows.py``.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import dagster as dg

from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.market_state.fallback_runs import is_commanded_fallback
from forecast_assets.storage import MissingPartition, PartitionKey
from forecast_assets.storage.partition_key import describe_partitions


class MissingInput(MissingPartition):
    """A step misses partitions of an input that it requires; nothing is stored."""

    def __init__(self, asset: str, step: Sequence[PartitionKey], table: str, absent: Sequence[PartitionKey]) -> None:
        super().__init__(table, absent)
        last = step[-1]
        market = f" --country {last.country}" if last.country else ""
        command = f"forecast-assets cycle --month {last.month:%Y-%m}{market}"
        self.args = (
            f"{asset} stores nothing for {describe_partitions(step)}: it requires {table}, which has no "
            f"{describe_partitions(absent)}. Materialize {table} first, or run the whole month: {command}",
        )


def require_declared(context: dg.InputContext, table: str, loaded: Collection[PartitionKey]) -> None:
    """Compare the loaded partitions of an input with those that it is declared to require.

    Raises:
        MissingInput: If required partitions were not loaded.
    """
    requested = [PartitionKey.from_dagster(key) for key in context.asset_partition_keys]
    keys = context.step_context.partition_key_range
    first, last = PartitionKey.from_dagster(keys.start), PartitionKey.from_dagster(keys.end)
    step = [PartitionKey(month, first.country) for month in month_range(first.month, last.month)]
    is_fallback = is_commanded_fallback(context.step_context.dagster_run.tags)
    absent = absent_partitions(context.definition_metadata, requested, loaded, step, is_fallback=is_fallback)
    if absent:
        raise MissingInput(context.step_context.step.key, step, table, absent)


def absent_partitions(
    declared: Mapping[str, Any],
    requested: Collection[PartitionKey],
    loaded: Collection[PartitionKey],
    step: Sequence[PartitionKey],
    *,
    is_fallback: bool,
) -> list[PartitionKey]:
    """Return the requested partitions that an input requires and that were not loaded.

    Args:
        declared: Metadata of the ``AssetIn``: ``required``, ``last_offset``.
        requested: Partitions of the window that exist in Dagster: none before the first month.
        loaded: Partitions that were in the store.
        step: Partitions that the step writes.
        is_fallback: True in a commanded fallback, which goes without what only a cycle requires.
    """
    required = declared["required"]
    if required == "none" or (required == "last_unless_fallback" and is_fallback):
        return []
    if required == "any":
        return [] if loaded else sorted(requested, key=lambda partition: partition.sort_key)
    ends = {add_months(each.month, declared["last_offset"]) for each in step}
    return [
        partition
        for partition in sorted(requested, key=lambda partition: partition.sort_key)
        if partition.month in ends and partition not in loaded
    ]
