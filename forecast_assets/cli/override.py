"""Work of ``forecast-assets override``: import a workbook, list what was imported, withdraw it, run what follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    RunLog,
    console,
    countries_or_exit,
    month_argument,
    print_table,
    settings_or_exit,
)
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.config.settings import Settings
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.operations.overrides.delivered_numbers import delivered_numbers, withdraw_numbers
from forecast_assets.operations.overrides.delivery_file import ImportRefused
from forecast_assets.operations.overrides.import_workbook import OverrideImport, check_import, deliver
from forecast_assets.reports.override_reader import WorkbookError, read_override_workbook
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import INGEST, REPUBLISH

NUMBERS = ("model_units", "before_units", "override_units")
COLUMNS = ["SKU", "month", "model", "now", "new", "change", "why"]
LISTED = ["market", "origin", "SKU", "month", "units", "author", "imported", "state", "why"]
# What is built again after a delivery of overrides: the job and its assets, in order.
STEPS_AFTER = (
    (INGEST, ("overrides",)),
    (REPUBLISH, ("published_forecasts", "market_report", "mlflow_run")),
)


def run_import(path: Path, author: str, *, run: bool, dry_run: bool) -> None:
    """Import a workbook; exit with 2 if that is not possible, with 1 if a run after it failed."""
    settings = _settings(run=run and not dry_run)
    with _refusals(f"{path}: "):
        with path.open("rb") as content:
            workbook = read_override_workbook(content)
        checked = check_import(settings, open_store(settings), workbook, author, pd.Timestamp.now("UTC"))
        _print_changes(checked)
        if dry_run or (checked.changes.empty and not run):
            console.print("Nothing was written.", markup=False)
            return
        if len(checked.changes):
            deliver(settings, checked)
            text = f"delivered: {checked.file.path}, {len(checked.rows)} overrides"
            console.print(text, markup=False, soft_wrap=True)
    _finish(checked.country, checked.origin, run=run, otherwise=", or repeat with --run")


def run_list(codes: list[str], month: str | None) -> None:
    """Print the imported numbers of markets, with the state of each."""
    settings = _settings(run=False)
    countries, origin = countries_or_exit(settings, codes), month_argument(month) if month else None
    with _refusals(""):
        numbers = delivered_numbers(settings, open_store(settings), countries, origin)
    rows = [
        [row["country"], f"{row['origin_month']:%Y-%m}", row["sku"], f"{row['target_month']:%Y-%m}",
         f"{row['forecast_units']:,.6g}", row["author"], row["imported_at"][:10], row["state"], row["reason"]]
        for row in numbers.to_dict("records")
    ]  # fmt: skip
    if rows:
        print_table(f"{len(rows)} imported numbers", LISTED, rows)
    else:
        console.print("no number was imported", markup=False)


def run_withdraw(code: str, month: str, sku: str, target: str | None, *, run: bool) -> None:
    """Take imported numbers of a SKU back; exit with 2 if that is not possible, with 1 if a run after it failed."""
    settings = _settings(run=run)
    (country,) = countries_or_exit(settings, [code])
    partition = PartitionKey(month_argument(month), country)
    with _refusals(""):
        rows = withdraw_numbers(
            settings, open_store(settings), partition, sku, month_argument(target) if target else None
        )
    for row in rows.to_dict("records"):
        text = f"withdrawn: {row['forecast_units']:,.6g} of SKU {row['sku']} for {row['target_month']:%Y-%m}"
        console.print(f"{text}, by {row['author']}", markup=False, soft_wrap=True)
    _finish(country, partition.month, run=run)


def _settings(*, run: bool) -> Settings:
    """Load the settings and require the folders that the command needs."""
    settings = settings_or_exit()
    require_folders(settings, Folder.STORE, Folder.LANDING, *([Folder.INSTANCE] if run else []))
    return settings


@contextmanager
def _refusals(prefix: str) -> Iterator[None]:
    """Print why numbers cannot be imported, listed or withdrawn, and exit with 2."""
    try:
        yield
    except (OSError, WorkbookError, ImportRefused) as error:
        console.print(f"{prefix}{error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


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


def _finish(country: str, origin: pd.Timestamp, *, run: bool, otherwise: str = "") -> None:
    """Publish the month again, or print the command that does."""
    cycle = f"forecast-assets cycle --month {origin:%Y-%m} --country {country}"
    if not run:
        console.print(f"Next: {cycle}{otherwise}", markup=False, soft_wrap=True)
        return
    prepare_instance()
    report, months = RunLog(), MonthRange(origin, origin)
    for job, assets in STEPS_AFTER:
        report(country, job, months, None)
        result = launch(load_code_location, job, country, months, assets=assets)
        report(country, job, months, result)
        if not result.succeeded:
            text = f"The delivery is changed, but not published. Correct the cause, then run {cycle}"
            console.print(text, style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1)
