"""Gain of a market by a recipe of its own on months that neither the search nor the gate has seen.

Each market is tuned at an origin as ``forecast-assets tune`` does it: the search sees nothing of the 18 months before
the origin. Where another recipe than the usual one comes out, the gate compares both on those 18 months as a cycle
would, and both forecast the 18 months after the origin. Printed per market: the WAPE of the usual and of the tuned
recipe on the months after, what the gate said, and the WAPE of what would have been published.

    python -m benchmarks.tuning --data retail.parquet --origins 1 --trials 20
    python -m benchmarks.tuning --sample 4x150 --months 108 --seed 21 --trials 20
"""

import argparse
import dataclasses
import sys
from collections.abc import Mapping

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.market_sets import sets_of, with_sets
from benchmarks.pooling import WIDTH
from benchmarks.pooling_markets import MarketData, absolute_error_units
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.backtest import backtest
from forecast_assets.domain.selection.champion import PromotionLimits, compare
from forecast_assets.domain.selection.tuning import parameters_in_force, tuned_recipe

# As the product's settings have it by default.
BACKTEST_ROWS = 20_000
KEPT, PROMOTED, HELD = "usual recipe kept", "promoted", "held"


def measured(market: MarketData, recipe: Recipe, trials: int) -> dict[str, object]:
    """One row: sums of absolute errors after the origin by the usual, the tuned and the published recipe."""
    features = market.features.drop(columns="country")
    earlier = features[features["origin_month"] < market.origin]

    def in_backtest(parameters: Mapping[str, object]) -> Recipe:
        return dataclasses.replace(recipe, **parameters).of_backtest(BACKTEST_ROWS)

    tuned = tuned_recipe(earlier, market.panel, market.origin, in_backtest, trials)
    parameters = parameters_in_force(tuned.assign(month=market.origin))
    usual = _error(market, features, recipe)
    row = {"market": market.code, "origin": f"{market.origin:%Y-%m}", "actual": float(np.nansum(market.actual_units))}
    if not parameters:
        return row | {"usual": usual, "tuned": usual, "published": usual, "gate": KEPT}
    own = _error(market, features, dataclasses.replace(recipe, **parameters))
    cells = backtest(earlier, market.panel, market.origin, in_backtest(parameters), champion=in_backtest({}))
    promoted = not compare(cells, has_champion=True, limits=PromotionLimits()).failed
    return row | {
        "usual": usual, "tuned": own, "published": own if promoted else usual, "gate": PROMOTED if promoted else HELD
    }  # fmt: skip


def _error(market: MarketData, features: pd.DataFrame, recipe: Recipe) -> float:
    model = fit_market_model(features, market.panel, market.origin, recipe)
    at_origin = features[features["origin_month"] == market.origin]
    cells = forecast_units(at_origin, market.panel, model)
    return absolute_error_units(market.in_panel_order(cells), market)


def results_table(rows: pd.DataFrame, title: str) -> Table:
    """WAPE per market and over all of them: sums first."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("market", "origin", "usual", "tuned", "published", "gate"):
        table.add_column(name, justify="right" if name in ("usual", "tuned", "published") else "left", no_wrap=True)
    for row in rows.to_dict("records"):
        table.add_row(row["market"], row["origin"], *_wapes(row), row["gate"])
    table.add_row("all", "", *_wapes(rows.sum(numeric_only=True)), "")
    return table


def _wapes(sums: Mapping[str, float] | pd.Series) -> list[str]:
    return [f"{sums[name] / sums['actual']:.4f}" for name in ("usual", "tuned", "published")]


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tuning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=20, help="recipes tried per market (default %(default)s)")
    return with_sets(parser, given)


def main(given: list[str] | None = None) -> int:
    """Tune, forecast and show. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    recipe = dataclasses.replace(Recipe(), threads=options.threads)
    for name, origins in sets_of(options):
        rows = []
        for market in (market for markets in origins for market in markets):
            rows.append(measured(market, recipe, options.trials))
            console.print(f"{name} {market.code} {market.origin:%Y-%m}: {rows[-1]['gate']}", highlight=False)
        console.print(results_table(pd.DataFrame(rows), f"{name}: WAPE after the origin"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
