"""Planners' numbers listed with their state, and withdrawn."""

import numpy as np
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.arrays import Bools
from forecast_assets.domain.publication.override_entries import CELL, SAME_NUMBER
from forecast_assets.domain.publication.override_states import APPROVED, DRAFT, SUBMITTED, Person, withdrawn
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.operations.overrides.delivery_file import (
    ImportRefused,
    delivery_file,
    ledger,
    partitions_with_a_file,
    replace_ledger,
    replace_rows,
)
from forecast_assets.storage import PartitionKey, TableStore

# States of a delivered number.
PUBLISHED, DELIVERED = "published", "delivered"
COLUMNS = [*CELL, "forecast_units", "source"]


def delivered_numbers(
    settings: Settings, store: TableStore, countries: list[str], origin: pd.Timestamp | None, now: pd.Timestamp
) -> pd.DataFrame:
    """Return the numbers of markets with ``state`` and ``decided_by``; of one origin month if it is given.

    A number in force is ``published`` if the publication of its origin has it as an override, else ``delivered``. The
    others have the state of the ledger.
    """
    wanted = [
        each
        for each in partitions_with_a_file(settings)
        if each.country in countries and (origin is None or each.month == origin)
    ]
    parts = []
    for each in wanted:
        entries = ledger(settings, each, now).rows
        parts.append(_with_state(store, each, delivery_file(settings, each).rows, entries))
        parts.append(entries[entries["state"] != APPROVED].drop(columns="decided_at"))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def withdraw_numbers(
    settings: Settings,
    store: TableStore,
    partition: PartitionKey,
    sku: str,
    target: pd.Timestamp | None,
    by: Person,
    now: pd.Timestamp,
) -> pd.DataFrame:
    """Take a SKU's numbers back, in force or not, of one month if it is given; return them. The ledger keeps who did.

    Raises:
        ImportRefused: If the month is closed, there is no such number, or a file cannot be written.
    """
    origin = partition.month
    if PublishedMonths(store).is_closed(str(partition.country), origin):
        raise ImportRefused(
            f"{partition.country} {origin:%Y-%m} is closed: a later month is published, too. Its numbers stay as they "
            "were published"
        )
    file, entries = delivery_file(settings, partition), ledger(settings, partition, now)
    chosen = _of_sku(file.rows, sku, target)
    waiting = _of_sku(entries.rows, sku, target) & entries.rows["state"].isin([DRAFT, SUBMITTED]).to_numpy()
    if not chosen.any() and not waiting.any():
        month = f" for {target:%Y-%m}" if target is not None else ""
        raise ImportRefused(
            f"no number of SKU {sku}{month} was imported for {partition.country} {origin:%Y-%m}; forecast-assets "
            "override list shows those that were"
        )
    taken = [part for part in (file.rows[chosen], entries.rows.loc[waiting, list(file.rows)]) if len(part)]
    rows = pd.concat(taken, ignore_index=True)
    if chosen.any():
        replace_rows(settings, file, file.rows[~chosen])
    replace_ledger(settings, entries, withdrawn(entries.rows, rows, by, now.isoformat(timespec="seconds")))
    return rows


def _of_sku(rows: pd.DataFrame, sku: str, target: pd.Timestamp | None) -> Bools:
    chosen: Bools = (rows["sku"] == sku).to_numpy(bool)
    return chosen if target is None else chosen & (rows["target_month"] == target).to_numpy(bool)


def _with_state(store: TableStore, partition: PartitionKey, rows: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    published = PublishedMonths(store).forecasts(str(partition.country), partition.month, COLUMNS)
    overridden = published[published["source"] == "override"].astype({"sku": object})
    both = rows.merge(
        overridden[[*CELL, "forecast_units"]].astype({"target_month": "datetime64[ns]"}),
        on=CELL, how="left", suffixes=("", "_published"), validate="1:1",
    )  # fmt: skip
    same = np.isclose(both["forecast_units"], both["forecast_units_published"].astype(float), rtol=SAME_NUMBER)
    approved = entries[entries["state"] == APPROVED].set_index(CELL)["decided_by"]
    by = approved.reindex(pd.MultiIndex.from_frame(rows[CELL])).fillna("").to_numpy()
    return rows.assign(state=np.where(same, PUBLISHED, DELIVERED), decided_by=by, note="")
