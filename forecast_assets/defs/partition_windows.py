"""Inputs of assets by the months they need.

Each builder derives the partition mapping and the IO manager's metadata from the same offsets. Loaded and recorded
inputs can therefore not disagree. The assets themselves do not belong here.
"""

from collections.abc import Sequence
from typing import get_args

import dagster as dg

from forecast_assets.domain.demand.restatements import RESTATED_MONTH
from forecast_assets.storage.table_reader import WhenMissing

UNITS = ["sku", "sell_in_units", RESTATED_MONTH]


def window(
    asset: str,
    first_offset: int,
    last_offset: int,
    columns: Sequence[str] | None = None,
    missing: str = "skip",
) -> dg.AssetIn:
    """Return the input of months m+first_offset .. m+last_offset of the same market (month x country on both sides).

    At the start of history the input has fewer months. ``columns`` limits the columns read (``country`` and ``month``
    always come); with ``missing="error"`` an unpublished month fails the step.

    Raises:
        ValueError: If the window ends before it starts or reaches past the month itself: it would read the future.
    """
    mapping = dg.MultiPartitionMapping(
        {
            "month": dg.DimensionPartitionMapping("month", _months(asset, first_offset, last_offset)),
            "country": dg.DimensionPartitionMapping("country", dg.IdentityPartitionMapping()),
        }
    )
    return _asset_in(asset, mapping, (first_offset, last_offset), columns, missing)


def units_window(first_offset: int, last_offset: int, missing: str = "skip") -> dg.AssetIn:
    """Return the input of sell-in units as ``window`` does; restatements come with the month that knows them."""
    return window("sell_in", first_offset, last_offset, UNITS, missing)


def month_window(
    asset: str,
    first_offset: int,
    last_offset: int,
    columns: Sequence[str] | None = None,
    missing: str = "skip",
) -> dg.AssetIn:
    """Return the input of months m+first_offset .. m+last_offset between assets by month alone.

    Raises:
        ValueError: As ``window``.
    """
    months = _months(asset, first_offset, last_offset)
    return _asset_in(asset, months, (first_offset, last_offset), columns, missing)


def same_month(asset: str, columns: Sequence[str] | None = None, missing: str = "error") -> dg.AssetIn:
    """Return the input of the same month: all markets for an asset by month, the month alone for one by market."""
    return _asset_in(asset, dg.MultiToSingleDimensionPartitionMapping("month"), (0, 0), columns, missing)


def _months(asset: str, first_offset: int, last_offset: int) -> dg.TimeWindowPartitionMapping:
    if not first_offset <= last_offset <= 0:
        raise ValueError(
            f"the window of {asset} runs from an earlier month to at most 0, got {first_offset} to {last_offset}"
        )
    return dg.TimeWindowPartitionMapping(
        start_offset=first_offset, end_offset=last_offset, allow_nonexistent_upstream_partitions=True
    )


def _asset_in(
    asset: str,
    mapping: dg.PartitionMapping,
    offsets: tuple[int, int],
    columns: Sequence[str] | None,
    missing: str,
) -> dg.AssetIn:
    if missing not in get_args(WhenMissing):
        raise ValueError(f"missing is one of {get_args(WhenMissing)}, got {missing!r} for {asset}")
    metadata = {"first_offset": offsets[0], "last_offset": offsets[1], "missing": missing}
    if columns is not None:
        metadata["columns"] = list(columns)
    return dg.AssetIn(key=asset, partition_mapping=mapping, metadata=metadata)
