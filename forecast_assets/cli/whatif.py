"""Work of ``forecast-assets whatif``: compute, print, and write workbook and page outside of the store."""

from pathlib import Path

import pandas as pd
import typer

from forecast_assets.cli.console import console, countries_or_exit, month_argument, print_table, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import target_months
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.operations.whatif.forecast import Plans, WhatIf, what_if
from forecast_assets.operations.whatif.inputs import WhatIfError, read_inputs
from forecast_assets.operations.whatif.plan_files import PlanError, read_prices, read_products, read_promotions
from forecast_assets.reports.whatif import LINES, WhatIfReport, by_category, by_sku, render_whatif_page
from forecast_assets.reports.whatif import render_whatif_workbook as render_workbook
from forecast_assets.storage import PartitionKey, TableStore

SHOWN_SKUS = 15
COLUMNS = ["now", "other plans", "change", "change, %"]


def run(
    code: str, promotions: Path | None, price: Path | None, products: Path | None, month: str | None, to: Path
) -> None:
    """Print the forecast under other plans and write its files; exit with 2 if it cannot be computed."""
    if not (promotions or price or products):
        raise typer.BadParameter("give --promotions, --price or --products: without another plan nothing changes")
    settings = settings_or_exit()
    store = existing_store(settings)
    (country,) = countries_or_exit(settings, [code])
    try:
        origin = month_argument(month) if month else _latest(store, country)
        inputs = read_inputs(settings, store, PartitionKey(origin, country))
        plans = _plans(country, origin, promotions, price, products)
        result = what_if(settings, inputs, plans)
    except (WhatIfError, PlanError) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    report = _report(settings, result, [path for path in (promotions, price, products) if path])
    _print(report)
    _write(report, to / f"{country}_{origin:%Y-%m}")


def _latest(store: TableStore, country: str) -> pd.Timestamp:
    latest = PublishedMonths(store).latest(country)
    if latest is None:
        raise WhatIfError(f"{country} has no published forecast: run forecast-assets cycle --country {country} first")
    return latest


def _plans(
    country: str, origin: pd.Timestamp, promotions: Path | None, price: Path | None, products: Path | None
) -> Plans:
    targets = list(target_months(origin))
    return Plans(
        promotions=read_promotions(promotions, country, targets) if promotions else None,
        prices=read_prices(price, country, targets) if price else None,
        products=read_products(products, country) if products else None,
    )


def _report(settings: Settings, result: WhatIf, files: list[Path]) -> WhatIfReport:
    notes = [f"Plans: {', '.join(path.name for path in files)}. Planners' numbers stay as they are."]
    if result.ignored:
        notes.append(f"Without a forecast, so without effect: {', '.join(result.ignored)}.")
    if result.drift_units:
        notes.append(
            f"Code or tables have changed since the publication: with the plans as stored a number differs by up to "
            f"{result.drift_units:,.4g} units. The change shown is that of the plans alone."
        )
    name = settings.market_table[result.country].name
    return WhatIfReport(result.country, name, result.origin, result.cells, notes)


def _print(report: WhatIfReport) -> None:
    for note in report.notes:
        console.print(note, markup=False, soft_wrap=True)
    categories, skus = by_category(report), by_sku(report)
    print_table(f"{report.title}, next 12 months", ["group", *COLUMNS], _rows(categories, "category"))
    print_table(f"{len(skus)} SKUs change, all months", ["SKU", *COLUMNS], _rows(skus.head(SHOWN_SKUS), "sku"))


def _rows(table: pd.DataFrame, name: str) -> list[list[str]]:
    return [
        [str(row[name]), *(f"{row[column]:,.0f}" for column in LINES.values()),
         "-" if pd.isna(row["share"]) else f"{row['share']:+.1%}"]
        for row in table.to_dict("records")
    ]  # fmt: skip


def _write(report: WhatIfReport, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("whatif.xlsx", render_workbook(report)),
        ("whatif.html", render_whatif_page(report).encode()),
    ):
        (folder / name).write_bytes(content)
        console.print(str(folder / name), markup=False, soft_wrap=True)
