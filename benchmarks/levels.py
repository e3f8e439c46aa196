"""Forecasts of levels: coverage of their 80 % intervals, and their WAPE beside Holt-Winters fitted to the level itself.

Of simulated companies (--seeds) or of a landing folder with its markets file (--data, --markets). At each origin every
market's model is trained and backtested as the assets do, its SKUs are forecast, and categories, market, regions and
world are summed with ``domain/levels``. Levels hold the SKUs that are known in every month of the horizon.

Per level: share of actuals within p10 and p90, and below p10; width of the interval as a share of the forecast; WAPE of
the sum of SKUs; ratio: geometric mean over entities and origins of that WAPE and the WAPE of Holt-Winters fitted to the
sum of the same SKUs.

    python -m benchmarks.levels --seeds 11 12 13 14 15
    python -m benchmarks.levels --data aus_retail/landing --markets aus_retail/markets.yaml --origins 3
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.hierarchical_series import read_series, tree_case
from benchmarks.level_scores import LevelCase, level_cells, level_scores
from benchmarks.pooling import pooled_model_of
from benchmarks.pooling_markets import MarketData, markets_of_case, sample_markets
from forecast_assets.config.markets import load_markets
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.backtest import backtest

# As the product's backtest: the default of FORECAST_BACKTEST_TRAINING_ROWS.
BACKTEST_ROWS = 15_000
WIDTH = 120
# Markets of one origin, with the category of each of their SKUs and the region of each market.
Origin = tuple[list[MarketData], dict[str, dict[str, str]], dict[str, str]]


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.levels", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="companies to simulate")
    parser.add_argument("--companies", default="4x150", metavar="MARKETSxSKUS", help="their size (default %(default)s)")
    parser.add_argument("--months", type=int, default=84, help="their delivered months (default %(default)s)")
    parser.add_argument("--data", type=Path, help="a landing folder")
    parser.add_argument("--markets", type=Path, help="its markets file")
    parser.add_argument("--origins", type=int, default=1, help="origins of the folder (default %(default)s)")
    parser.add_argument("--step", type=int, default=12, help="months between them (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads of LightGBM (default %(default)s)")
    options = parser.parse_args(given)
    if not options.seeds and not (options.data and options.markets):
        parser.error("nothing to measure: give --seeds, or --data and --markets")
    return options


def origins_of(options: argparse.Namespace) -> Iterator[tuple[str, Origin]]:
    """A measured set: a name and the markets of an origin."""
    markets, skus = (int(count) for count in options.companies.split("x"))
    for seed in options.seeds:
        company = sample_markets(markets, skus, options.months, seed)
        last = next(iter(company.panels.values())).months[-1]
        data = company.at(add_months(last, -HORIZON_MONTHS))
        yield f"seed {seed}", (data, {each.code: categories_of(each) for each in data}, company.regions)
    if options.data:
        series = read_series(options.data, options.markets)
        regions = {code: market.region for code, market in load_markets(options.markets).items()}
        for number in range(options.origins):
            case = tree_case(series, HORIZON_MONTHS, number * options.step)
            named = dict(zip(case.known.names, case.known.keys["category"], strict=True))
            data = markets_of_case(case)
            yield (
                f"{options.data.parent.name} {case.origin}",
                (data, dict.fromkeys((m.code for m in data), named), regions),
            )


def categories_of(market: MarketData) -> dict[str, str]:
    """Category of each SKU with features of the origin."""
    now = market.features[market.features["origin_month"] == market.origin]
    return dict(zip(now["sku"], now["category"].astype(str), strict=True))


def level_case(market: MarketData, categories: dict[str, str], pooled: PooledModel | None, recipe: Recipe) -> LevelCase:
    """Forecasts, backtest and actuals of a market's SKUs with a known actual in every month."""
    features = market.features.drop(columns="country")
    model = fit_market_model(features, market.panel, market.origin, recipe, pooled=pooled)
    cells = forecast_units(features[features["origin_month"] == market.origin], market.panel, model)
    actual = pd.DataFrame(market.actual_units, index=market.panel.skus, columns=range(1, HORIZON_MONTHS + 1))
    known = actual.dropna().rename_axis("sku").rename_axis("horizon_months", axis=1).stack().rename("actual_units")
    cells = cells.merge(known.reset_index(), on=["sku", "horizon_months"], validate="1:1")
    past = backtest(features, market.panel, market.origin, recipe.of_backtest(BACKTEST_ROWS), pooled=pooled)
    described = (table.assign(category=table["sku"].map(categories)) for table in (cells, past))
    return LevelCase(market.code, market.panel, *described)


def results_table(scores: pd.DataFrame, title: str) -> Table:
    """One row per level."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("level", "cells", "in 80 %", "below", "width", "WAPE", "Holt-Winters", "ratio"):
        table.add_column(name, justify="left" if name == "level" else "right", no_wrap=True)
    for row in scores.itertuples(index=False):
        figures = (row.covered, row.below, row.width, row.wape, row.wape_holt_winters, row.ratio)
        table.add_row(row.level, str(row.cells), *(f"{figure:.3f}" for figure in figures))
    return table


def main(given: list[str] | None = None) -> int:
    """Measure and print. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    recipe = Recipe(threads=options.threads)
    cells = []
    for name, (data, categories, regions) in origins_of(options):
        pools = any(recipe.learns_from_others(market.scored) for market in data) and len(data) > 1
        pooled = pooled_model_of(data, recipe) if pools else None
        measured = [level_case(market, categories[market.code], pooled, recipe) for market in data]
        cells.append(level_cells(measured, regions).assign(origin=name))
        console.print(results_table(level_scores(cells[-1]), name))
    if len(cells) > 1:
        console.print(results_table(level_scores(pd.concat(cells, ignore_index=True)), "all origins"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
