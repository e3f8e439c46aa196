"""Launches alone: months 1 to 12 of every SKU launched in the last three years, forecast before and after the launch.

Of simulated companies (--seeds) and of tidy files (--data), where every launch is announced and has no reference. A SKU
counts if its first sale lies after the first year. Its forecast is that of the rule of new SKUs in the month before the
launch, and after 1, 3 and 6 months on sale.

Beside it: the category's mean launch (mean units in the same month of life of all launches known at the origin; the
market's without one of the category) and the level of the reference (mean of its last 12 months; launches that have
one). Figures: WAPE and bias over the months up to the third and the twelfth, coverage of the 80 % interval.

    python -m benchmarks.launches --seeds 11 12 13 14 15 --data carparts.parquet
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.launch_cells import AGES, YEAR, LaunchMarket, market_cells
from benchmarks.protocol import read_tidy
from benchmarks.sample_histories import sample_company
from forecast_assets.domain.calendar import month_range
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.accuracy import bias, coverage, wape

FIRST_MONTHS = (3, YEAR)
PEERS = {"rule": "forecast_units", "category's mean": "category_units", "reference's level": "reference_units"}
WIDTH = 120


def company_markets(seed: int, markets: int, skus: int, months: int) -> Iterator[LaunchMarket]:
    """Generate the markets of a simulated company."""
    with tempfile.TemporaryDirectory() as folder:
        company = sample_company(Path(folder), seed, markets, skus, months)
    for code, history in company.histories.items():
        yield LaunchMarket(f"seed {seed} {code}", history.sell_in, history.products)


def file_market(data: Path) -> LaunchMarket:
    """Return a tidy file as one market of one category: a SKU begins with its first sale, and was announced."""
    table = read_tidy(data).dropna(subset=["y"])
    months = month_range(table["month"].min(), table["month"].max())
    wide = table.assign(sku=table["market"] + "|" + table["sku"]).pivot(index="sku", columns="month", values="y")
    units = wide.reindex(columns=months).to_numpy(dtype=float)
    has_sold = np.logical_or.accumulate(units > 0, axis=1)
    first = has_sold.argmax(axis=1)
    panel = DemandPanel(wide.index.to_numpy(dtype=object), months, np.where(has_sold, units, np.nan))
    launch = pd.Series(months[first]).where(first > 0)
    described = {"sku": panel.skus, "category": "ALL", "launch_month": launch, "end_month": pd.NaT}
    products = pd.DataFrame(described | {"reference_sku": None, "brand": None, "pack": None})
    return LaunchMarket(data.stem, panel, products.astype({"end_month": "datetime64[ns]"}))


def scores(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row per age, first months and peer: ``age, months, peer, launches, wape, rule_wape, bias, covered``.

    ``rule_wape`` is that of the rule on the same cells: only those that the peer forecasts count.
    """
    rows = []
    for age in AGES:
        for months in FIRST_MONTHS:
            of_age = cells[(cells["age_months"] == age) & (cells["month_of_life"] <= months)]
            for peer, column in PEERS.items():
                own = of_age[of_age[column].notna()]
                if own.empty:
                    continue
                actual, forecast = own["actual_units"].to_numpy(), own["forecast_units"].to_numpy()
                low, high = (own[f"forecast_units_{end}"].to_numpy() for end in ("p10", "p90"))
                rows.append(
                    {
                        "age": age,
                        "months": months,
                        "peer": peer,
                        "launches": own[["market", "sku"]].drop_duplicates().shape[0],
                        "wape": wape(actual, own[column].to_numpy()),
                        "rule_wape": wape(actual, forecast),
                        "bias": bias(actual, own[column].to_numpy()),
                        "covered": coverage(actual, low, high) if peer == "rule" else np.nan,
                    }
                )
    return pd.DataFrame(rows)


def results_table(figures: pd.DataFrame, title: str) -> Table:
    """Return a table for readers."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("months on sale", "months", "forecast", "launches", "WAPE", "rule's WAPE", "bias", "in 80 %"):
        table.add_column(name, justify="left" if name == "forecast" else "right", no_wrap=True)
    for row in figures.itertuples(index=False):
        covered = "" if np.isnan(row.covered) else f"{row.covered:.3f}"
        numbers = (f"{row.wape:.3f}", f"{row.rule_wape:.3f}", f"{row.bias:+.3f}", covered)
        table.add_row(str(row.age), f"1-{row.months}", row.peer, str(row.launches), *numbers)
    return table


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.launches", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="companies to simulate")
    parser.add_argument("--markets", type=int, default=2, help="markets of each (default %(default)s)")
    parser.add_argument("--skus", type=int, default=150, help="SKUs of each market (default %(default)s)")
    parser.add_argument("--months", type=int, default=84, help="delivered months (default %(default)s)")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a tidy file; may be given again")
    options = parser.parse_args(given)
    if not options.seeds and not options.data:
        parser.error("nothing to measure: give --seeds or --data")
    return options


def main(given: list[str] | None = None) -> int:
    """Measure and print one table of all companies and one per file. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    simulated = [
        market_cells(market)
        for seed in options.seeds
        for market in company_markets(seed, options.markets, options.skus, options.months)
    ]
    if simulated:
        console.print(results_table(scores(pd.concat(simulated, ignore_index=True)), "simulated companies"))
    for data in options.data:
        console.print(results_table(scores(market_cells(file_market(data))), data.stem))
    return 0


if __name__ == "__main__":
    sys.exit(main())
