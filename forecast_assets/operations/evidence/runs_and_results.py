"""Proofs about what runs and what comes of it: orchestration, training, metadata, monitoring, feedback."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandas as pd

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.alerts.records import UnreadableRecord
from forecast_assets.domain.evaluation.accuracy import bias, wape
from forecast_assets.operations.evidence.proof import Live, Principle, Proof, Row, rows_of
from forecast_assets.storage import PartitionKey
from forecast_assets.tracking.mlflow_runs import MlflowRuns
from forecast_assets.tracking.mlflow_tracking import MlflowTracking, TrackingUnavailable

RUNS = 50
CONTEST = [
    "country", "month", "outcome", "source", "verdict", "wape_challenger", "wape_champion", "wape_baseline",
    "bias_challenger", "scored_cells", "reason",
]  # fmt: skip


def orchestration(live: Live) -> Principle:
    """List the last runs, and schedules and sensors with their recorded ticks."""
    runs = [
        {
            "run_id": each.dagster_run.run_id, "job": each.dagster_run.job_name,
            "partition": each.dagster_run.tags.get("dagster/partition", ""), "status": each.dagster_run.status.value,
            "started": _time(each.start_time), "ended": _time(each.end_time),
        }
        for each in live.instance.get_run_records(limit=RUNS)
    ]  # fmt: skip
    repository = live.definitions.get_repository_def()
    automation = [{"name": each.name, "when": str(each.cron_schedule)} for each in repository.schedule_defs]
    automation += [
        {"name": each.name, "when": f"every {each.minimum_interval_seconds} s"} for each in repository.sensor_defs
    ]
    states = {each.instigator_name: each.status.value for each in live.instance.all_instigator_state()}
    automation = [{**row, "state": states.get(row["name"], "never ticked here")} for row in automation]
    return Principle(
        2, "Workflow orchestration", ("Dagster assets, jobs, schedule and sensors",),
        (
            Proof("Last runs", f"dagster run list --limit {RUNS}", runs),
            Proof("Schedules and sensors", "DagsterInstance.all_instigator_state, for those of the code location",
                  automation),
        ),
    )  # fmt: skip


def training(live: Live) -> Principle:
    """List each trained model, and each contest between challenger and champion."""
    models = [
        {"partition": str(partition), "run_id": stored.run_id, "trained_at": stored.written_at,
         "content_hash": stored.content_hash, "configuration": stored.configuration}
        for partition in live.store.list_partitions("model")[-RUNS:]
        for stored in [live.store.provenance("model", partition)]
    ]  # fmt: skip
    contests = live.read("champion")
    return Principle(
        6, "Continuous training and evaluation", ("model per market and month", "backtest", "champion and challenger"),
        (
            Proof("Models by market and month", "provenance of model", models),
            Proof("Contests on the backtest", "table champion", [] if contests.empty else rows_of(contests[CONTEST])),
        ),
    )  # fmt: skip


def metadata(live: Live) -> Principle:
    """Read the records of the latest cycle in MLflow, and count Dagster's events of its runs."""
    recorded, events = [], []
    tracking = MlflowTracking(tracking_uri=live.settings.mlflow.tracking_uri, experiment_name="")
    for partition in live.latest():
        stored = live.store.provenance("published_forecasts", partition)
        run = MlflowRuns(live.store).of(partition, stored)
        if run and tracking.tracking_uri:
            row = {"partition": str(partition), "mlflow_run_id": run["mlflow_run_id"]}
            recorded.append({**row, **_described(tracking, run["mlflow_run_id"])})
        if live.instance.has_run(stored.run_id):
            logged = live.instance.all_logs(stored.run_id)
            events.append({"partition": str(partition), "run_id": stored.run_id, "events": len(logged)})
    return Principle(
        7, "Metadata tracking and logging", ("MLflow", "Dagster's event log", "provenance in every file"),
        (
            Proof("Runs of the latest cycle in MLflow", "MlflowClient.get_run", recorded),
            Proof("Events of the runs that published", "DagsterInstance.all_logs", events),
        ),
    )  # fmt: skip


