"""Fallback runs of a market: jobs that publish the best forecast left by a failed cycle."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.tags import FALLBACK_JOBS, SET_ASIDE_TAG

# Tables of the month that a publication is made from, and that only a fallback can do without.
UPSTREAM = ("forecasts", "champion", "baseline_forecasts", "overrides", "features", "sell_in", "products")


def is_commanded_fallback(tags: Mapping[str, str]) -> bool:
    """Return True for the tags of a run of ``FALLBACK_JOBS``, and of its replay; no other run may fall back."""
    return SET_ASIDE_TAG in tags


def missing_upstream(store: TableReader, country: str, month: pd.Timestamp) -> list[str]:
    """Return the tables of ``UPSTREAM`` that are not stored for a month of a market."""
    return [table for table in UPSTREAM if not store.exists(table, PartitionKey(month, country))]


def is_published(store: TableReader, country: str, month: pd.Timestamp) -> bool:
    """Return True if the month of a market, or a later one, is published."""
    published = store.list_partitions("published_forecasts")
    return any(partition.country == country and partition.month >= month for partition in published)


def is_fallback_run(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Return True if a run was one of ``FALLBACK_JOBS``: a cycle of the same month may replace its publication.

    A run that the instance does not know (another DAGSTER_HOME) counts as a cycle: its publication stays.
    """
    run = instance.get_run_by_id(run_id) if run_id else None
    return run is not None and run.job_name in FALLBACK_JOBS
