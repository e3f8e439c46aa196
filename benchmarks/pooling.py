"""Gain of markets from one another: each alone, over all markets alone, and the mean the product publishes.

Of a tidy file with several markets (columns market, sku, month, y; others are attributes) or of a simulated company.
At each origin the features of the 61 last months of every market are made, the pooled model is trained as the product
does, with one month's delay, and every market is forecast three ways: ``own`` (without the others), ``pooled`` (by the
learners over all markets alone, as a market too young to train is) and ``adapted`` (own and pooled by the share learned
on the refits). Printed per market, over all markets and over classes of size: WAPE as a multiple of the product's
Holt-Winters, the shares learned at each origin, and the worst market's loss of adapted against own.

    python -m benchmarks.pooling --data retail.parquet --origins 3
    python -m benchmarks.pooling --sample 12x25 --sample 4x150 --months 96 --seed 11

Only series that reach an origin take part in it. Here belong training and the table, not the way from files to a
market (``pooling_markets.py``).
"""

import argparse
import dataclasses
import sys
from collections.abc import Iterator

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.market_sets import sets_of, with_sets
from benchmarks.panel_rows import rows_of_panel
from benchmarks.pooling_markets import MarketData, absolute_error_units
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.models.market_model import MarketModel, PooledAlone, fit_market_model, forecast_units
from forecast_assets.domain.models.pooled_model import PooledModel, fit_pooled_model, pooled_rows
from forecast_assets.domain.models.recipe import Recipe

METHODS = ("own", "pooled", "adapted")
POOLED_SKUS = 1_200
# Markets are small below the first number of series, middling below the second.
SIZES = (50, 150)
WIDTH = 120


def pooled_model_of(markets: list[MarketData], recipe: Recipe) -> PooledModel:
    """Return what the product would have learned over the markets from the months before this origin."""
    cutoff = add_months(markets[0].origin, -1)
    features = pd.concat([market.features for market in markets], ignore_index=True)
    units = pd.concat(
        [rows_of_panel(market.panel).assign(country=market.code) for market in markets], ignore_index=True
    )
    months = pd.date_range(features["origin_month"].min(), cutoff, freq="MS")
    sampled = [
        pooled_rows(
            features[features["origin_month"] == month], units[units["month"] == month], POOLED_SKUS // len(markets)
        ).assign(month=month)
        for month in months
    ]
    return fit_pooled_model(pd.concat(sampled, ignore_index=True), cutoff, recipe)


def models_of(market: MarketData, pooled: PooledModel, recipe: Recipe) -> dict[str, MarketModel]:
    """The market's models by method; ``pooled`` has the weights of ``own``, so that the learners alone differ."""
    features = market.features.drop(columns="country")
    own = fit_market_model(features, market.panel, market.origin, recipe)
    alone = dataclasses.replace(own, learned=PooledAlone(pooled.current.boosters))
    adapted = fit_market_model(features, market.panel, market.origin, recipe, pooled=pooled)
    return {"own": own, "pooled": alone, "adapted": adapted}


def absolute_errors(markets: list[MarketData], recipe: Recipe) -> Iterator[dict[str, object]]:
    """One row per market of an origin: sums of absolute errors by method and of Holt-Winters, and the learned share."""
    pooled = pooled_model_of(markets, recipe)
    for market in markets:
        models = models_of(market, pooled, recipe)
        at_origin = market.features[market.features["origin_month"] == market.origin].drop(columns="country")
        row: dict[str, object] = {"market": market.code, "series": market.scored, "origin": f"{market.origin:%Y-%m}"}
        row["holt_winters"] = absolute_error_units(market.holt_winters_units, market)
        for name, model in models.items():
            cells = forecast_units(at_origin, market.panel, model)
            row[name] = absolute_error_units(market.in_panel_order(cells), market)
        yield row | {"share": models["adapted"].pooled_share}


def size_of(series: int) -> str:
    """Class of a market's size."""
    small, middling = SIZES
    return f"under {small} SKUs" if series < small else f"{small} to {middling}" if series < middling else "larger"


def ratios(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """WAPE of each method as a multiple of Holt-Winters', over the cells of each group: sums first."""
    sums = rows.groupby(by, sort=False)[[*METHODS, "holt_winters"]].sum()
    return sums[list(METHODS)].div(sums["holt_winters"], axis=0)


def results_table(rows: pd.DataFrame, title: str) -> Table:
    """Markets, sizes and all of them with the ratios, the gain of adapted over own, and the shares by origin."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("market", "series", *METHODS, "adapted / own", "shares"):
        table.add_column(name, justify="left" if name in ("market", "shares") else "right", no_wrap=True)
    sizes = rows.groupby("market")["series"].max()
    groups = rows.assign(all="all markets", size=rows["market"].map(sizes).map(size_of))
    for by in ("market", "size", "all"):
        for name, found in ratios(groups, by).iterrows():
            own = groups[groups[by] == name]
            shares = " ".join(f"{share:g}" for share in own["share"]) if by == "market" else ""
            series = own.groupby("market")["series"].max().sum()
            figures = [f"{found[method]:.3f}" for method in METHODS]
            table.add_row(str(name), str(series), *figures, f"{found['adapted'] / found['own'] - 1:+.1%}", shares)
    return table


def worst_market(rows: pd.DataFrame) -> tuple[str, float]:
    """The market that loses most by adapting, and its WAPE against its own model's minus one (negative: a gain)."""
    found = ratios(rows, "market")
    loss = found["adapted"] / found["own"] - 1.0
    return str(loss.idxmax()), float(loss.max())


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pooling", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    return with_sets(parser, given)


def main(given: list[str] | None = None) -> int:
    """Measure and print. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    recipe = Recipe(threads=options.threads)
    for name, origins in sets_of(options):
        made: list[dict[str, object]] = []
        for markets in origins:
            made += absolute_errors(markets, recipe)
            console.print(
                f"{name} {markets[0].origin:%Y-%m}: {sum(each.scored for each in markets)} series", highlight=False
            )
        rows = pd.DataFrame(made)
        console.print(results_table(rows, f"{name}: WAPE as a multiple of Holt-Winters'"))
        code, loss = worst_market(rows)
        console.print(f"worst market by adapting: {code} {loss:+.1%}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
