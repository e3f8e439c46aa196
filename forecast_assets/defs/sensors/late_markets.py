"""Sensor that reports markets which will not be ready by their deadline, before it has passed.

The prediction is in ``operations/cycle/forecast_run.py``. A delivery that has not come by its deadline is the arrival
sensor's matter.
"""

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.defs.schedules import default_status, queue_priorities
from forecast_assets.domain.cycle_calendar import closed_month, cycle_id_of, due_at, due_month
from forecast_assets.operations.cycle.forecast_run import (
    CyclePrediction,
    MarketPrediction,
    NoPastRun,
    predict,
    ready_by,
    runs_at_a_time,
)
from forecast_assets.tags import MONTHLY_CYCLE

LATE_MARKETS, LATE = "late_markets", "late"
# First report before the date of the cycle: time to give the queue more places, or to ask for a delivery.
DAYS_BEFORE = pd.Timedelta(days=3)
# A market that becomes ready after its deadline closes its incident until then.
DAYS_AFTER = pd.Timedelta(days=10)


def build_late_markets_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=LATE_MARKETS,
        minimum_interval_seconds=600,
        default_status=dg.DefaultSensorStatus[default_status(settings)],
        description="Markets that will miss the deadline of the month, from three days before its cycle.",
    )
    def late_markets(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return report_at(settings, context.instance, pd.Timestamp.now("UTC"))

    return late_markets


def report_at(settings: Settings, instance: dg.DagsterInstance, now: pd.Timestamp) -> dg.SkipReason:
    """Open an incident for each market that will be late as it looks at a moment, and close those of the others."""
    zone = settings.automation.time_zone
    closed = closed_month(now, zone)
    month = closed if now > due_at(closed, zone) - DAYS_BEFORE else due_month(now, zone)
    at_a_time = runs_at_a_time(instance)
    if now > ready_by(settings, month) + DAYS_AFTER:
        return dg.SkipReason(f"The cycle of {month:%Y-%m} is over.")
    if at_a_time is None:
        return dg.SkipReason("The queue of this instance has no limit: nothing to predict.")
    try:
        prediction = predict(settings, instance, month, queue_priorities(settings, month), now, at_a_time)
    except NoPastRun as reason:
        return dg.SkipReason(str(reason))
    outbox, cycle_id = Outbox.of(settings), cycle_id_of(settings.env, month)
    late = prediction.late
    outbox.report([_incident(settings, prediction, each) for each in late], cycle_id)
    in_time = [each for each in prediction.markets if each not in late]
    outbox.close([f"{LATE}|{each.country}|{MONTHLY_CYCLE}" for each in in_time], cycle_id)
    names = ", ".join(each.country for each in late)
    return dg.SkipReason(
        f"{month:%Y-%m}: {len(in_time)} markets are ready or in time" + f"; late: {names}" * bool(late)
    )


def _incident(settings: Settings, prediction: CyclePrediction, market: MarketPrediction) -> Incident:
    month, deadline = prediction.month, prediction.deadline
    return Incident(
        kind=LATE,
        country=market.country,
        subject=MONTHLY_CYCLE,
        month=month,
        severity="info" if settings.market_table[market.country].stage == "shadow" else "warning",
        headline=f"{market.country}: {month:%Y-%m} will be ready at {market.outlook:%d %B %H:%M}, "
        f"after the deadline of {deadline:%d %B %H:%M}",
        facts=(
            ("its cycle takes", f"{market.seconds / 60:.0f} min"),
            ("its delivery usually comes", f"{market.delay_seconds / 3600:.0f} h after the date of the cycle"),
            ("runs at a time", str(prediction.at_a_time)),
            ("to do", f"forecast-assets forecast-run --month {month:%Y-%m} shows the queue"),
        ),
        weight=(market.outlook - deadline).total_seconds(),
    )
