"""Sensor that reports a forecast that is not the model's: a challenger held back, the baseline, the last forecast."""

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings
from forecast_assets.defs.sensors.verdict_alerts import read_months, report_new_verdicts
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict
from forecast_assets.domain.monitoring.publication_alarms import publication_verdicts
from forecast_assets.storage import TableStore

CHAMPION_ALERTS = "champion_alerts"
PUBLISHED_COLUMNS = ["sku", "source", "reason", "forecast_units"]
CHAMPION_COLUMNS = ["outcome", "source", "reason", "wape_challenger", "wape_champion", "challenger_id", "recipe_id"]


def build_champion_alerts_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    def judge(store: TableStore, market: Market, month: pd.Timestamp) -> list[AlarmVerdict]:
        published = read_months(store, "published_forecasts", market.code, month, 1, PUBLISHED_COLUMNS)
        champion = read_months(store, "champion", market.code, month, 1, CHAMPION_COLUMNS)
        return publication_verdicts(published, champion)

    @dg.sensor(
        name=CHAMPION_ALERTS,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="A challenger held back, or a published forecast that is not the model's; over once it is again.",
    )
    def champion_alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return report_new_verdicts(context, settings, CHAMPION_ALERTS, "published_forecasts", judge)

    return champion_alerts
