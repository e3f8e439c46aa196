"""From verdicts to incidents in the outbox, market by market: what both sensors of figures share.

At least once: the cursor moves only when a tick has ended well, after the outbox holds what follows from its events.
What was in the outbox already is not announced again.
"""

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

Judge = Callable[[TableStore, Market, pd.Timestamp], Sequence[AlarmVerdict]]
CRITICAL = {"source_missing"}
# A partition that cannot be read, or has not the columns it should have.
UNREADABLE = (OSError, ValueError, LookupError)


def report_new_verdicts(
    context: dg.SensorEvaluationContext, settings: Settings, sensor: str, asset: str, judge: Judge
) -> dg.SensorResult:
    """Judge the latest month of every market with new partitions of an asset, and keep what is to be told.

    The latest month, whichever was made: an incident is about how a market stands now, and a backfill of past months
    must not announce what is long over. Retired markets and those no longer listed are passed over. A market whose
    tables cannot be read becomes an incident of its own and stops nobody else.
    """
    new = new_partitions(context.instance, asset, context.cursor)
    outbox, store = Outbox.of(settings), open_store(settings)
    latest = _latest_months(store, asset) if new.run_by_country else {}
    said, not_decided = [], 0
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
            why = (("error", f"{type(error).__name__}: {error}"[:300]),)
            outbox.report([Incident(**{**vars(failure), "facts": why})], cycle_id)
            continue
        incidents = [_incident(verdict, market, month, asset, run_id) for verdict in verdicts]
        alarms = [incident for incident, verdict in zip(incidents, verdicts, strict=True) if verdict.is_alarm]
        fine = [
            incident.key for incident, verdict in zip(incidents, verdicts, strict=True) if verdict.is_alarm is False
        ]
        outbox.report(alarms, cycle_id)
        outbox.close([*fine, failure.key], cycle_id)
        not_decided += sum(verdict.is_alarm is None for verdict in verdicts)
        said += [f"{country}: {incident.headline}" for incident in alarms]
    return dg.SensorResult(skip_reason=_reason(new, asset, said, not_decided), cursor=new.cursor)


def _reason(new: NewPartitions, asset: str, said: list[str], not_decided: int) -> str:
    """What the tick's row in the UI says."""
    if not new.run_by_country:
        return f"No new partitions of {asset}."
    rest = "" if new.is_all else " More markets follow in the next tick."
    found = f"{len(new.run_by_country)} markets judged, {len(said)} alarms, {not_decided} rules not decided.{rest}"
    return "\n".join([found, *said[:20]])


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
    for place in store.list_partitions(asset):
        if place.country is not None:
            latest[place.country] = max(place.month, latest.get(place.country, place.month))
    return latest


def read_months(
    store: TableStore,
    table: str,
    country: str,
    month: pd.Timestamp,
    count: int,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The months of a table of a market that are stored, of the given number that ends with a month; may be none."""
    months = pd.date_range(end=month, periods=count, freq="MS")
    places = [PartitionKey(at, country) for at in months if store.exists(table, PartitionKey(at, country))]
    if not places:
        return pd.DataFrame(columns=["month", *(columns or [])])
    return store.read(table, places, columns=columns)
