"""Sensor that judges new realised performance: WAPE and bias against limits, their own past, and Holt-Winters."""

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.process_groups import AlertSettings
from forecast_assets.config.settings import Settings
from forecast_assets.defs.sensors.verdict_alerts import read_months, report_new_verdicts
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict
from forecast_assets.domain.monitoring.kpi_alarms import HISTORY_MONTHS, AlarmLimits, kpi_verdicts
from forecast_assets.storage import TableStore

KPI_ALARMS = "kpi_alarms"
COLUMNS = ["sku", "origin_month", "lag_months", "actual_units", "published_units", "baseline_units", "status"]


def build_kpi_alarms_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    def judge(store: TableStore, market: Market, month: pd.Timestamp) -> list[AlarmVerdict]:
        cells = read_months(store, "performance", market.code, month, HISTORY_MONTHS, COLUMNS)
        return kpi_verdicts(cells, month, limits_of(settings.alerts, market))

    @dg.sensor(
        name=KPI_ALARMS,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="WAPE or bias over the limit, above its own past, worse than Holt-Winters, bias of one sign.",
    )
    def kpi_alarms(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return report_new_verdicts(context, settings, KPI_ALARMS, "performance", judge)

    return kpi_alarms


def limits_of(alerts: AlertSettings, market: Market) -> AlarmLimits:
    """Return the limits of a market: its own, else those of the settings."""
    return AlarmLimits(
        max_wape=market.max_wape if market.max_wape is not None else alerts.max_wape,
        max_bias=market.max_bias if market.max_bias is not None else alerts.max_bias,
        max_lag_months=alerts.lag_months,
    )
