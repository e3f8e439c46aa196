"""Histories of a simulated company, made from its landing files by the code that the assets call, without Dagster.

Here belongs only the way from landing files to what features are built from. What is measured on it is in
``sample_company.py``.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from forecast_assets.config.markets import Market, load_markets
from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.demand.covid import monthly_covid_policy
from forecast_assets.domain.demand.hierarchy import demand_totals, known_totals
from forecast_assets.domain.demand.restatements import own_rows
from forecast_assets.domain.features.market_history import MarketHistory, market_history
from forecast_assets.sample import write_sample_company
from forecast_assets.sources.source_tables import SourceTables

KNOWN_TOTALS_MONTHS = 47
TABLES = ("sell_in", "sell_out", "products", "promotions")


@dataclasses.dataclass(frozen=True)
class SampleCompany:
    """A simulated company as the features see it.

    Attributes:
        histories: History of each market, by code; over all delivered months.
        truth: ``country, sku, month, expected_sell_in_units``: the mean over replicas of the company.
        last_month: The last delivered month.
    """

    histories: dict[str, MarketHistory]
    truth: pd.DataFrame
    last_month: pd.Timestamp


def sample_company(folder: Path, seed: int, markets: int, skus: int, months: int) -> SampleCompany:
    """Write a company's landing files into ``folder`` and read them back as histories."""
    summary = write_sample_company(
        folder / "landing", markets=markets, skus=skus, months=months, seed=seed, markets_file=folder / "markets.yaml"
    )
    delivered = month_range(summary.first_month, summary.last_month)
    histories = histories_from_landing(folder / "landing", folder / "markets.yaml", delivered)
    truth = pd.concat(
        [pd.read_parquet(file) for file in sorted((summary.truth / "sell_in").glob("*.parquet"))], ignore_index=True
    )
    return SampleCompany(histories, truth.astype({"month": "datetime64[ns]"}), summary.last_month)


def histories_from_landing(
    landing: Path, markets_file: Path, delivered: pd.DatetimeIndex, origins: Iterable[pd.Timestamp] | None = None
) -> dict[str, MarketHistory]:
    """History of each market of the file over the delivered months, with what is known of totals a month later.

    Features can be built at ``origins``; None: at all delivered months but the first.
    """
    listed = load_markets(markets_file)
    source, months = SourceTables(str(landing), listed), list(delivered)
    tables = {code: {name: source.rows(name, code, months) for name in TABLES} for code in listed}
    at = months[1:] if origins is None else sorted(origins)
    totals = _totals_known(tables, months, at, {code: market.region for code, market in listed.items()})
    oxcgrt = source.oxcgrt()
    histories = {}
    for code, market in listed.items():
        policy = monthly_covid_policy(oxcgrt, market.iso3, delivered)
        histories[code] = _history(market, tables[code], totals, policy)
    return histories


def _history(
    market: Market, tables: dict[str, pd.DataFrame], totals: pd.DataFrame, policy: pd.DataFrame
) -> MarketHistory:
    return market_history(
        market.code, market.region, market.iso2, tables["sell_in"], tables["sell_out"],
        products=tables["products"], promotions=tables["promotions"], totals_known=totals, covid_policy=policy,
    )  # fmt: skip


def _totals_known(
    tables: dict[str, dict[str, pd.DataFrame]],
    months: list[pd.Timestamp],
    origins: list[pd.Timestamp],
    regions: dict[str, str],
) -> pd.DataFrame:
    """Totals known at each origin, as its ``month``: what the assets demand_totals and demand_totals_known make."""
    parts = []
    for month in months:
        of_month = {
            name: {
                code: own_rows(rows[name][rows[name]["month"] == month]).drop(columns="month")
                for code, rows in tables.items()
            }
            for name in ("sell_in", "sell_out", "products")
        }
        totals = demand_totals(of_month["sell_in"], of_month["sell_out"], of_month["products"], regions)
        parts.append(totals.assign(total_month=month))
    every = pd.concat(parts, ignore_index=True)
    known = []
    for month in origins:
        window = every[every["total_month"].between(add_months(month, -KNOWN_TOTALS_MONTHS), add_months(month, -1))]
        known.append(known_totals(window, month, regions).assign(month=month))
    return pd.concat(known, ignore_index=True)
