"""Work of ``forecast-assets cycle`` once something is to do: run the cycles, print what each market published."""

import textwrap

import dagster as dg
import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    RunLog,
    console,
    percentage,
    print_table,
    signed,
)
from forecast_assets.cli.prepare import prepare_instance, prepare_store
from forecast_assets.cli.value_added import print_value_added
from forecast_assets.config.settings import Settings
from forecast_assets.domain.evaluation.backtest_accuracy import ALL_LAGS
from forecast_assets.domain.evaluation.realised_accuracy import PERFORMANCE_METHODS
from forecast_assets.market_state.delivery_findings import BLOCKS, DeliveryFindings
from forecast_assets.operations.backfill.durations import job_seconds
from forecast_assets.operations.cycle.cycle import run_cycles
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets.operations.cycle.measured import (
    backtest_accuracy,
    performance_cells,
    performance_table,
    published_figures,
    realised_groups,
    totals_performance,
)
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.requested_month import MonthNotPlausible, closed_months, require_plausible_month
from forecast_assets.operations.cycle.running_steps import running_steps
from forecast_assets.storage import ListedOnce, PartitionKey, TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.opened import open_store
from forecast_assets.tracking.mlflow_tracking import TrackingUnavailable, prepare_mlflow_store

# The lines above the table hold the whole message.
WHY_LENGTH = 160


def run_and_print(
    settings: Settings, request: CycleRequest, countries: list[str]
) -> tuple[dict[str, list[RunResult]], bool]:
    """Run the cycles with progress and print the tables of markets and of realised performance.

    Before anything runs, markets whose month is closed are named, and a month without data near it is refused.

    Returns:
        Results by market, and False if MLflow could not be used: its runs are then to be filled in.
    """
    prepare_store(settings)
    store = ListedOnce(open_store(settings))
    closed = closed_months(store, request, countries)
    is_open = [code for code in countries if code not in closed]
    for month in closed.values():
        console.print(month.in_words(), style="yellow", markup=False, soft_wrap=True)
    if not is_open and request.origins == 1:
        return {code: [] for code in countries}, True
    if is_open:
        try:
            require_plausible_month(settings, store, request, is_open)
        except MonthNotPlausible as error:
            raise typer.BadParameter(str(error)) from error
    prepare_instance()
    is_tracked = True
    if settings.mlflow.tracking_uri:
        try:
            prepare_mlflow_store(settings.mlflow.tracking_uri)
        except TrackingUnavailable as error:
            is_tracked = False
            console.print(
                f"{error} The cycle continues; mlflow_run can be filled in later.", style="yellow", markup=False
            )
    with dg.DagsterInstance.get() as instance:
        log = RunLog(job_seconds(instance))
        results = run_cycles(
            settings, load_code_location, request, countries, log,
            lambda runs: log.under_way(running_steps(instance, runs), runs),
        )  # fmt: skip
    print_markets(settings, request.month, is_open, results)
    print_findings(settings, request.month, is_open)
    print_performance(settings, countries)
    return results, is_tracked


def _succeeded(results: dict[str, list[RunResult]], code: str) -> bool:
    return all(result.succeeded for result in results[code])


def print_markets(
    settings: Settings, month: pd.Timestamp, countries: list[str], results: dict[str, list[RunResult]]
) -> None:
    """Print one row per market: cells, accuracy on the backtest, what was published and why."""
    store = open_store(settings)
    rows = []
    for code in countries:
        try:
            failed = not _succeeded(results, code)
            row = _row_of_failed(store, code, month, results[code]) if failed else _row(store, code, month)
        except DamagedFile as error:
            row = [code, "-", *["-"] * 4, "CANNOT BE READ", str(error)]
        rows.append(row)
    columns = ["market", "cells", "WAPE model", "bias model", "WAPE baseline", "bias baseline", "published", "why"]
    if rows:
        print_table(f"{month:%Y-%m}: forecasts published, accuracy on the backtest", columns, rows)


def _row(store: TableStore, code: str, month: pd.Timestamp) -> list[str]:
    """Return the row of a market whose cycle succeeded."""
    published, accuracy = published_figures(store, code, month), backtest_accuracy(store, code, month)
    figures = [
        percentage(accuracy.get("wape_model")), signed(accuracy.get("bias_model")),
        percentage(accuracy.get("wape_baseline")), signed(accuracy.get("bias_baseline")),
    ]  # fmt: skip
    origin = f"{published.status}: {published.source}"
    return [code, f"{published.cells:,}", *figures, origin, published.reason]


