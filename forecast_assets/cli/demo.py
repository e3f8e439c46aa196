"""Work of ``forecast-assets demo``: a simulated company and three cycles of it."""

import os
import time

import pandas as pd
import typer

from forecast_assets.cli.console import console, countries_or_exit, report_page, settings_or_exit
from forecast_assets.cli.cycle import run_and_print
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.sample import write_sample_company

MARKETS, SKUS, MONTHS, LAST_MONTH = 4, 150, 72, "2024-12-01"
# Half a year of realised forecasts, and two months in a row: the report compares them.
ORIGINS, STEP, HISTORY = 2, 6, 30
# A demo need not wait for the last per cent: fewer rows and rounds train each model than in production.
QUICK = {
    "FORECAST_TRAINING_ROWS": "15000",
    "FORECAST_BACKTEST_TRAINING_ROWS": "6000",
    "FORECAST_BOOSTING_ROUNDS": "80",
}


def run() -> None:
    """Simulate a company, run three monthly cycles, the last two in a row, and print where the reports are."""
    began = time.monotonic()
    for name, value in QUICK.items():
        os.environ.setdefault(name, value)
    settings = settings_or_exit()
    countries = countries_or_exit(settings, [])
    summary = write_sample_company(
        settings.sources.landing, markets=MARKETS, skus=SKUS, months=MONTHS, last_month=LAST_MONTH,
        progress=lambda line: console.print(line, style="dim", markup=False),
    )  # fmt: skip
    month = pd.Timestamp(LAST_MONTH)
    results, _ = run_and_print(settings, CycleRequest(month, HISTORY, ORIGINS, STEP, month_before=True), countries)
    console.print(f"\n{len(summary.markets)} markets in {time.monotonic() - began:.0f} s. Reports:", markup=False)
    for code in countries:
        console.print(f"  {report_page(settings, code, month)}", markup=False, soft_wrap=True)
    console.print("Run `make dev` to open all of it in the Dagster UI: assets, partitions, checks, metadata.")
    if any(not result.succeeded for runs in results.values() for result in runs):
        raise typer.Exit(1)
