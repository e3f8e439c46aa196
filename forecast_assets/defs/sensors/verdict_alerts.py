"""Incidents from verdicts, market by market: shared by the sensors that judge tables.

Delivery is at least once: the cursor moves only after the outbox holds the incidents of a tick. An incident that is
already in the outbox is not announced again.
"""

import dataclasses
from collections.abc import Callable, Sequence

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings
from forecast_assets.defs.sensors.new_partitions import NewPartitions, new_partitions
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.opened import open_store
from forecast_assets.storage.table_specs import table_specs

Judge = Callable[[TableStore, Market, pd.Timestamp], Sequence[AlarmVerdict]]
CRITICAL = {"source_missing"}
# Raised for a partition that cannot be read or lacks columns.
UNREADABLE = (OSError, ValueError, LookupError)


def report_new_verdicts(
    context: dg.SensorEvaluationContext, settings: Settings, sensor: str, asset: str, judge: Judge
) -> dg.SensorResult:
    """Judge the latest month of every market with new partitions of an asset, and report the alarms.

    An incident is about the present state of a market, so a backfill of past months announces nothing. Retired and
    unlisted markets are skipped. If the tables of a market cannot be read, that is an incident of its own, and the
    other markets are still judged.
    """
    new = new_partitions(context.instance, asset, context.cursor)
    outbox, store = Outbox.of(settings), open_store(settings)
    latest = _latest_months(store, asset) if new.run_by_country else {}
    headlines, undecided = [], 0
    for country, run_id in new.run_by_country.items():
        market, month = settings.market_table.get(country), latest.get(country)
        if market is None or month is None or market.stage == "retired":
            continue
        cycle_id = f"{settings.env}-{month:%Y-%m}"
        failure = Incident(
            "sensor_failed", country, sensor, month, "warning", f"{sensor} could not judge {asset} of {month:%Y-%m}",
            run_id=run_id, asset=asset,
        )  # fmt: skip
        try:
            verdicts = judge(store, market, month)
        except UNREADABLE as error:
            context.log.exception(f"{country} {month:%Y-%m} of {asset} could not be judged")
            cause = (("error", f"{type(error).__name__}: {error}"[:300]),)
            outbox.report([dataclasses.replace(failure, facts=cause)], cycle_id)
            continue
        alarms = [_incident(verdict, market, month, asset, run_id) for verdict in verdicts if verdict.is_alarm]
        over = [_incident(v, market, month, asset, run_id).key for v in verdicts if v.is_alarm is False]
        outbox.report(alarms, cycle_id)
        outbox.close([*over, failure.key], cycle_id)
        undecided += sum(verdict.is_alarm is None for verdict in verdicts)
        headlines += [f"{country}: {incident.headline}" for incident in alarms]
    return dg.SensorResult(skip_reason=_reason(new, asset, headlines, undecided), cursor=new.cursor)


def _reason(new: NewPartitions, asset: str, headlines: list[str], undecided: int) -> str:
    """Return the text of the tick in the UI."""
    if not new.run_by_country:
        return f"No new partitions of {asset}."
    rest = "" if new.is_all else " More markets follow in the next tick."
    summary = f"{len(new.run_by_country)} markets judged, {len(headlines)} alarms, {undecided} rules not decided.{rest}"
    return "\n".join([summary, *headlines[:20]])


def _incident(verdict: AlarmVerdict, market: Market, month: pd.Timestamp, asset: str, run_id: str) -> Incident:
    return Incident(
        kind=verdict.kind,
        country=market.code,
        subject=verdict.subject,
        month=month,
        severity="info" if market.stage == "shadow" else "critical" if verdict.kind in CRITICAL else "warning",
        headline=f"{market.name}: {verdict.headline}",
        facts=verdict.facts,
        weight=verdict.weight,
        run_id=run_id,
        asset=asset,
        trend=verdict.trend,
        trend_name=verdict.trend_name,
        top_skus=verdict.top_skus,
    )


def _latest_months(store: TableStore, asset: str) -> dict[str, pd.Timestamp]:
    latest: dict[str, pd.Timestamp] = {}
    for partition in store.list_partitions(asset):
        if partition.country is not None:
            latest[partition.country] = max(partition.month, latest.get(partition.country, partition.month))
    return latest


def read_months(
    store: TableStore,
    table: str,
    country: str,
    month: pd.Timestamp,
    count: int,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the stored months of a market's table among the ``count`` months up to one; may have no rows."""
    months = pd.date_range(end=month, periods=count, freq="MS")
    stored = [PartitionKey(at, country) for at in months if store.exists(table, PartitionKey(at, country))]
    if not stored:
        return pd.DataFrame(columns=["month", *(columns or [])])
    return store.read(table_specs()[table], stored, columns=columns)
