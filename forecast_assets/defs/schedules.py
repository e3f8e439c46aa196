"""Schedule of the monthly cycle: the last closed month, on the 10th at 06:00 in the company's time zone.

The schedule requests a run of every market. It reads the calendar and the existing runs only, so a slow landing folder
cannot delay it. A run without its delivery ends at the asset ``delivery``; from then on the arrival sensor
(``defs/sensors/arrivals.py``) takes care of the market.
"""

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings
from forecast_assets.defs import jobs
from forecast_assets.domain.cycle_calendar import CRON, closed_month, cycle_id_of, run_key_of
from forecast_assets.partitions import partition_key
from forecast_assets.tags import CYCLE_ID_TAG, DELIVERY_TAG, MARKET_TAG, PRIORITY_TAG, RUN_KEY_TAG, STARTED_BY_TAG

SCHEDULE = "monthly_cycle_schedule"
# Month-only runs before markets, markets that planners read before shadows; runs of people are 0.
PRIORITY_OF_TOTALS = "20"
PRIORITY = {"live": "10", "shadow": "5"}


def build_schedules(settings: Settings, cron: str = CRON) -> list[dg.ScheduleDefinition]:
    """Build the schedules of a company. They are on everywhere but in ``dev``, where a person switches them on."""

    @dg.schedule(
        name=SCHEDULE,
        job=jobs.monthly_cycle,
        cron_schedule=cron,
        execution_timezone=settings.automation.time_zone,
        default_status=dg.DefaultScheduleStatus[default_status(settings)],
        description="The cycle of the last closed month, one run per live and shadow market.",
    )
    def monthly_cycle_schedule(context: dg.ScheduleEvaluationContext) -> dg.SkipReason | list[dg.RunRequest]:
        month = closed_month(context.scheduled_execution_time, settings.automation.time_zone)
        markets = [market for market in settings.market_table.values() if is_forecast(market, month)]
        requests = [cycle_request(settings, market, month, SCHEDULE) for market in markets]
        # Evaluated without a stored instance, for example in a test, there are no runs to read.
        instance = context.instance if context.instance_ref else None
        wanted = [request for request in requests if not (instance and is_requested(instance, request.run_key))]
        if not wanted:
            return dg.SkipReason(f"The cycle of {month:%Y-%m} has a run for each of {len(requests)} markets already.")
        return wanted

    return [monthly_cycle_schedule]


def default_status(settings: Settings) -> str:
    """Return RUNNING where the platform runs unattended, STOPPED on a laptop."""
    return "STOPPED" if settings.env == "dev" else "RUNNING"


def is_forecast(market: Market, month: pd.Timestamp) -> bool:
    """Return True if a market has a cycle for a month: it is not retired and its data has started."""
    return market.stage != "retired" and market.since <= month


def queue_priorities(settings: Settings, month: pd.Timestamp) -> dict[str, int]:
    """Return the priority in the queue by market that has a cycle of a month, in the order of the schedule."""
    markets = [market for market in settings.market_table.values() if is_forecast(market, month)]
    return {market.code: int(PRIORITY[market.stage]) for market in markets}


def cycle_request(
    settings: Settings, market: Market, month: pd.Timestamp, started_by: str, delivery: str = "", is_again: bool = False
) -> dg.RunRequest:
    """Return a run of a market's cycle; its run key is the same for all starters, and another for each new delivery."""
    cycle_id = cycle_id_of(settings.env, month)
    return dg.RunRequest(
        run_key=run_key_of(cycle_id, market.code) + (f":{delivery}" if is_again else ""),
        job_name=jobs.monthly_cycle.name,
        partition_key=partition_key(month, market.code),
        tags={
            **settings.automation.tags_of_runs(market.machine),
            CYCLE_ID_TAG: cycle_id,
            MARKET_TAG: market.code,
            STARTED_BY_TAG: started_by,
            PRIORITY_TAG: PRIORITY[market.stage],
            **({DELIVERY_TAG: delivery} if delivery else {}),
        },
    )


def is_requested(instance: dg.DagsterInstance, run_key: str | None) -> bool:
    """Return True if a run with the key exists; Dagster itself compares keys within one sensor or schedule only."""
    return bool(instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: run_key or ""}), limit=1))
