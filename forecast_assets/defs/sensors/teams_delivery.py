"""Sensor that drains the outbox to Teams; content and repetition are decided in ``forecast_assets.alerts``."""

import dagster as dg

from forecast_assets.alerts.assembly import drain
from forecast_assets.alerts.dispatch import DispatchResult
from forecast_assets.config.settings import Settings

SECONDS_BETWEEN_TICKS = 30
# Dagster ends a tick after 60 s; a post that begins at the end of this budget takes 20 s at most.
BUDGET_SECONDS = 25.0


def build_teams_delivery_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name="teams_delivery",
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends the alerts that wait in the outbox to Teams. Without TEAMS_WEBHOOK_URL they wait.",
    )
    def teams_delivery(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        delivered = drain(settings, BUDGET_SECONDS)
        for message, reason in delivered.newly_parked.items():
            context.log.error(f"{message} was parked: {reason}. Once that is put right: forecast-assets alerts resend")
        return dg.SkipReason(in_one_line(delivered))

    return teams_delivery


def in_one_line(delivered: DispatchResult) -> str:
    """Return the result of a drain in one line."""
    parts = [f"{len(delivered.sent)} sent"]
    for channel in sorted({*delivered.waiting, *delivered.parked}):
        counts = [
            f"{count} {state}"
            for count, state in (
                (delivered.waiting.get(channel), "waiting"),
                (delivered.parked.get(channel), "parked"),
            )
            if count
        ]
        problem = delivered.problems.get(channel)
        parts.append(f"channel {channel}: {', '.join(counts)}" + (f" ({problem})" if problem else ""))
    return "; ".join(parts)
