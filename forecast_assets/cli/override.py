"""Work of ``forecast-assets override``: import a workbook, list and decide on numbers, withdraw, run what follows."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
from forecast_assets.domain.publication.override_entries import replaced_since
from forecast_assets.domain.publication.override_states import (
    APPROVED,
    DRAFT,
    SELF_DECLARED,
    SIGNED_IN,
    SUBMITTED,
    Person,
)
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.operations.overrides.decisions import Selection, decide, enter, submit
from forecast_assets.operations.overrides.delivered_numbers import delivered_numbers, withdraw_numbers
from forecast_assets.operations.overrides.delivery_file import ImportRefused
from forecast_assets.operations.overrides.import_workbook import OverrideImport, check_import, deliver
from forecast_assets.reports.override_reader import WorkbookError, read_override_workbook
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import INGEST, REPUBLISH

NUMBERS = ("model_units", "before_units", "override_units")
COLUMNS = ["SKU", "month", "model", "now", "new", "change", "why"]
LISTED = ["market", "origin", "SKU", "month", "units", "author", "imported", "state", "decided by", "why"]
# Tables that are made from the publication and what planners read of it.
FOLLOWING = ("forecast_reasons", "forecast_levels", "forecast_exceptions")
# What is built again after a delivery of overrides: the job and its assets, in order.
STEPS_AFTER = (
    (INGEST, ("overrides",)),
    (REPUBLISH, ("published_forecasts", *FOLLOWING, "market_report", "mlflow_run")),
)


def person(name: str | None, *, may_be_root: bool = False) -> Person:
    """Return the named person as self-declared, or the signed-in account; exit with 2 for root unless it may be."""
    if name is not None:
        return Person(name, SELF_DECLARED)
    account = pwd.getpwuid(os.getuid())
    if account.pw_uid == 0 and not may_be_root:
        raise typer.BadParameter("the account root is no person: give the name")
    return Person(account.pw_name, SIGNED_IN)


def run_import(path: Path, author: str | None, *, run: bool, dry_run: bool, draft: bool) -> None:
    """Import a workbook; exit with 2 if that is not possible, with 1 if a run after it failed."""
    settings = _settings(run=run and not dry_run)
    planner, now = person(author), pd.Timestamp.now("UTC")
    with _refusals(f"{path}: "):
        with path.open("rb") as content:
            workbook = read_override_workbook(content)
        checked = check_import(settings, open_store(settings), workbook, planner, now)
        for line in replaced_since(checked.file.rows, planner.label):
            console.print(line, style="yellow", markup=False, soft_wrap=True)
        _print_changes(checked)
        if dry_run or (checked.changes.empty and not run):
            console.print("Nothing was written.", markup=False)
            return
        if draft or (settings.overrides.four_eyes and len(checked.changes)):
            _enter(settings, checked, DRAFT if draft else SUBMITTED, now)
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
        numbers = delivered_numbers(settings, open_store(settings), countries, origin, pd.Timestamp.now("UTC"))
    rows = [
        [row["country"], f"{row['origin_month']:%Y-%m}", row["sku"], f"{row['target_month']:%Y-%m}",
         f"{row['forecast_units']:,.6g}", row["author"], row["imported_at"][:10], row["state"], row["decided_by"],
         row["reason"]]
        for row in numbers.to_dict("records")
    ]  # fmt: skip
    if rows:
        print_table(f"{len(rows)} imported numbers", LISTED, rows)
        for row in numbers[numbers["note"] != ""].to_dict("records"):
            console.print(f"{row['state']}: {_number(row)}: {row['note']}", markup=False, soft_wrap=True)
    else:
        console.print("no number was imported", markup=False)


def run_withdraw(code: str, month: str, sku: str, target: str | None, by: str | None, *, run: bool) -> None:
    """Take numbers of a SKU back; exit with 2 if that is not possible, with 1 if a run after it failed."""
    settings, planner = _settings(run=run), person(by, may_be_root=True)
    (country,) = countries_or_exit(settings, [code])
    partition = PartitionKey(month_argument(month), country)
    with _refusals(""):
        rows = withdraw_numbers(
            settings, open_store(settings), partition, sku, month_argument(target) if target else None, planner,
            pd.Timestamp.now("UTC"),
        )  # fmt: skip
    for row in rows.to_dict("records"):
        text = f"withdrawn by {planner.label}: {_number(row)}"
        console.print(text, markup=False, soft_wrap=True)
    _finish(country, partition.month, run=run)


def run_submit(code: str, month: str, author: str | None, *, run: bool) -> None:
    """Submit the drafts of a planner; exit codes as ``run_withdraw``."""
    settings, planner = _settings(run=run), person(author)
    (country,) = countries_or_exit(settings, [code])
    partition = PartitionKey(month_argument(month), country)
    with _refusals(""):
        rows = submit(settings, open_store(settings), partition, planner, pd.Timestamp.now("UTC"))
    _print_numbers("submitted" if settings.overrides.four_eyes else "delivered", rows)
    if settings.overrides.four_eyes:
        _print_approval(country, partition.month)
        return
    _finish(country, partition.month, run=run)


def run_decide(
    code: str, month: str, state: str, selection: Selection, by: str | None, note: str, *, run: bool
) -> None:
    """Approve or reject submitted numbers; exit codes as ``run_withdraw``."""
    settings, planner = _settings(run=run), person(by)
    (country,) = countries_or_exit(settings, [code])
    partition = PartitionKey(month_argument(month), country)
    with _refusals(""):
        rows = decide(
            settings, open_store(settings), partition, selection, state, planner, pd.Timestamp.now("UTC"), note
        )
    _print_numbers(f"{state} by {planner.label}", rows)
    if state == APPROVED:
        _finish(country, partition.month, run=run)


def _enter(settings: Settings, checked: OverrideImport, state: str, now: pd.Timestamp) -> None:
    """Write numbers into the ledger and say whose they replace and what comes next."""
    for line in enter(settings, checked, state, now):
        console.print(line, style="yellow", markup=False, soft_wrap=True)
    month = f"{checked.country} {checked.origin:%Y-%m}"
    console.print(f"{month}: {len(checked.changes)} numbers are {state}, and not in force", markup=False)
    if state == SUBMITTED:
        _print_approval(checked.country, checked.origin)
    else:
        command = f"forecast-assets override submit {month}"
        console.print(f"Next: {command}", markup=False, soft_wrap=True)


def _print_approval(country: str, origin: pd.Timestamp) -> None:
    command = f"forecast-assets override approve {country} {origin:%Y-%m} --run"
    console.print(f"Next: another person runs {command}", markup=False, soft_wrap=True)


def _print_numbers(what: str, rows: pd.DataFrame) -> None:
    for row in rows.to_dict("records"):
        console.print(f"{what}: {_number(row)}", markup=False, soft_wrap=True)


def _number(row: Mapping[Any, Any]) -> str:
    units = f"{row['forecast_units']:,.6g} of SKU {row['sku']}"
    return f"{units} for {row['target_month']:%Y-%m}, entered by {row['author']}"


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
