"""The code location as the daemon of a drill loads it: the product's, on another day, and with one run that hangs."""

import datetime
import os
import threading
from pathlib import Path

from forecast_assets.definitions import build_definitions
from forecast_assets.resources.mlflow_tracking import CycleRecord, MlflowTracking, RecordedRun
from forecast_assets.runs import cycle_calendar
from forecast_assets_tests.operate.platform import DRILL_CRON, DRILL_HANGS, HANGING_MARKET


class HangsForOneMarket(MlflowTracking):
    """An MLflow that does not answer for one market, the first time it is told of it."""

    def record_cycle(self, record: CycleRecord) -> RecordedRun:
        has_hung = Path(os.environ[DRILL_HANGS])
        if record.market == HANGING_MARKET and not has_hung.exists():
            has_hung.touch()
            threading.Event().wait()
        return RecordedRun("run", "parent", None)


# The drill's tenth is today: the month that closed last is due since midnight, its deadline lies ahead.
cycle_calendar.CYCLE_DAY, cycle_calendar.CYCLE_HOUR = datetime.datetime.now(datetime.UTC).day, 0

defs = build_definitions(
    cron=os.environ[DRILL_CRON], mlflow_tracking=HangsForOneMarket(tracking_uri="memory", experiment_name="none")
)
