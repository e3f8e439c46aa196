"""Work of ``forecast-assets tune``: search for a market's own configuration (recipe) and print the best ones."""

import json
import logging

import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    RunLog,
    closed_month_argument,
    console,
    countries_or_exit,
    percentage,
    print_table,
    settings_or_exit,
    signed,
)
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.config.settings import Settings
from forecast_assets.domain.months import MonthRange
from forecast_assets.domain.selection.tuning import IN_FORCE
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.opened import open_store


def run(codes: list[str], trials: int, month: str | None) -> None:
    """Tune market by market, print the configuration in force, and exit with 1 if a market could not be tuned."""
    settings = settings_or_exit()
    countries = countries_or_exit(settings, codes)
    require_folders(settings, Folder.STORE, Folder.INSTANCE)
    given = closed_month_argument(month, settings.automation.time_zone) if month else None
    months = {code: given or _latest_month(settings, code) for code in countries}
    prepare_instance()
    failed = [code for code, at in months.items() if not _tuned(settings, code, at, trials)]
    if failed:
        console.print(f"not tuned: {', '.join(failed)}", style="red", markup=False)
        raise typer.Exit(1)


def _latest_month(settings: Settings, code: str) -> pd.Timestamp:
    months = [key.month for key in open_store(settings).list_market("features", code)]
    if not months:
        raise typer.BadParameter(f"{code} has no features in {settings.store.address}: run forecast-assets cycle first")
    return max(months)


def _tuned(settings: Settings, code: str, month: pd.Timestamp, trials: int) -> bool:
    """Tune a market and print the result; return True if it succeeded."""
    report, span = RunLog(), MonthRange(month, month)
    report(code, "tune", span, None)
    with _TrialsOnConsole():
        result = launch(load_code_location, "tune", code, span, config={"tuned_recipe": {"trials": trials}})
    report(code, "tune", span, result)
    if result.succeeded:
        _print_outcome(settings, code, month)
    return result.succeeded


class _TrialsOnConsole(logging.Handler):
    """Handler that prints one line per trial while it is entered."""

    def __enter__(self) -> None:
        logger = logging.getLogger("forecast_assets.tuning")
        logger.addHandler(self)
        logger.setLevel(logging.INFO)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("forecast_assets.tuning").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        console.print(record.getMessage(), style="dim", markup=False)


def _print_outcome(settings: Settings, code: str, month: pd.Timestamp) -> None:
    tried = open_store(settings).read("tuned_recipe", [PartitionKey(month, code)])
    chosen = tried[tried["role"] == IN_FORCE].iloc[0]
    kept = (
        {int(chosen["trial"]): "in force from now on"}
        | {0: "usual recipe"}
        | ({0: "usual recipe, stays in force"} if chosen["trial"] == 0 else {})
    )
    best = tried.sort_values("loss", kind="stable").head(5)
    shown = pd.concat([tried[tried["trial"].isin(kept)], best]).drop_duplicates("trial")
    rows = [
        [
            str(row["trial"] + 1), percentage(row["wape"]), signed(row["bias"]), percentage(row["loss"]),
            kept.get(row["trial"], ""),
        ]
        for row in shown.to_dict("records")
    ]  # fmt: skip
    title = f"{code}: {len(tried)} recipes tried on origins up to 24 months before {month:%Y-%m}, the best of them"
    print_table(title, ["trial", "WAPE", "bias", "loss", "why"], rows)
    for name, value in json.loads(chosen["parameters"]).items():
        console.print(f"  {name} = {value}", markup=False)
