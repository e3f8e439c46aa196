"""Planners' numbers that lie in the store, joined with those of a source that the platform does not write."""

from collections.abc import Sequence

import pandas as pd

from forecast_assets.storage.imported_overrides import OverrideFiles

COLUMNS = ["sku", "target_month", "forecast_units", "author", "reason"]


def with_imported(
    rows: pd.DataFrame,
    imported: OverrideFiles,
    country: str,
    origin: str,
    months: Sequence[pd.Timestamp] | None = None,
) -> pd.DataFrame:
    """Add imported numbers to the delivered ones; of two for one cell the imported one counts.

    Args:
        rows: Delivered rows with COLUMNS and the origin month.
        imported: Files of the numbers in force.
        country: Market code.
        origin: Name of the column of the origin month.
        months: Origin months; None: all.
    """
    wanted = [each for each in imported.partitions() if each.country == country]
    parts = [
        table.assign(**{origin: each.month})[[*COLUMNS, origin]]
        for each in wanted
        if (months is None or each.month in months) and (table := imported.read(each)[1]) is not None
    ]
    if not parts:
        return rows
    keys = ["sku", "target_month", origin]
    new = pd.concat(parts, ignore_index=True).astype({name: rows[name].dtype for name in keys[1:] if len(rows)})
    others = rows[~pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(new[keys]))]
    return pd.concat([part for part in (others, new) if len(part)], ignore_index=True).reindex(columns=rows.columns)