def monitoring(live: Live) -> Principle:
    """List the checks of the latest publications, the realised accuracy by month, and every incident."""
    checks = [
        {"partition": str(partition), "run_id": run_id, "asset": each.asset_key.to_user_string(),
         "check": each.check_name, "passed": each.passed, "severity": each.severity.value}
        for partition, run_id in _publishing_runs(live)
        for entry in live.instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        if entry.dagster_event
        for each in [entry.dagster_event.asset_check_evaluation_data]
    ]  # fmt: skip
    return Principle(
        8, "Continuous monitoring", ("checks of every table", "table performance", "KPI alarms"),
        (
            Proof("Checks in the runs that published last", "ASSET_CHECK_EVALUATION events of these runs", checks),
            Proof("Realised accuracy of what was published, by market, month and lag", "table performance",
                  _realised(live.read("performance"))),
            Proof("Incidents as they opened and ended", "<store>/_alerts/events", list(_incidents(live))),
        ),
    )  # fmt: skip


def feedback(live: Live) -> Principle:
    """Join each opened incident of a market with the tunings and contests of that market from its month on."""
    tuned, contests = live.read("tuned_recipe"), live.read("champion")
    followed = []
    for incident in _incidents(live):
        if incident["what"] != "opened" or not incident["market"]:
            continue
        after = {
            "tuned": _since(tuned, incident, "role"),
            "contests": _since(contests, incident, "outcome"),
        }
        followed.append({**incident, **after})
    performance = live.read("performance")
    returned: list[Row] = []
    if not performance.empty:
        pairs = performance.groupby(["country", "origin_month", "month"], as_index=False).agg(skus=("sku", "nunique"))
        returned = rows_of(pairs)
    return Principle(
        9, "Feedback loops", ("alarms start tunings", "contests decide on them", "sell-in returns as performance"),
        (
            Proof("Alarms and what followed", "<store>/_alerts/events with tables tuned_recipe and champion", followed),
            Proof("Forecasts that the sell-in of a later month was compared with", "table performance", returned),
        ),
    )  # fmt: skip


def _publishing_runs(live: Live) -> list[tuple[PartitionKey, str]]:
    pairs = [(each, live.store.provenance("published_forecasts", each).run_id) for each in live.latest()]
    return [(partition, run_id) for partition, run_id in pairs if live.instance.has_run(run_id)]


def _described(tracking: MlflowTracking, run_id: str) -> dict[str, str | int]:
    try:
        return tracking.described_run(run_id)
    except TrackingUnavailable as error:
        return {"status": str(error)}


def _realised(performance: pd.DataFrame) -> list[Row]:
    if performance.empty:
        return []
    rows: list[Row] = []
    for keys, cells in performance.groupby(["country", "month", "lag_months"]):
        country, month, lag_months = keys
        actual, published = cells["actual_units"].to_numpy(), cells["published_units"].to_numpy()
        named = {"market": country, "month": f"{month:%Y-%m}", "lag_months": lag_months, "skus": len(cells)}
        rows.append({**named, "wape": wape(actual, published), "bias": bias(actual, published)})
    return rows


def _incidents(live: Live) -> Iterator[dict[str, Any]]:
    outbox = Outbox.of(live.settings)
    for event in outbox.readable(sorted(outbox.events.names())):
        if isinstance(event, UnreadableRecord) or "incident" not in event:
            continue
        incident = event["incident"]
        yield {
            "at": event["at"], "what": event["what"], "kind": incident["kind"], "market": incident["country"],
            "subject": incident["subject"], "month": incident["month"], "severity": incident["severity"],
            "headline": incident["headline"], "run_id": incident["run_id"],
        }  # fmt: skip


def _since(table: pd.DataFrame, incident: dict[str, Any], column: str) -> str:
    if table.empty:
        return ""
    is_later = (table["country"] == incident["market"]) & (table["month"] >= pd.Timestamp(incident["month"]))
    rows = table[is_later].drop_duplicates(["month", column])
    return ", ".join(f"{row.month:%Y-%m} {getattr(row, column)}" for row in rows.itertuples())


def _time(seconds: float | None) -> str:
    return "" if seconds is None else pd.Timestamp(seconds, unit="s", tz="UTC").isoformat(timespec="seconds")
