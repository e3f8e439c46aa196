"""Runs written into an instance with times of their own, as if they had happened then."""

import dagster as dg
import pandas as pd
from dagster._core.events import DagsterEvent

from forecast_assets.tags import MONTHLY_CYCLE, PARTITION_TAG


def record(instance, code, month, requested, starts=0, takes=None, *, job=MONTHLY_CYCLE, failed=False, **tags):
    """Record a run of a market and month that starts ``starts`` seconds after its request and takes ``takes`` seconds.

    Without ``takes`` it has not ended; with ``starts=None`` it waits in the queue. Returns its id.
    """
    day = f"{month}-01"
    partition = {PARTITION_TAG: day}
    if code:
        partition = {
            PARTITION_TAG: f"{code}|{day}", f"{PARTITION_TAG}/month": day, f"{PARTITION_TAG}/country": code,
        }  # fmt: skip
    run = dg.DagsterRun(job, tags={**partition, **tags})
    at = pd.Timestamp(requested)
    instance.run_storage.add_historical_run(run, at.to_pydatetime())
    ends = dg.DagsterEventType.RUN_FAILURE if failed else dg.DagsterEventType.RUN_SUCCESS
    moments = [] if starts is None else [(dg.DagsterEventType.RUN_START, starts)]
    moments += [(ends, starts + takes)] if takes is not None else []
    for kind, seconds in moments:
        event = DagsterEvent(kind.value, job)
        instance.run_storage.handle_run_event(run.run_id, event, (at + pd.Timedelta(seconds=seconds)).to_pydatetime())
    return run.run_id