def print_findings(settings: Settings, month: pd.Timestamp, countries: list[str]) -> None:
    """Print what the checks found in the month's deliveries, and the command that accepts a finding."""
    findings = DeliveryFindings(open_store(settings))
    markets: dict[tuple[str, ...], list[str]] = {}
    for code in countries:
        for each in findings.of(PartitionKey(month, code)):
            markets.setdefault((each.source, each.name, each.effect, each.message), []).append(code)
    # Rows of a country that is no market are found by every market: one row names them.
    rows = [[", ".join(codes), *finding] for finding, codes in markets.items()]
    if not rows:
        return
    print_table(
        f"{month:%Y-%m}: findings in the deliveries", ["market", "source", "finding", "effect", "message"], rows
    )
    if any(row[3] == BLOCKS for row in rows):
        command = f"forecast-assets accept MARKET {month:%Y-%m} FINDING --reason ..."
        console.print(f"Deliver again and run the cycle again; if a finding is right: {command}", markup=False)


def _row_of_failed(store: TableStore, code: str, month: pd.Timestamp, results: list[RunResult]) -> list[str]:
    """Return the row of a market whose cycle failed: what was published instead, and why it failed."""
    first = next(result for result in results if not result.succeeded)
    why = textwrap.shorten(first.failures[0].splitlines()[0], WHY_LENGTH)
    if not store.exists("published_forecasts", PartitionKey(month, code)):
        return [code, "-", *["-"] * 4, "FAILED, nothing published", why]
    published = published_figures(store, code, month)
    if published.run_id not in {result.run_id for result in results}:
        return [code, "-", *["-"] * 4, f"FAILED; the forecast published on {published.published_on} stays", why]
    return [code, f"{published.cells:,}", *["-"] * 4, f"FAILED; {published.status}: {published.source}", why]


def print_performance(settings: Settings, countries: list[str], origin: pd.Timestamp | None = None) -> None:
    """Print the realised performance of markets, regions and the world: first by SKU, then of their totals."""
    cells = performance_cells(open_store(settings), countries, origin, _warn)
    regions = {code: market.region for code, market in settings.market_table.items()}
    of_origin = f", origin {origin:%Y-%m}" if origin else ""
    _print_accuracy(
        f"Realised performance by SKU and month, forecasts as published then{of_origin}",
        performance_table(cells, regions),
    )
    for level, title in (("market", "market and lag"), ("category", "category"), ("class", "ABC and XYZ class")):
        _print_groups(f"The same by {title}{of_origin}", realised_groups(cells), level)
    if origin is None:
        print_value_added(settings, countries)
    totals = totals_performance(cells, regions)
    if len(totals) and cells["country"].nunique() > 1:
        above = totals[totals["level"].isin(["market", "region", "world"])]
        _print_accuracy(f"The same by month, SKUs summed first{of_origin}", above)


def _warn(line: str) -> None:
    console.print(line, style="yellow", markup=False, soft_wrap=True)


def _print_groups(title: str, table: pd.DataFrame, level: str) -> None:
    """Print every method by market and lag, or by market and category or class over all lags."""
    if table.empty:
        return
    shown = table[table["level"] == level]
    if level != "market":
        shown = shown[shown["lag"] == ALL_LAGS]
    figures = [f"{measure}_{name}" for name in PERFORMANCE_METHODS for measure in ("wape", "bias")]
    rows = [
        [row["country"], row["lag"] if level == "market" else row["entity"], f"{int(row['cells']):,}"]
        + [(percentage if name.startswith("wape") else signed)(row[name]) for name in figures]
        for row in shown.to_dict("records")
    ]
    columns = ["market", "lag" if level == "market" else "group", "cells"]
    print_table(title, columns + [name.replace("_", " ").replace("wape", "WAPE") for name in figures], rows)


def _print_accuracy(title: str, table: pd.DataFrame) -> None:
    """Print one row per market, region and the world."""
    if table.empty:
        return
    rows = [
        [
            str(row["level"]), str(row["entity"]), f"{int(row['cells']):,}", percentage(row["wape_model"]),
            signed(row["bias_model"]), percentage(row["wape_baseline"]), signed(row["bias_baseline"]),
            percentage(row["wape_published"]), signed(row["bias_published"]),
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = ["level", "name", "cells", "WAPE model", "bias model", "WAPE baseline", "bias baseline"]
    print_table(title, [*columns, "WAPE published", "bias published"], rows)
