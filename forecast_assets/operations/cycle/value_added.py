"""Forecast value added of markets over all measured months, read from the store."""

from collections.abc import Callable, Sequence

import pandas as pd

from forecast_assets.domain.evaluation.value_added_verdict import over_months
from forecast_assets.storage import TableStore
from forecast_assets.storage.damaged_file import next_step
from forecast_assets.tags import VALUE_ADDED


def value_added_by_market(
    store: TableStore, countries: Sequence[str], warn: Callable[[str], None]
) -> dict[str, pd.DataFrame]:
    """Return the sums over all measured months by market, as ``over_months``; markets without a scored cell are absent.

    ``warn`` gets a line for each damaged file that is left out.
    """
    partitions = [each for code in countries for each in store.list_market(VALUE_ADDED, code)]
    if not partitions:
        return {}
    rows, read = store.read_with_provenance(VALUE_ADDED, partitions, missing="skip_damaged")
    for partition in [each for each in partitions if each not in read]:
        path = store.path(VALUE_ADDED, partition)
        warn(
            f"{path} is damaged: value added is without {partition.country} {partition.month:%Y-%m}. {next_step(path)}"
        )
    by_market = {code: over_months(rows[rows["country"] == code]) for code in countries}
    return {code: table for code, table in by_market.items() if len(table)}
