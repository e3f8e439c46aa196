"""What markets gain from one another: each alone, over all markets alone, and the mean the product publishes.

A tidy file with several markets (columns market, sku, month, y; others are attributes). At each origin the features of
the 61 last months of every market are made, the pooled model is trained as the product does, with one month's delay,
and every market is forecast three ways: ``own`` (without the others), ``pooled`` (by the learners over all markets
alone, as a market too young to train is) and ``adapted`` (own and pooled by the share learned on the refits). Printed
per market, over all markets and over classes of size: WAPE as a multiple of the product's Holt-Winters, the shares
learned at each origin, and the worst market's loss of adapted against own.

    python -m benchmarks.pooling --data retail.parquet --origins 3

Only series that reach an origin take part in it. Here belong the cut into markets and the table. The cut into known
and test months is in protocol.py, a market's history in engine_method.py.
"""

import argparse
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.baseline_methods import holt_winters
from benchmarks.engine_method import PooledSeries, pooled_series
from benchmarks.protocol import Case, cases, read_tidy
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.demand import DemandPanel
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.models.market_model import MarketModel, fit_market_model, forecast_units
from forecast_assets.domain.models.pooled_model import (
    POOLED_MONTHS,
    PooledModel,
    fit_pooled_model,
    pooled_rows,
)
from forecast_assets.domain.models.recipe import Recipe

METHODS = ("own", "pooled", "adapted")
POOLED_SKUS = 1_200
# Markets are small below the first number of series, middling below the second.
SIZES = (50, 150)
WIDTH = 120


@dataclasses.dataclass(frozen=True)
class MarketData:
    """A market's SKUs, sell-in and features of the months before an origin and of the origin, with ``country``."""

    code: str
    panel: DemandPanel
    features: pd.DataFrame


def markets_at(case: Case) -> list[MarketData]:
    """The markets of a file with the features that the product would have stored by the origin."""
    series = pooled_series(case.known)
    of_series = case.known.keys["market"].to_numpy()
    made = []
    for code in np.unique(of_series):
        own = of_series == code
        panel = DemandPanel(series.panel.skus[own], series.panel.months, series.panel.units[own])
        market = PooledSeries(panel, series.last_known[own], series.products[own])
        last = panel.months[-1]
        first = max(add_months(last, -POOLED_MONTHS), panel.months[min(11, len(panel.months) - 1)])
        months = pd.date_range(first, last, freq="MS")
        histories = [market.history(month).marked([month]) for month in months]
        tables = [build_features(history, month) for history, month in zip(histories, months, strict=True)]
        marks = pd.concat([history.sell_in.marks for history in histories], ignore_index=True)
        features = pd.concat(tables, ignore_index=True).assign(country=code)
        made.append(MarketData(code, panel.with_marks(marks), features))
    return made


def pooled_model_of(markets: list[MarketData], recipe: Recipe) -> PooledModel:
    """What the product would have learned over the markets for this origin: from the months before it."""
    cutoff = add_months(markets[0].panel.months[-1], -1)
    features = pd.concat([market.features for market in markets], ignore_index=True)
    units = pd.concat([market.panel.to_rows().assign(country=market.code) for market in markets], ignore_index=True)
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
    features, last = market.features.drop(columns="country"), market.panel.months[-1]
    own = fit_market_model(features, market.panel, last, recipe)
    alone = dataclasses.replace(own, parts=None, pooled=pooled.current.parts, pooled_share=1.0)
    return {
        "own": own, "pooled": alone, "adapted": fit_market_model(features, market.panel, last, recipe, pooled=pooled)
    }  # fmt: skip


def absolute_errors(case: Case, recipe: Recipe) -> Iterator[dict[str, object]]:
    """One row per market of an origin: sums of absolute errors by method and of Holt-Winters, and the learned share."""
    markets = markets_at(case)
    pooled = pooled_model_of(markets, recipe)
    baseline = holt_winters(case.known, HORIZON_MONTHS, recipe.threads).point
    for market in markets:
        own = case.known.keys["market"].to_numpy() == market.code
        models = models_of(market, pooled, recipe)
        at_origin = market.features[market.features["origin_month"] == market.panel.months[-1]].drop(columns="country")
        row: dict[str, object] = {"market": market.code, "series": len(market.panel.skus), "origin": case.origin}
        row["holt_winters"] = _error(baseline[own], case.actual[own])
        for name, model in models.items():
            cells = forecast_units(at_origin, market.panel, model)
            wide = cells.pivot(index="sku", columns="horizon_months", values="forecast_units")
            row[name] = _error(wide.reindex(market.panel.skus).fillna(0.0).to_numpy(), case.actual[own])
        yield row | {"share": models["adapted"].pooled_share}


def _error(forecasts: np.ndarray, actual: np.ndarray) -> float:
    return float(np.nansum(np.abs(np.maximum(forecasts, 0.0) - actual)))


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


def main(given: list[str] | None = None) -> int:
    """Measure and print. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pooling", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, action="append", required=True, help="a tidy file; may be given again")
    parser.add_argument("--origins", type=int, default=3, help="origins, 12 months apart (default 3)")
    parser.add_argument("--threads", type=int, default=1, help="threads of LightGBM (default 1)")
    options = parser.parse_args(given)
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    recipe = Recipe(threads=options.threads)
    for data in options.data:
        made: list[dict[str, object]] = []
        for case in cases(read_tidy(data), HORIZON_MONTHS, options.origins, 12):
            made += absolute_errors(case, recipe)
            console.print(f"{data.stem} {case.origin}: {len(case.known)} series", highlight=False)
        rows = pd.DataFrame(made)
        console.print(results_table(rows, f"{data.stem}: WAPE as a multiple of Holt-Winters'"))
        code, loss = worst_market(rows)
        console.print(f"worst market by adapting: {code} {loss:+.1%}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
