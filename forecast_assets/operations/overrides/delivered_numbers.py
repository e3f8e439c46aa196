"""Imported numbers that are delivered: listed with their state, and withdrawn."""

import numpy as np
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.override_entries import CELL, SAME_NUMBER
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.operations.overrides.delivery_file import (
    ImportRefused,
    delivery_file,
    partitions_with_a_file,
    replace_rows,
    require_files,
)
from forecast_assets.storage import PartitionKey, TableStore

# States of a delivered number.
PUBLISHED, DELIVERED = "published", "delivered"
COLUMNS = [*CELL, "forecast_units", "source"]


def delivered_numbers(
    settings: Settings, store: TableStore, countries: list[str], origin: pd.Timestamp | None
) -> pd.DataFrame:
    """Return the rows of the delivery files of markets with ``state``; of one origin month if it is given.

    A number is ``published`` if the publication of its origin has it as an override, else ``delivered``.

    Raises:
        ImportRefused: If the source is Dremio.
    """
    require_files(settings)
    wanted = [
        each
        for each in partitions_with_a_file(settings)
        if each.country in countries and (origin is None or each.month == origin)
    ]
    parts = [_with_state(store, each, delivery_file(settings, each).rows) for each in wanted]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def withdraw_numbers(
    settings: Settings, store: TableStore, partition: PartitionKey, sku: str, target: pd.Timestamp | None
) -> pd.DataFrame:
    """Take a SKU's numbers out of a delivery file, of one month if it is given, and return the rows taken out.

    Raises:
        ImportRefused: If the month is closed, there is no such number, or the file cannot be written.
    """
    require_files(settings)
    origin = partition.month
    if PublishedMonths(store).is_closed(str(partition.country), origin):
        raise ImportRefused(
            f"{partition.country} {origin:%Y-%m} is closed: a later month is published, too. Its numbers stay as they "
            "were published"
        )
    file = delivery_file(settings, partition)
    chosen = (file.rows["sku"] == sku).to_numpy(bool)
    if target is not None:
        chosen = chosen & (file.rows["target_month"] == target).to_numpy(bool)
    if not chosen.any():
        month = f" for {target:%Y-%m}" if target is not None else ""
        raise ImportRefused(
            f"no number of SKU {sku}{month} was imported for {partition.country} {origin:%Y-%m}; forecast-assets "
            "override list shows those that were"
        )
    replace_rows(settings, file, file.rows[~chosen])
    return file.rows[chosen].reset_index(drop=True)


def _with_state(store: TableStore, partition: PartitionKey, rows: pd.DataFrame) -> pd.DataFrame:
    published = PublishedMonths(store).forecasts(str(partition.country), partition.month, COLUMNS)
    overridden = published[published["source"] == "override"].astype({"sku": object})
    both = rows.merge(
        overridden[[*CELL, "forecast_units"]].astype({"target_month": "datetime64[ns]"}),
        on=CELL, how="left", suffixes=("", "_published"), validate="1:1",
    )  # fmt: skip
    same = np.isclose(both["forecast_units"], both["forecast_units_published"].astype(float), rtol=SAME_NUMBER)
    return rows.assign(state=np.where(same, PUBLISHED, DELIVERED))
