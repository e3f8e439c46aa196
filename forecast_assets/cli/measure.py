"""``forecast-assets measure``: realised performance of months that have closed since."""

from typing import Annotated

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
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.operations.cycle.measure import run_measures


def measure(
    through: Annotated[str, typer.Option(help="The last month to measure, e.g. 2018-12")],
    country: Annotated[list[str] | None, typer.Option(help="A market; repeat for several. Default: all")] = None,
    origin: Annotated[str | None, typer.Option(help="Print the forecasts of one origin month only")] = None,
) -> None:
    """Ingest closed months and make performance only; exits with 1 if a market failed."""
    settings = settings_or_exit()
    countries = countries_or_exit(settings, country or [])
    prepare_instance()
    results = run_measures(settings, load_code_location, closed_month_argument(through), countries, RunLog())
    print_performance(settings, countries, month_argument(origin) if origin else None)
    failed = [code for code in countries if not all(result.succeeded for result in results[code])]
    if failed:
        console.print(f"failed: {', '.join(failed)}", style="red", markup=False)
        raise typer.Exit(1)
