"""Publications of a market by fallback runs: jobs that publish the best that a failed cycle left."""

import dagster as dg
import pandas as pd

from forecast_assets.storage import TableStore
from forecast_assets.tags import FALLBACK_JOBS


def is_published(store: TableStore, country: str, month: pd.Timestamp) -> bool:
    """Whether a month of a market, or a later one, is published: then readers have it already."""
    places = store.list_partitions("published_forecasts")
    return any(place.country == country and place.month >= month for place in places)


def is_fallback_run(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a run was one of ``FALLBACK_JOBS``: a cycle of the same month may replace what it published.

    A run that the instance does not know (another DAGSTER_HOME) counts as a cycle: what it published stays.
    """
    run = instance.get_run_by_id(run_id) if run_id else None
    return run is not None and run.job_name in FALLBACK_JOBS
