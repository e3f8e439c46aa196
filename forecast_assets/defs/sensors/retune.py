"""Sensor that retunes markets whose figures raised an alarm, within a budget, and reports the outcome.

The outcome is a ``tuned_recipe`` like any other: it is the challenger of the market's next cycle, where the rule of
``domain/selection/champion.py`` decides. Each tick reads instance, outbox and store; no state is kept in between.
"""

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.defs import jobs
from forecast_assets.defs.schedules import default_status, is_forecast
from forecast_assets.defs.sensors.markets_to_retune import AlarmedMarket, markets_to_retune
from forecast_assets.defs.sensors.retune_outcomes import report_outcomes
from forecast_assets.domain.anchors import MONTHS_BACK
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.cycle_calendar import cycle_id_of, deadline_at, due_month
from forecast_assets.domain.monitoring.kpi_alarms import BIAS, BIAS_SAME_SIGN, WAPE, WORSE_THAN_BASELINE
from forecast_assets.domain.selection.tuning import MONTHS_LEFT_TO_THE_GATE
from forecast_assets.partitions import market_of_run, partition_key
from forecast_assets.storage import ListedOnce, TableReader
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import ALARMS_TAG, BUDGET_TAG, CYCLE_ID_TAG, PRIORITY_TAG, RETUNE_TAG, STARTED_BY_TAG

RETUNE = "retune"
KPI_KINDS = {WAPE, BIAS, WORSE_THAN_BASELINE, BIAS_SAME_SIGN}
# After cycles, runs over all markets and runs that people start.
PRIORITY_OF_RETUNES = "-10"
# Performance is judged by another sensor within a few of its ticks; until then the worst markets are not known.
SECONDS_TO_JUDGE = 600
SECONDS_BETWEEN_TICKS = 300
# The latest origin that a search scores, and one before it to learn from.
LEAST_MONTHS_OF_FEATURES = MONTHS_LEFT_TO_THE_GATE + min(MONTHS_BACK) + 1
TAG_LENGTH = 500


def build_retune_sensor(settings: Settings) -> dg.SensorDefinition:
    """Build the sensor of a company."""

    @dg.sensor(
        name=RETUNE,
        jobs=[jobs.tune],
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus[default_status(settings)],
        description="Retunes markets whose WAPE or bias raised an alarm: once a month each, within a budget.",
    )
    def retune(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        now = pd.Timestamp.now("UTC")
        requests, why = retunes(settings, context.instance, now)
        report_outcomes(settings, context.instance, due_month(now, settings.automation.time_zone))
        return requests or dg.SkipReason(why)

    return retune


def retunes(settings: Settings, instance: dg.DagsterInstance, now: pd.Timestamp) -> tuple[list[dg.RunRequest], str]:
    """Return the runs to start now, and why there are no more.

    The budget is spent once the month's alarms are known: all markets have published, or the deadline of deliveries has
    passed. New performance must have been judged, too. The rest of the budget serves markets that come later.
    """
    if not settings.automation.retune_trials:
        return [], "Automatic retuning is off: FORECAST_RETUNE_TRIALS is 0."
    month, store = due_month(now, settings.automation.time_zone), ListedOnce(open_store(settings))
    why = _why_not_yet(settings, instance, store, month, now)
    if why:
        return [], why
    cycle_id = cycle_id_of(settings.env, month)
    runs = instance.get_runs(dg.RunsFilter(job_name=jobs.tune.name, tags={RETUNE_TAG: cycle_id}))
    # By market: a run that Dagster started again after its process died is the same tuning.
    used = {market_of_run(run.tags) for run in runs}
    alarmed = [market for market in _alarmed(settings, store, month) if market.code not in used]
    budget = settings.automation.retunes_per_month
    chosen = markets_to_retune(alarmed, month, budget - len(used))
    left = ", ".join(sorted({market.code for market in alarmed} - {market.code for market in chosen})) or "none"
    words = f"{month:%Y-%m}: {len(used)} of {budget} re-tunes used; other markets in alarm: {left}."
    return [
        _request(settings, market, month, len(used) + number) for number, market in enumerate(chosen, start=1)
    ], words


def _why_not_yet(
    settings: Settings, instance: dg.DagsterInstance, store: TableReader, month: pd.Timestamp, now: pd.Timestamp
) -> str:
    """Return the reason why the worst markets cannot be chosen yet; empty if they can."""
    published = _published(store, month)
    out = [m.code for m in settings.market_table.values() if is_forecast(m, month) and m.code not in published]
    if out and now <= deadline_at(month, settings.automation.time_zone, settings.automation.arrival_deadline_days):
        return f"{month:%Y-%m}: {', '.join(out[:10])} may still publish; then the worst markets are known."
    for latest in instance.fetch_materializations(dg.AssetKey("performance"), limit=1).records:
        if now.timestamp() - latest.timestamp < SECONDS_TO_JUDGE:
            return f"{month:%Y-%m}: performance has just been measured and is being judged."
    return ""


def _published(store: TableReader, month: pd.Timestamp) -> set[str | None]:
    return {key.country for key in store.list_partitions("published_forecasts") if key.month == month}


def _alarmed(settings: Settings, store: TableReader, month: pd.Timestamp) -> list[AlarmedMarket]:
    """Return the markets with an open alarm that have published the month and are old enough to be tuned."""
    published = _published(store, month)
    tuned: dict[str | None, pd.Timestamp] = {}
    old_enough: set[str | None] = set()
    for key in store.list_partitions("tuned_recipe"):
        if key.month <= month:
            tuned[key.country] = max(key.month, tuned.get(key.country, key.month))
    for key in store.list_partitions("features"):
        if key.month <= add_months(month, -LEAST_MONTHS_OF_FEATURES):
            old_enough.add(key.country)
    alarms: dict[str, list[Incident]] = {}
    for incident in Outbox.of(settings).open_incidents():
        market = settings.market_table.get(incident.country or "")
        if incident.kind in KPI_KINDS and market and is_forecast(market, month):
            alarms.setdefault(market.code, []).append(incident)
    return [
        AlarmedMarket(code, tuple(incidents), tuned.get(code))
        for code, incidents in alarms.items()
        if code in published & old_enough
    ]


def _request(settings: Settings, market: AlarmedMarket, month: pd.Timestamp, number: int) -> dg.RunRequest:
    """Return a tuning of the month under the market's one key.

    The queue keeps it apart from the market's cycle by the tag of its partition. It has no tag of the market, so
    ``arrivals`` does not wait for it.
    """
    cycle_id = cycle_id_of(settings.env, month)
    return dg.RunRequest(
        run_key=f"{RETUNE}:{cycle_id}:{market.code}",
        job_name=jobs.tune.name,
        partition_key=partition_key(month, market.code),
        run_config={"ops": {"tuned_recipe": {"config": {"trials": settings.automation.retune_trials}}}},
        tags={
            **settings.automation.tags_of_runs(settings.market_table[market.code].machine),
            CYCLE_ID_TAG: cycle_id,
            STARTED_BY_TAG: RETUNE,
            RETUNE_TAG: cycle_id,
            ALARMS_TAG: market.in_words[:TAG_LENGTH],
            BUDGET_TAG: f"{number} of {settings.automation.retunes_per_month}",
            PRIORITY_TAG: PRIORITY_OF_RETUNES,
        },
    )
