"""Work of ``forecast-assets override import``: show what a workbook changes, deliver it, and run what follows."""

from pathlib import Path

import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import RunLog, console, print_table, settings_or_exit
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.operations.overrides.import_workbook import ImportRefused, OverrideImport, check_import, deliver
from forecast_assets.reports.override_reader import WorkbookError, read_override_workbook
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import INGEST, REPUBLISH

NUMBERS = ("model_units", "before_units", "override_units")
COLUMNS = ["SKU", "month", "model", "now", "new", "change", "why"]
# What is built again after a delivery of overrides: the job and its assets, in order.
STEPS_AFTER = (
    (INGEST, ("overrides",)),
    (REPUBLISH, ("published_forecasts", "market_report", "mlflow_run")),
)


def run_import(file: Path, author: str, *, run: bool, dry_run: bool) -> None:
    """Import a workbook; exit with 2 if that is not possible, with 1 if a run after it failed."""
    settings = settings_or_exit()
    require_folders(settings, Folder.STORE, Folder.LANDING, *([Folder.INSTANCE] if run and not dry_run else []))
    try:
        with file.open("rb") as content:
            workbook = read_override_workbook(content)
        checked = check_import(settings, open_store(settings), workbook, author, pd.Timestamp.now("UTC"))
        _print_changes(checked)
        if dry_run or (checked.changes.empty and not run):
            console.print("Nothing was written.", markup=False)
            return
        if len(checked.changes):
            deliver(settings, checked)
            console.print(f"delivered: {checked.path}, {len(checked.rows)} overrides", markup=False, soft_wrap=True)
    except (OSError, WorkbookError, ImportRefused) as error:
        console.print(f"{file}: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if run:
        _run_steps(checked)
    else:
        console.print(
            f"Next: forecast-assets cycle --month {checked.origin:%Y-%m} --country {checked.country}, or repeat with "
            "--run", markup=False, soft_wrap=True,
        )  # fmt: skip


def _print_changes(checked: OverrideImport) -> None:
    """Print a row per changed cell, and a line for each number of another person that is replaced."""
    rows = [
        [row["sku"], f"{row['target_month']:%Y-%m}", *(f"{row[name]:,.6g}" for name in NUMBERS),
         f"{row['override_units'] - row['before_units']:+,.6g}", row["reason"]]
        for row in checked.changes.to_dict("records")
    ]  # fmt: skip
    month = f"{checked.country} {checked.origin:%Y-%m}"
    if not rows:
        console.print(f"{month}: the workbook changes no number", markup=False)
        return
    print_table(f"{month}: {len(rows)} numbers change", COLUMNS, rows)
    for row in checked.changes.to_dict("records"):
        if row["before_author"]:
            console.print(
                f"SKU {row['sku']} for {row['target_month']:%Y-%m} replaces {row['before_units']:,.6g} by "
                f"{row['before_author']}: the later import counts", style="yellow", markup=False, soft_wrap=True,
            )  # fmt: skip


def _run_steps(checked: OverrideImport) -> None:
    """Read the delivery, publish the month again and render its report; exit with 1 if a run failed."""
    prepare_instance()
    report, months = RunLog(), MonthRange(checked.origin, checked.origin)
    for job, assets in STEPS_AFTER:
        report(checked.country, job, months, None)
        result = launch(load_code_location, job, checked.country, months, assets=assets)
        report(checked.country, job, months, result)
        if not result.succeeded:
            console.print(
                "The numbers are delivered, but not published. Correct the cause, then run forecast-assets cycle "
                f"--month {checked.origin:%Y-%m} --country {checked.country}", style="red", markup=False,
                soft_wrap=True,
            )  # fmt: skip
            raise typer.Exit(1)
