"""Work of ``forecast-assets measure``: measure closed months and print realised performance."""

import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    RunLog,
    closed_month_argument,
    console,
    countries_or_exit,
    month_argument,
    settings_or_exit,
)
from forecast_assets.cli.cycle import print_performance
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.operations.cycle.measure import run_measures


def run(through: str, codes: list[str], origin: str | None) -> None:
    """Measure the closed months, print realised performance, and exit with 1 if a market failed."""
    settings = settings_or_exit()
    countries = countries_or_exit(settings, codes)
    require_folders(settings, Folder.STORE, Folder.INSTANCE)
    prepare_instance()
    results = run_measures(
        settings, load_code_location, closed_month_argument(through, settings.automation.time_zone), countries, RunLog()
    )
    print_performance(settings, countries, month_argument(origin) if origin else None)
    failed = [code for code in countries if not all(result.succeeded for result in results[code])]
    if failed:
        console.print(f"failed: {', '.join(failed)}", style="red", markup=False)
        raise typer.Exit(1)
