"""Report of the outcome of a tuning that an alarm started; the next cycle decides on it.

The incident is open until that cycle has decided. A tuning that failed is reported by ``run_failures``.
"""

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.defs import jobs
from forecast_assets.defs.sensors.verdict_alerts import UNREADABLE
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.domain.selection.tuning import IN_FORCE
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.partitions import market_of_run
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import ALARMS_TAG, BUDGET_TAG, RETUNE_TAG

RETUNED = "retuned"


def report_outcomes(settings: Settings, instance: dg.DagsterInstance, month: pd.Timestamp) -> None:
    """Open an incident, as information, for each successful tuning, and close those that a cycle has decided on.

    Tunings of the month and of the one before count.
    """
    outbox, recipes = Outbox.of(settings), RecipesInForce(open_store(settings))
    cycle_id = cycle_id_of(settings.env, month)
    for tuned_in in (add_months(month, -1), month):
        tags = {RETUNE_TAG: cycle_id_of(settings.env, tuned_in)}
        runs = instance.get_runs(
            dg.RunsFilter(job_name=jobs.tune.name, tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS])
        )
        waiting = [
            run
            for run in runs
            if market_of_run(run.tags) in settings.market_table
            and not _is_decided(recipes, market_of_run(run.tags), tuned_in)
        ]
        if waiting:
            outbox.report([_outcome(settings, recipes.store, run, tuned_in) for run in waiting], cycle_id)
    decided = [
        incident.key
        for incident in outbox.open_incidents()
        if incident.kind == RETUNED and _is_decided(recipes, incident.country, incident.month)
    ]
    if decided:
        outbox.close(decided, cycle_id)


def _is_decided(recipes: RecipesInForce, country: str | None, tuned_in: pd.Timestamp) -> bool:
    """Return True if a cycle after the month of the tuning has decided its champion."""
    latest = recipes.latest_month(country or "")
    return latest is not None and latest > tuned_in


def _outcome(settings: Settings, store: TableReader, run: dg.DagsterRun, month: pd.Timestamp) -> Incident:
    """Return the outcome, or that it cannot be read: the damaged table of one market must not block the others."""
    try:
        return _incident(settings, store, run, month)
    except UNREADABLE as error:
        return Incident(
            "sensor_failed", market_of_run(run.tags), RETUNED, month, "warning",
            f"the outcome of the tuning of {month:%Y-%m} cannot be read", run_id=run.run_id, asset="tuned_recipe",
            facts=(("error", f"{type(error).__name__}: {error}"[:300]),),
        )  # fmt: skip


def _incident(settings: Settings, store: TableReader, run: dg.DagsterRun, month: pd.Timestamp) -> Incident:
    country = market_of_run(run.tags) or ""
    tried = store.read("tuned_recipe", [PartitionKey(month, country)])
    usual, chosen = tried[tried["trial"] == 0].iloc[0], tried[tried["role"] == IN_FORCE].iloc[0]
    comparison = "no recipe tried is better than the usual one"
    if chosen["trial"] != 0:
        comparison = f"trial {chosen['trial']} has loss {chosen['loss']:.4f}, the usual recipe {usual['loss']:.4f}"
    return Incident(
        kind=RETUNED,
        country=country,
        subject="",
        month=month,
        severity="info",
        headline=f"{settings.market_table[country].name}: tuned again after an alarm, {comparison}; "
        f"the cycle of {add_months(month, 1):%Y-%m} decides",
        facts=(
            ("alarm", run.tags.get(ALARMS_TAG, "unknown")),
            ("trials", str(len(tried))),
            ("re-tunes of the month", run.tags.get(BUDGET_TAG, "unknown")),
        ),
        run_id=run.run_id,
        asset="tuned_recipe",
    )
