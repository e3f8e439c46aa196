"""Proofs about code and data: automation, reproducibility, versioning, collaboration. Most are in the store."""

import hashlib
from pathlib import Path

import pandas as pd

import forecast_assets
from forecast_assets.alerts.records import Records
from forecast_assets.operations.evidence.proof import Live, Principle, Proof, Row, rows_of
from forecast_assets.operations.history.replay import DIFFERENT, IDENTICAL
from forecast_assets.storage import git_sha
from forecast_assets.storage.code_version import code_version

PROJECT = Path(forecast_assets.__file__).parents[1]
PIPELINE = ("azure-pipelines.yml", ".ci/run", "Makefile", "Dockerfile", "deploy/azure/platform.json")
# From the delivery to what readers get.
VERSIONED = ("sell_in", "features", "model", "champion", "published_forecasts")


def automation(live: Live) -> Principle:
    """Compare the running code with the code of the latest tables; digest the files of the pipeline."""
    latest, commit = live.latest(), git_sha()
    provenance = [(partition, live.store.provenance("published_forecasts", partition)) for partition in latest]
    commits = [
        {"partition": str(each), "git_sha": stored.git_sha, "running_git_sha": commit, "written_at": stored.written_at}
        for each, stored in provenance
    ]
    files = [
        {"file": name, "sha256": hashlib.sha256((PROJECT / name).read_bytes()).hexdigest()}
        for name in PIPELINE
        if (PROJECT / name).is_file()
    ]
    return Principle(
        1, "CI/CD automation", ("azure-pipelines.yml", ".ci/run", "one image for every process", "code versions"),
        (
            Proof("Commit of the running code and of the published forecasts", "provenance of published_forecasts",
                  commits),
            Proof("Code version of each table: as recorded, and of the running code",
                  "code_version of the table's asset, beside the provenance of its latest partition", _codes(live)),
            Proof("Files of the pipeline that stand beside the code", "sha256sum " + " ".join(PIPELINE), files),
        ),
    )  # fmt: skip


def reproducibility(live: Live) -> Principle:
    """Rebuild the latest cycle of the market with the fewest rows now, and compare its tables by content."""
    rows: list[Row] = []
    smallest = min(
        live.latest(), key=lambda each: live.store.provenance("published_forecasts", each).rows, default=None
    )
    command = "forecast-assets replay"
    if smallest is not None and smallest.country is not None:
        stored = live.store.provenance("published_forecasts", smallest)
        command = f"forecast-assets replay --cycle {stored.cycle_id} --country {smallest.country}"
        for outcome in live.replay(stored.cycle_id, smallest.country):
            recorded = outcome.target.version.provenance
            rows.append({
                "table": outcome.target.asset, "partition": str(outcome.target.partition), "result": outcome.state,
                "content_hash": recorded.content_hash, "recorded_by_run": recorded.run_id,
                "reasons": "; ".join(outcome.reasons),
            })  # fmt: skip
    # A table of other code or settings cannot come out the same. One that could, must.
    results = {row["result"] for row in rows}
    holds = IDENTICAL in results and DIFFERENT not in results
    return Principle(
        3, "Reproducibility", ("recorded inputs by content hash", "seeds", "forecast-assets replay"),
        (Proof("Tables of a past cycle, rebuilt now from their recorded inputs", command, rows, holds),),
    )  # fmt: skip


def versioning(live: Live) -> Principle:
    """List every version of one market's latest partitions, and the inputs of its forecast."""
    latest = live.latest()[:1]
    versions = [
        {
            "table": table, "partition": str(partition), "version": each.name, "published": each.is_published,
            "replaces": each.provenance.previous_version, "content_hash": each.provenance.content_hash,
            "git_sha": each.provenance.git_sha, "code_version": each.provenance.code_version,
            "configuration": each.provenance.configuration, "rows": each.provenance.rows,
            "written_at": each.provenance.written_at,
        }
        for partition in latest
        for table in VERSIONED
        for each in live.store.versions(table, partition)
    ]  # fmt: skip
    inputs = [
        {"forecast": str(partition), "input": table, "partition": key, "content_hash": content}
        for partition in latest
        for table, partitions in live.store.provenance("published_forecasts", partition).inputs.items()
        for key, content in partitions.items()
    ]
    return Principle(
        4, "Versioning of data, code and model", ("versions in the store", "code versions", "git"),
        (
            Proof("Versions from the delivery to the published forecast, model included",
                  "forecast-assets versions TABLE --month MONTH --country CODE", versions),
            Proof("Inputs of the published forecast by content", "provenance of published_forecasts, inputs", inputs),
        ),
    )  # fmt: skip


def collaboration(live: Live) -> Principle:
    """List what people entered and decided, and whom alerts of each market reach."""
    overrides, refused = live.read("overrides"), live.read("refused_recipe")
    markets = [
        {"market": each.code, "stage": each.stage, "language": each.language, "teams_channel": each.teams_channel or ""}
        for each in live.settings.market_table.values()
    ]
    by_author: list[Row] = []
    if not overrides.empty:
        named = overrides.assign(author=overrides["author"].fillna(""), reason=overrides["reason"].fillna(""))
        by_author = rows_of(named.groupby(["country", "month", "author", "reason"]).size().reset_index(name="entries"))
    channels = pd.Series([name.split("/")[0] for name in _messages(live)], dtype=object).value_counts()
    return Principle(
        5, "Collaboration", ("overrides workbook", "Teams channels per market", "champion decisions with author"),
        (
            Proof("Numbers that planners changed, by author and reason", "table overrides", by_author),
            Proof("Recipes that people rejected", "table refused_recipe", [] if refused.empty else rows_of(refused)),
            Proof("Markets and the channel of their alerts", "FORECAST_MARKETS", markets),
            Proof("Files of the outbox by channel", "<store>/_alerts/messages",
                  [{"channel": name, "files": int(count)} for name, count in channels.items()]),
        ),
    )  # fmt: skip


def _codes(live: Live) -> list[Row]:
    rows: list[Row] = []
    for partition in live.latest()[:1]:
        for table in VERSIONED:
            if live.store.exists(table, partition):
                recorded, now = live.store.provenance(table, partition).code_version, code_version(table)
                rows.append({"table": table, "recorded": recorded, "running": now, "same": recorded == now})
    return rows


def _messages(live: Live) -> list[str]:
    return sorted(Records(live.store, "messages").names())
