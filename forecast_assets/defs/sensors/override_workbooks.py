"""Sensor of the watched folder of filled workbooks: imports, publishes the month again, and tells what is wrong."""

import json

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.defs import jobs
from forecast_assets.defs.schedules import default_status
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.operations.overrides.replaced_numbers import close_replaced
from forecast_assets.operations.overrides.workbook_folder import TakenIn, take_in
from forecast_assets.partitions import partition_key
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import (
    CYCLE_ID_TAG,
    FORECAST_EXCEPTIONS,
    FORECAST_REASONS,
    MARKET_TAG,
    MONTHLY_CYCLE,
    STARTED_BY_TAG,
)

OVERRIDE_WORKBOOKS = "override_workbooks"
# Made again after an import, in one run: the delivery, the publication, and what is made from it.
MADE_AGAIN = (
    "overrides", "published_forecasts", FORECAST_REASONS, FORECAST_EXCEPTIONS, "forecast_levels", "market_report",
)  # fmt: skip
MOST_OF_A_FACT = 300


def build_override_workbooks_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=OVERRIDE_WORKBOOKS,
        jobs=[jobs.monthly_cycle],
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus[default_status(settings)],
        description="Imports the workbooks that planners put into override_workbooks/ and publishes their months "
        "again; a workbook that cannot be imported is parked with the reason.",
    )
    def override_workbooks(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return poll(settings, context.cursor, pd.Timestamp.now("UTC"))

    return override_workbooks


def poll(settings: Settings, cursor: str | None, now: pd.Timestamp) -> dg.SensorResult:
    """Take in the workbooks of the folder; the cursor keeps those that could not be opened."""
    store = open_store(settings)
    results, again = take_in(settings, store, now, json.loads(cursor or "{}"))
    close_replaced(settings, store)
    outbox = Outbox.of(settings)
    for result in results:
        month = result.partition.month if result.partition else now.tz_localize(None).normalize().replace(day=1)
        incident = _incident(settings, result, month)
        cycle_id = cycle_id_of(settings.env, month)
        if result.problem:
            outbox.report([incident], cycle_id)
        else:
            outbox.close([incident.key], cycle_id)
    requests = [_request(settings, result) for result in results if result.changes and result.in_force]
    said = [f"{each.name}: {each.problem.splitlines()[0] if each.problem else _done(each)}" for each in results]
    waiting = [f"{name}: cannot be opened, looked at again" for name in again]
    reason = None if requests else dg.SkipReason("\n".join([*said, *waiting]) or "No workbook has arrived.")
    return dg.SensorResult(run_requests=requests, skip_reason=reason, cursor=json.dumps(again))


def _done(result: TakenIn) -> str:
    state = "in force" if result.in_force else "submitted, waiting for approval"
    return f"{result.changes} numbers, {state}"


def _incident(settings: Settings, result: TakenIn, month: pd.Timestamp) -> Incident:
    """Return the incident of a parked workbook; a later one of the same name that is imported closes it."""
    first, *more = result.problem.splitlines() or [""]
    country = result.partition.country if result.partition else None
    known = country if country in settings.market_table else None
    facts = [("file", result.name), *(("also", line[:MOST_OF_A_FACT]) for line in more[:5])]
    return Incident(
        "workbook_parked", None, result.name, month, "warning",
        f"{f'{known}: ' if known else ''}{result.name} was not imported: {first[:MOST_OF_A_FACT]}", facts=tuple(facts),
    )  # fmt: skip


def _request(settings: Settings, result: TakenIn) -> dg.RunRequest:
    assert result.partition is not None  # of a workbook that was read
    month, country = result.partition.month, str(result.partition.country)
    return dg.RunRequest(
        run_key=f"{OVERRIDE_WORKBOOKS}:{country}:{month:%Y-%m}:{result.digest}",
        job_name=MONTHLY_CYCLE,
        partition_key=partition_key(month, country),
        asset_selection=[dg.AssetKey(name) for name in MADE_AGAIN],
        tags={
            **settings.automation.tags_of_runs(settings.market_table[country].machine),
            CYCLE_ID_TAG: cycle_id_of(settings.env, month),
            MARKET_TAG: country,
            STARTED_BY_TAG: OVERRIDE_WORKBOOKS,
        },
    )
