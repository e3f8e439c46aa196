"""Work of ``forecast-assets replay``: rebuild a past cycle from its recorded inputs and compare the tables."""

import tempfile
from collections import Counter
from pathlib import Path

import typer

from forecast_assets.cli.code_location import build_code_location, load_code_location
from forecast_assets.cli.console import console, countries_or_exit, print_table, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.cli.version_arguments import listed
from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.suggestions import did_you_mean
from forecast_assets.operations.backfill.asset_nodes import AssetNode, asset_nodes
from forecast_assets.operations.backfill.deliveries import Deliveries
from forecast_assets.operations.history.differences import TableDifference
from forecast_assets.operations.history.historical_store import RecordedVersions
from forecast_assets.operations.history.replay import (
    DIFFERENT,
    IDENTICAL,
    NOT_POSSIBLE,
    Outcome,
    Replay,
    Target,
    code_and_configuration_changes,
    cycle_targets,
    month_of_cycle,
    pruned_targets,
)
from forecast_assets.operations.history.source_changes import source_changes
from forecast_assets.storage import PartitionKey, TableStore

STYLES = {IDENTICAL: "green", DIFFERENT: "red", NOT_POSSIBLE: "yellow"}
SHOWN_COLUMNS = 5
SHOWN_TEXT = 60


def run(cycle: str, codes: list[str], keep: Path | None) -> None:
    """Rebuild a cycle and print the comparison; exit with 0 if identical, 1 if not, 2 if a table cannot be rebuilt."""
    settings = settings_or_exit()
    store = existing_store(settings)
    versions, nodes = RecordedVersions(store), asset_nodes(load_code_location())
    countries = countries_or_exit(settings, codes) if codes else list(settings.market_table)
    asked_for = [*([] if codes else [None]), *countries]
    targets, lost = _targets_or_exit(versions, nodes, cycle, asked_for)
    for line in code_and_configuration_changes(settings, targets):
        console.print(line, style="yellow", markup=False)
    changes = source_changes(versions, Deliveries(settings), nodes, cycle, month_of_cycle(cycle), countries)
    for line in changes:
        console.print(f"{line}. The replay starts from the tables as stored.", style="dim", markup=False)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = _empty_folder_or_exit(keep) if keep else temporary
        outcomes = _replayed(settings, store, scratch, versions, targets)
    for line in lost:
        console.print(f"{line}: not possible", style=STYLES[NOT_POSSIBLE], markup=False)
    code = _print_summary(cycle, outcomes, keep)
    raise typer.Exit(2 if lost else code)


def _targets_or_exit(
    versions: RecordedVersions, nodes: dict[str, AssetNode], cycle: str, countries: list[str | None]
) -> tuple[list[Target], list[str]]:
    """Return the tables that can be rebuilt, and descriptions of those that were pruned."""
    try:
        targets = cycle_targets(versions, nodes, cycle, countries)
        lost = pruned_targets(versions, nodes, cycle, countries)
        month = month_of_cycle(cycle)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if targets or lost:
        return targets, lost
    known = {
        version.provenance.cycle_id
        for at in (month, add_months(month, -1), add_months(month, 1))
        for asset in ("published_forecasts", "features")
        for code in countries
        if code is not None
        for version in versions.of(asset, PartitionKey(at, code))
    }
    there = f"; there are {listed(sorted(known))}" if known else ""
    raise typer.BadParameter(
        f"nothing was published in cycle {cycle}{did_you_mean(cycle, sorted(known), opening=', did you mean')}{there}"
    )


def _empty_folder_or_exit(folder: Path) -> str:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise typer.BadParameter(f"--keep {folder} is not empty: name a folder that is, or a new one")
    return str(folder)


def _replayed(
    settings: Settings, store: TableStore, scratch: str, versions: RecordedVersions, targets: list[Target]
) -> list[Outcome]:
    outcomes = []
    for outcome in Replay(settings, build_code_location, store, scratch, versions).run(targets):
        where = outcome.target.partition.country or "all markets"
        console.print(f"{where:12} {outcome.target.asset:20} {outcome.state}", style=STYLES[outcome.state])
        for reason in outcome.reasons:
            console.print(f"  {reason}", style=STYLES[outcome.state], markup=False)
        if outcome.difference:
            _print_difference(outcome.difference)
        outcomes.append(outcome)
    return outcomes


def _print_difference(difference: TableDifference) -> None:
    counts = {"rows only then": difference.only_before, "rows only now": difference.only_now}
    for text, count in counts.items():
        if count:
            console.print(f"  {count:,} {text}", markup=False)
    for text, names in (("columns only then", difference.missing), ("columns only now", difference.new)):
        if names:
            console.print(f"  {text}: {listed(names)}", markup=False)
    if not difference.columns:
        return
    rows = [
        [
            each.column, f"{each.cells:,}", "-" if each.largest is None else f"{each.largest:.6g}",
            "\n".join(f"{key}: {_short(before)} -> {_short(now)}" for key, before, now in each.first),
        ]
        for each in difference.columns[:SHOWN_COLUMNS]
    ]  # fmt: skip
    print_table("  cells that differ", ["column", "cells", "largest difference", "first: then -> now"], rows)
    if len(difference.columns) > SHOWN_COLUMNS:
        console.print(f"  and {len(difference.columns) - SHOWN_COLUMNS} more columns", markup=False)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}..."


def _print_summary(cycle: str, outcomes: list[Outcome], keep: Path | None) -> int:
    """Print the number of tables by outcome; return the exit code."""
    counts = Counter(outcome.state for outcome in outcomes)
    states = ", ".join(f"{counts[state]} {state}" for state in STYLES if counts[state])
    console.print(f"{cycle}: {len(outcomes)} tables, {states}", markup=False)
    if keep:
        console.print(f"The rebuilt tables are kept in {keep}", markup=False)
    return 2 if counts[NOT_POSSIBLE] else 1 if counts[DIFFERENT] else 0
