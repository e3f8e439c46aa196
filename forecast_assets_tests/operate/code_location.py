"""The code location as the daemon of a drill loads it: the product's, on another day, with one run that hangs and with
less patience towards Teams."""

import datetime
import os
import threading
from pathlib import Path

from forecast_assets.alerts import dispatch
from forecast_assets.definitions import build_definitions
from forecast_assets.defs.sensors import teams_delivery
from forecast_assets.domain import cycle_calendar
from forecast_assets.tracking.mlflow_tracking import CycleRecord, MlflowTracking, RecordedRun
from forecast_assets_tests.operate.platform import (
    DRILL_CRON,
    DRILL_DAYS_SINCE_DUE,
    DRILL_HANGS,
    HANGING_MARKET,
    SECONDS_OF_A_LOOK,
)


class HangsForOneMarket(MlflowTracking):
    """An MLflow that does not answer for one market, the first time it is told of it."""

    def record_cycle(self, record: CycleRecord) -> RecordedRun:
        has_hung = Path(os.environ[DRILL_HANGS])
        if record.market == HANGING_MARKET and not has_hung.exists():
            has_hung.touch()
            threading.Event().wait()
        return RecordedRun("run", "parent", None)


# The drill's tenth is today, or some days ago: the month that closed last is due since that midnight.
days_since_due = int(os.environ[DRILL_DAYS_SINCE_DUE])
cycle_calendar.CYCLE_DAY, cycle_calendar.CYCLE_HOUR = datetime.datetime.now(datetime.UTC).day - days_since_due, 0
# Thirty ticks take minutes instead of a quarter of an hour, and a webhook that is back is found at once.
teams_delivery.SECONDS_BETWEEN_TICKS = SECONDS_OF_A_LOOK
dispatch.FIRST_WAIT_SECONDS, dispatch.LONGEST_WAIT_SECONDS = 2.0, 8.0

defs = build_definitions(
    cron=os.environ[DRILL_CRON], mlflow_tracking=HangsForOneMarket(tracking_uri="memory", experiment_name="none")
)
