"""Work of ``forecast-assets withdraw``: take a publication back or restore it, and run what follows from that."""

import dagster as dg
import pandas as pd
import typer

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import RunLog, console, countries_or_exit, month_argument, settings_or_exit
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.config.settings import Settings
from forecast_assets.market_state.market_lease import MarketBusy
from forecast_assets.market_state.published_months import TABLE
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.operations.history.withdraw import (
    NotPossible,
    Order,
    Outcome,
    close_incidents,
    restore,
    steps_after,
    tell_dagster,
    withdraw,
)
from forecast_assets.operations.history.withdrawn_sums import sums_after, withdraw_sums
from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import LeaseLost
from forecast_assets.storage.opened import open_store


def run(country: str, month: str, reason: str, author: str, *, undo: bool) -> None:
    """Withdraw or restore a publication; exit with 2 if that is not possible, with 1 if a run after it failed."""
    settings = settings_or_exit()
    (code,) = countries_or_exit(settings, [country])
    if not reason.strip():
        raise typer.BadParameter("--reason must not be empty: it is all that is known of the withdrawal later")
    order = Order(code, month_argument(month), author, reason.strip(), pd.Timestamp.now("UTC"))
    require_folders(settings, Folder.STORE, Folder.INSTANCE)
    store = open_store(settings)
    try:
        outcome = (restore if undo else withdraw)(store, order, settings.store.lease_seconds)
    except NotPossible as error:
        raise typer.BadParameter(str(error)) from error
    except (MarketBusy, LeaseLost) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    _print(order, outcome, undo=undo)
    prepare_instance()
    if not undo:
        close_incidents(Outbox.of(settings), settings, order)
    with dg.DagsterInstance.get() as instance:
        tell_dagster(instance, store, order, outcome, undo=undo)
    _take_sums_back(settings, store, order)
    _run_steps(settings, store, order, outcome)


def _print(order: Order, outcome: Outcome, *, undo: bool) -> None:
    """Print what was taken back or restored, and which statuses followed."""
    verb = "restored" if undo else "withdrawn"
    month = f"{order.country} {order.month:%Y-%m}"
    for table, withdrawal in outcome.withdrawals.items():
        version = withdrawal.version.removesuffix(".parquet")
        # A command that is repeated completes what an interrupted one began.
        was = (
            "" if undo or withdrawal.withdrawn_at == order.now.isoformat() else f" by {withdrawal.withdrawn_by} before"
        )
        console.print(f"{verb}{was}: {table} {month}, version {version}", markup=False, soft_wrap=True)
    if not outcome.withdrawals:
        console.print(f"{month} is published as before; what follows from it is done again", markup=False)
    for change in outcome.changes:
        console.print(
            f"status of {order.country} {change.month:%Y-%m}: {change.before} becomes {change.after}", markup=False
        )


def _take_sums_back(settings: Settings, store: TableStore, order: Order) -> None:
    """Take back the sums over markets if the month has no published market left; exit with 1 if a run writes them."""
    try:
        withdrawals = withdraw_sums(store, order, settings.store.lease_seconds)
    except (MarketBusy, LeaseLost) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    for table in withdrawals:
        console.print(f"withdrawn: {table} {order.month:%Y-%m}, no market of it is published", markup=False)


def _run_steps(settings: Settings, store: TableStore, order: Order, outcome: Outcome) -> None:
    """Measure, render reports and sum over markets again; exit with 1 and the next step if a run failed."""
    report = RunLog()
    failed = []
    of_market = [(order.country, step) for step in steps_after(store, order, outcome)]
    for country, step in [*of_market, *((None, step) for step in sums_after(store, order))]:
        report(country, step.job, step.months, None)
        result = launch(load_code_location, step.job, country, step.months, assets=step.assets)
        report(country, step.job, step.months, result)
        if not result.succeeded:
            failed.append(f"{step.job} of {step.months}")
    if failed:
        console.print(
            f"{TABLE} of {order.country} {order.month:%Y-%m} is done, but failed: {'; '.join(failed)}. Correct the "
            "cause and repeat the command", style="red", markup=False, soft_wrap=True,
        )  # fmt: skip
        raise typer.Exit(1)
