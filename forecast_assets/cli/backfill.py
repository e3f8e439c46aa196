"""Work of ``forecast-assets backfill``: print the plan, run it, and print the outcome."""

import dagster as dg
import pandas as pd
import typer

from forecast_assets.cli.backfill_tables import print_outcome, print_plan
from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    RunLog,
    closed_month_argument,
    console,
    countries_or_exit,
    settings_or_exit,
)
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance, prepare_store
from forecast_assets.config.settings import Settings
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.operations.backfill.asset_nodes import SelectionError, asset_nodes, selected_assets
from forecast_assets.operations.backfill.backfill import Backfill
from forecast_assets.operations.backfill.backfill_plan import BackfillPlan, BackfillRequest, Scope, plan_backfill
from forecast_assets.operations.backfill.backfill_record import BackfillRecord, close_record, open_record
from forecast_assets.operations.backfill.deliveries import Deliveries
from forecast_assets.operations.backfill.durations import estimated, past_durations
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.operations.cycle.processes import Processes
from forecast_assets.storage.opened import open_store


def run(
    first: str, to: str, codes: list[str], *, all_markets: bool, assets: str, plan: bool, include_frozen: bool
) -> None:
    """Print the plan, run it unless it touches closed months without leave, and exit with 1 if a month failed."""
    settings = settings_or_exit()
    require_folders(settings, Folder.LANDING, Folder.INSTANCE)
    prepare_store(settings)
    prepare_instance()
    scope, staleness = _scope(settings, _request(settings, codes, all_markets, first, to, assets, include_frozen))
    published = PublishedMonths(open_store(settings))
    planned = plan_backfill(settings, scope, staleness, published.is_closed)
    processes = Processes(len(planned.request.countries), load_code_location)
    with dg.DagsterInstance.get() as instance:
        estimate = estimated(planned.rebuilt, scope.nodes, past_durations(instance), processes.count)
    print_plan(planned, estimate)
    if plan:
        return
    if planned.frozen and not include_frozen:
        console.print(
            "Rejected: the months above are published and closed. Nothing was run. To reopen them, add "
            "--include-frozen; to leave them, start later or choose other assets.", style="red", markup=False,
        )  # fmt: skip
        raise typer.Exit(2)
    if not _run(settings, scope, staleness, planned, processes):
        raise typer.Exit(1)


def _request(
    settings: Settings, codes: list[str], all_markets: bool, first: str, to: str, assets: str, frozen: bool
) -> BackfillRequest:
    if bool(codes) == all_markets:
        raise typer.BadParameter("name markets with --country, or take all with --all: one of the two")
    first_month, last_month = (closed_month_argument(text, settings.automation.time_zone) for text in (first, to))
    if first_month > last_month:
        raise typer.BadParameter(f"--from {first} lies after --to {to}")
    try:
        chosen = selected_assets(load_code_location(), assets)
    except SelectionError as error:
        raise typer.BadParameter(str(error)) from error
    return BackfillRequest(tuple(countries_or_exit(settings, codes)), first_month, last_month, tuple(chosen), frozen)


def _scope(settings: Settings, request: BackfillRequest) -> tuple[Scope, Staleness]:
    nodes = asset_nodes(load_code_location())
    staleness = Staleness(open_store(settings), settings, nodes, Deliveries(settings))
    return Scope(settings, nodes, request, staleness.recorded), staleness


def _run(settings: Settings, scope: Scope, staleness: Staleness, planned: BackfillPlan, processes: Processes) -> bool:
    """Run the plan and print its outcome; return True if every partition was rebuilt."""
    store = open_store(settings)
    record, goes_on = open_record(store, planned.request, _cycle_ids(staleness, planned.frozen))
    if goes_on:
        console.print(f"Continues the backfill started {record.started_at}.", markup=False)
    work = _backfill(settings, scope, staleness, planned, record)
    with processes:
        work.run(processes, RunLog())
    print_outcome(planned, work)
    landed = not any(outcome.failure for outcome in work.outcomes)
    if landed:
        close_record(store, record)
    return landed


def _backfill(
    settings: Settings, scope: Scope, staleness: Staleness, planned: BackfillPlan, record: BackfillRecord
) -> Backfill:
    return Backfill(
        scope, staleness,
        env=settings.env, backfill_id=record.id, frozen=planned.frozen, revision=record.revision,
    )  # fmt: skip


def _cycle_ids(staleness: Staleness, frozen: dict[str, list[pd.Timestamp]]) -> list[str]:
    """Return the cycle ids under which the frozen months are published."""
    return [
        staleness.recorded.of("published_forecasts", code)[month].cycle_id
        for code, months in frozen.items()
        for month in months
    ]
