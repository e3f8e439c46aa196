"""Inputs of assets by the months they need.

Each builder derives the partition mapping and the IO manager's metadata from the same offsets. Loaded and recorded
inputs can therefore not disagree. The assets themselves do not belong here.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import dagster as dg

from forecast_assets.domain.demand.restatements import RESTATED_MONTH

# Partitions without which a step stores nothing: the last month of the window, the same except in a commanded fallback,
# any partition of the window, or none. Of a table over all markets, one market is enough.
Required = Literal["last", "last_unless_fallback", "any", "none"]
UNITS = ["sku", "sell_in_units", RESTATED_MONTH]


def window(
    asset: str,
    first_offset: int,
    last_offset: int,
    columns: Sequence[str] | None = None,
    required: Required = "last",
    *,
    read_later: bool = False,
) -> dg.AssetIn:
    """Return the input of months m+first_offset .. m+last_offset of the same market (month x country on both sides).

    At the start of history the input has fewer months. ``columns`` limits the columns read (``country`` and ``month``
    always come). A step fails without its required partitions; an optional input is declared with ``required="none"``.
    With ``read_later`` the asset gets a ``StoredWindow``, and reads the months and columns that it needs.

    Raises:
        ValueError: If the window ends before it starts or reaches past the month itself: it would read the future.
    """
    mapping = dg.MultiPartitionMapping(
        {
            "month": dg.DimensionPartitionMapping("month", _months(asset, first_offset, last_offset)),
            "country": dg.DimensionPartitionMapping("country", dg.IdentityPartitionMapping()),
        }
    )
    return _asset_in(asset, mapping, (first_offset, last_offset), columns, required, read_later=read_later)


def units_window(
    first_offset: int, last_offset: int, required: Required = "last", *, read_later: bool = False
) -> dg.AssetIn:
    """Return the input of sell-in units as ``window`` does; restatements come with the month that knows them."""
    return window("sell_in", first_offset, last_offset, UNITS, required, read_later=read_later)


def month_window(
    asset: str,
    first_offset: int,
    last_offset: int,
    columns: Sequence[str] | None = None,
    required: Required = "last",
) -> dg.AssetIn:
    """Return the input of months m+first_offset .. m+last_offset between assets by month alone.

    Raises:
        ValueError: As ``window``.
    """
    months = _months(asset, first_offset, last_offset)
    return _asset_in(asset, months, (first_offset, last_offset), columns, required)


def same_month(
    asset: str, columns: Sequence[str] | None = None, required: Required = "last", *, skip_damaged: bool = False
) -> dg.AssetIn:
    """Return the input of the same month: all markets for an asset by month, the month alone for one by market.

    With ``skip_damaged`` files that are damaged are left out: one market's file must not stop a table over all.
    """
    mapping = dg.MultiToSingleDimensionPartitionMapping("month")
    return _asset_in(asset, mapping, (0, 0), columns, required, skip_damaged=skip_damaged)


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
    required: str,
    *,
    skip_damaged: bool = False,
    read_later: bool = False,
) -> dg.AssetIn:
    if required not in get_args(Required):
        raise ValueError(f"required is one of {get_args(Required)}, got {required!r} for {asset}")
    metadata: dict[str, object] = {"first_offset": offsets[0], "last_offset": offsets[1], "required": required}
    if skip_damaged:
        metadata["missing"] = "skip_damaged"
    if read_later:
        metadata["read_later"] = True
    if columns is not None:
        metadata["columns"] = list(columns)
    return dg.AssetIn(key=asset, partition_mapping=mapping, metadata=metadata)
