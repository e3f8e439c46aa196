"""Sensor that judges the inputs of forecasts once features are built: feature drift, and each source's deliveries.

Features are the last input of a month, so a source that is absent then did not arrive.
"""

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings
from forecast_assets.defs.sensors.verdict_alerts import read_months, report_new_verdicts
from forecast_assets.domain.demand.restatements import RESTATED_MONTH, own_rows
from forecast_assets.domain.monitoring import source_drift
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict
from forecast_assets.domain.monitoring.drift import REFERENCE_MONTHS, drift_verdicts
from forecast_assets.storage import TableStore

INPUT_DRIFT = "input_drift"
# Columns that the rules read. Overrides come when a planner has one, OxCGRT has ended: neither is expected monthly.
SOURCE_COLUMNS = {
    "sell_in": ["sku", "sell_in_units", RESTATED_MONTH],
    "sell_out": ["sku", "sell_out_units", "distribution_pct", RESTATED_MONTH],
    "products": ["sku"],
    "promotions": ["sku"],
}


def build_input_drift_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=INPUT_DRIFT,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Drift of feature families; volume, new and missing SKUs, distribution and arrival of each source.",
    )
    def input_drift(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return report_new_verdicts(context, settings, INPUT_DRIFT, "features", input_verdicts)

    return input_drift


def input_verdicts(store: TableStore, market: Market, month: pd.Timestamp) -> list[AlarmVerdict]:
    """Return the verdicts over features and sources of a market and month."""
    features = read_months(store, "features", market.code, month, REFERENCE_MONTHS + 1)
    is_now = features["month"] == month
    sources = {
        source: own_rows(read_months(store, source, market.code, month, source_drift.HISTORY_MONTHS, columns))
        for source, columns in SOURCE_COLUMNS.items()
    }
    return drift_verdicts(features[is_now], features[~is_now], month) + source_drift.source_verdicts(sources, month)
