"""Work of ``forecast-assets doctor``: test connections, and compare the store with Dagster's log and MLflow's runs."""

import dagster as dg
import pandas as pd
import typer

from forecast_assets.cli.console import console, print_table, settings_or_exit
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_home
from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.cycle_calendar import closed_month
from forecast_assets.operations.health.connections import FAILS, WORKS, check_connections
from forecast_assets.operations.health.integrity import DAMAGED, verify_store
from forecast_assets.operations.health.unrecorded import record, unrecorded
from forecast_assets.operations.history.mlflow_gap import missing_runs, record_again, tracking_of
from forecast_assets.storage.opened import open_store

MONTHS_COMPARED = 2
SHOWN = 10


def run(*, record_events: bool, verify: bool) -> None:
    """Test every configured connection and print the results; exit with 1 if one fails or a file is damaged."""
    settings = settings_or_exit()
    require_folders(settings, Folder.LANDING, Folder.INSTANCE)
    prepare_home()
    connections = list(check_connections(settings))
    rows = [[each.name, each.where, each.state, each.result] for each in connections]
    print_table(f"connections of {settings.env}", ["name", "where", "state", "what to do"], rows)
    states = {each.name: each.state for each in connections}
    if states["store"] == states["Dagster"] == WORKS:
        _print_unrecorded(settings, record_events)
    if states["store"] == states["MLflow"] == WORKS:
        _print_missing_runs(settings, record_events)
    is_whole = _print_damage(settings) if verify and states["store"] == WORKS else True
    if FAILS in states.values() or not is_whole:
        raise typer.Exit(1)


def _print_damage(settings: Settings) -> bool:
    """Print every file of the store that is damaged or not the store's; return False if one is damaged."""
    verified = verify_store(open_store(settings))
    for finding in verified.findings:
        style = "red" if finding.state == DAMAGED else "yellow"
        line = f"{finding.path} is {finding.state}: {finding.problem}"
        console.print(line, style=style, markup=False, soft_wrap=True)
    console.print(f"{verified.files:,} files of the store were read, {len(verified.damaged):,} are damaged.")
    return not verified.damaged


def _print_unrecorded(settings: Settings, record_events: bool) -> None:
    last = closed_month(pd.Timestamp.now("UTC"), settings.automation.time_zone)
    months = [add_months(last, -back) for back in range(MONTHS_COMPARED)]
    with dg.DagsterInstance.get() as instance:
        missing = list(unrecorded(instance, open_store(settings), months))
        if record_events:
            for table, written in missing:
                record(instance, table, written)
    if not missing:
        console.print("Dagster knows every published partition.", markup=False)
        return
    named = ", ".join(f"{table} {written.partition}" for table, written in missing[:SHOWN])
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    done = "Recorded now" if record_events else "Published, but not in Dagster's event log (--record adds them)"
    console.print(f"{done}: {named}{more}", markup=False)


def _print_missing_runs(settings: Settings, record_runs: bool) -> None:
    """Print the recorded cycles that MLflow no longer has; with ``record_runs`` record them again."""
    store, tracking = open_store(settings), tracking_of(settings)
    missing = missing_runs(store, tracking)
    if not missing:
        console.print("MLflow has the run of every recorded cycle.", markup=False)
        return
    results = dict(record_again(store, tracking, missing)) if record_runs else dict.fromkeys(missing)
    done = "Recorded in MLflow again" if record_runs else "Recorded once, but no longer in MLflow (--record adds them)"
    written = [f"{run.cycle_id} {run.partition}" for run, problem in results.items() if problem is None]
    if written:
        more = f" and {len(written) - SHOWN} more" if len(written) > SHOWN else ""
        console.print(f"{done}: {', '.join(written[:SHOWN])}{more}", markup=False)
    for run, problem in results.items():
        if problem is not None:
            console.print(
                f"Not recorded again: {run.cycle_id} {run.partition}: {problem}", style="yellow", markup=False
            )
