"""Asset of the company report: one page over all markets of a month, and its rows as a table."""

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import forecast_markets
from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import OWNERS
from forecast_assets.defs.partition_windows import month_window, same_month
from forecast_assets.defs.retries import with_retries
from forecast_assets.defs.shown_figures import page_figures
from forecast_assets.domain.company.company_rows import MARKET, STATED, CompanyTables, company_rows
from forecast_assets.domain.company.rates import rates_at
from forecast_assets.market_state.reviews import reviews_of
from forecast_assets.operations.overrides.delivery_file import waiting_numbers
from forecast_assets.partitions import months_of_run
from forecast_assets.reports.company_page import PAGE, TABLE, CompanyReport, page_of_company, render_company_page
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage.opened import open_store

SHOWN = [
    "name",
    "status",
    "review",
    "forecast_units",
    "wape_published",
    "wape_baseline",
    "bias_published",
    "exceptions",
]
EXCEPTIONS = ["sku", "reason", "unit_price", "value_unit"]
CELLS = ["sku", "category", "target_month", "forecast_units", "status", "source"]


@dg.asset(
    group_name="publication",
    kinds={"html", "parquet"},
    owners=OWNERS["publication"],
    description="One row a market, region and category: status, next 12 months, value, accuracy and bias against "
    "Holt-Winters, exceptions and planners' numbers, as a page that links to every market's.",
    io_manager_key="documents",
    ins={
        "published_forecasts": same_month("published_forecasts", columns=CELLS, required="any", skip_damaged=True),
        "forecast_exceptions": same_month(
            "forecast_exceptions", columns=EXCEPTIONS, required="none", skip_damaged=True
        ),
        "forecast_value_added": same_month("forecast_value_added", required="none", skip_damaged=True),
        # The sums of the same run: the report follows them.
        "forecast_totals": month_window("forecast_totals", 0, 0, columns=["level"], required="none"),
    },
)
@with_retries()
def company_report(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    source_tables: dg.ResourceParam[SourceTables],
    published_forecasts: pd.DataFrame,
    forecast_exceptions: pd.DataFrame,
    forecast_value_added: pd.DataFrame,
    forecast_totals: pd.DataFrame,
) -> dict[pd.Timestamp, dict[str, bytes]]:
    """Render the page of the run's month and its table."""
    (origin,) = months_of_run(context)
    listed = [settings.market_table[code] for code in forecast_markets(settings.market_table)]
    stated = [(each.code, each.name, each.region, each.stage, each.currency) for each in listed]
    rates = source_tables.exchange_rates()
    known = {} if rates is None else rates_at(rates, origin, {each.currency for each in listed})
    waiting = waiting_numbers(settings, origin, pd.Timestamp.now("UTC"))
    reviews = reviews_of(open_store(settings), origin, [each.code for each in listed])
    tables = CompanyTables(published_forecasts, forecast_exceptions, forecast_value_added, waiting, reviews)
    rows = company_rows(pd.DataFrame(stated, columns=["country", *STATED]), tables, origin, known)
    report = CompanyReport(origin, rows, settings.reports.currency)
    page = render_company_page(report)
    shown = rows.loc[rows["level"] == MARKET, SHOWN]
    context.add_output_metadata(
        {"ready": report.ready, **page_figures(settings.reports.url, page_of_company(origin), shown, "markets")}
    )
    return {origin: {PAGE: page.encode(), TABLE: rows.to_parquet(index=False)}}
