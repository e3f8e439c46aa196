"""Steps of runs under way, as Dagster has recorded them, with the time that such steps took before.

Read by the process that waits for the runs. Not here: the durations of whole jobs (``backfill/durations.py``).
"""

import dataclasses
from collections.abc import Collection, Mapping

import dagster as dg

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import partition_tags

# A run under way: market (None for all), job and months.
RunKey = tuple[str | None, str, MonthRange]
UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
RUNS_READ = 20


@dataclasses.dataclass(frozen=True)
class RunningStep:
    """Step that a run is in: its name, and its number among the steps that have begun, from 1."""

    name: str
    number: int


def running_steps(instance: dg.DagsterInstance, keys: Collection[RunKey]) -> Mapping[RunKey, RunningStep]:
    """Return the latest step of each run; runs that have not begun a step are absent."""
    records = instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY), limit=RUNS_READ)
    steps: dict[RunKey, RunningStep] = {}
    for key in keys:
        country, job, months = key
        wanted = partition_tags(country, months)
        # Latest first: of a run that was repeated, the one under way counts.
        for run in (record.dagster_run for record in records):
            if run.job_name == job and wanted.items() <= run.tags.items():
                begun = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START)
                if begun:
                    steps[key] = RunningStep(str(begun[-1].step_key), len(begun))
                break
    return steps
