"""The engine on simulated companies, beside Holt-Winters, the naive and the simulator's own expectation.

For each seed a company is simulated (docs/sample-company.md), features of all earlier origins are built, a model of
each market is trained as the asset does and forecasts 18 months from an origin 18 months before the end. The truth is
the simulator's expectation: the noise floor. With --ablation each market is also forecast without one family of
features at a time.

    python -m benchmarks.sample_company --seeds 11 12 13 --out results.json
    python -m benchmarks.sample_company --seeds 101 --ablation --training-rows 20000 --out ablation.json
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.sample_histories import SampleCompany, sample_company
from benchmarks.sample_scores import KEYS, ablation, scores, summary
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.families import FAMILIES, columns_of
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.backtest import with_actuals
from forecast_assets.domain.statistical.baseline import baseline_forecasts

TRAINING_ORIGINS = 60
# Where there is no terminal to ask, a log say: the width of the widest table.
PLAIN_WIDTH = 120


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sample_company",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[7], help="companies to simulate (default %(default)s)")
    parser.add_argument("--markets", type=int, default=4, help="markets of each (default %(default)s)")
    parser.add_argument("--skus", type=int, default=150, help="SKUs of each market (default %(default)s)")
    parser.add_argument("--months", type=int, default=72, help="delivered months (default %(default)s)")
    usual = Recipe().training_rows
    parser.add_argument("--training-rows", type=int, default=usual, help="rows of a model (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads of a model (default %(default)s)")
    parser.add_argument("--ablation", action="store_true", help="also without each family of features")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    return parser.parse_args(given)


def market_cells(
    history: MarketHistory, truth: pd.DataFrame, origin: pd.Timestamp, recipe: Recipe, families: list[str]
) -> pd.DataFrame:
    """Forecasts of a market at the origin by every method, with the actuals.

    Args:
        history: The market.
        truth: ``sku, month, expected_sell_in_units`` of the market.
        origin: The origin month, 18 months before the last of the history.
        recipe: How the models are trained.
        families: Families of features to train without, each a column ``without_<family>``.
    """
    first = max(history.sell_in.months[0], add_months(origin, -TRAINING_ORIGINS))
    history = history.marked(pd.date_range(first, origin, freq="MS"))
    earlier = pd.concat(
        [build_features(history, month) for month in pd.date_range(first, add_months(origin, -1), freq="MS")],
        ignore_index=True,
    ).copy()  # Hundreds of columns in few blocks: every model chooses rows from them.
    at_origin = build_features(history, origin)
    cells = _forecast(history, earlier, at_origin, origin, recipe)
    for family in families:
        dropped = columns_of(family, earlier.iloc[:0])
        without = _forecast(
            history, earlier.drop(columns=dropped), at_origin.drop(columns=dropped, errors="ignore"), origin, recipe
        )
        cells[f"without_{family}"] = without["forecast_units"].to_numpy()
    baseline = baseline_forecasts(history.sell_in, origin, at_origin["sku"].to_numpy())
    cells = cells.merge(baseline, on=["sku", "origin_month", "target_month", "horizon_months"], validate="1:1")
    expected = truth.rename(columns={"month": "target_month"})[["sku", "target_month", "expected_sell_in_units"]]
    cells = cells.merge(expected, on=["sku", "target_month"], how="left", validate="1:1")
    # The truth has rows of months on sale; after the end nothing is expected.
    cells = cells.fillna({"expected_sell_in_units": 0.0})
    return with_actuals(cells, history.sell_in, history.sell_in.months[-1])


def _forecast(
    history: MarketHistory, earlier: pd.DataFrame, at_origin: pd.DataFrame, origin: pd.Timestamp, recipe: Recipe
) -> pd.DataFrame:
    model = fit_market_model(earlier, history.sell_in, origin, recipe)
    return forecast_units(at_origin, history.sell_in, model)


def company_cells(company: SampleCompany, seed: int, options: argparse.Namespace, console: Console) -> pd.DataFrame:
    """Cells of all markets of a company, with ``seed`` and ``market``."""
    origin = add_months(company.last_month, -HORIZON_MONTHS)
    recipe = dataclasses.replace(Recipe(), training_rows=options.training_rows, threads=options.threads)
    families = list(FAMILIES) if options.ablation else []
    parts = []
    for code, history in company.histories.items():
        truth = company.truth[company.truth["country"] == code]
        cells = market_cells(history, truth, origin, recipe, families).assign(seed=seed, market=code)
        parts.append(cells)
        console.print(progress_line(cells), highlight=False)
    return pd.concat(parts, ignore_index=True)


def progress_line(cells: pd.DataFrame) -> str:
    """Return the last measurement in one line."""
    row = scores(cells, KEYS).set_index("lags").loc["all"]
    return (
        f"seed {row['seed']} {row['market']}: WAPE engine {row['wape_engine']:.4f}, Holt-Winters "
        f"{row['wape_holt_winters']:.4f}, truth {row['wape_truth']:.4f}"
    )


def table_of(rows: pd.DataFrame, title: str) -> Table:
    """A table for the terminal: fractions with four digits, other values as they are."""
    table = Table(title=title, title_justify="left")
    for column in rows.columns:
        is_number = pd.api.types.is_numeric_dtype(rows[column])
        table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    for values in rows.itertuples(index=False):
        table.add_row(*(f"{value:.4f}" if isinstance(value, float) else str(value) for value in values))
    return table


def results(cells: pd.DataFrame, with_ablation: bool) -> dict[str, pd.DataFrame]:
    """The figures by name: ``summary``, ``markets`` and, where asked for, ``ablation``."""
    figures = {"summary": summary(cells), "markets": scores(cells, KEYS)}
    return figures | ({"ablation": ablation(cells, list(FAMILIES))} if with_ablation else {})


def main(given: list[str] | None = None) -> int:
    """Simulate, measure, write and show. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)
    parts = []
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            company = sample_company(Path(folder), seed, options.markets, options.skus, options.months)
        parts.append(company_cells(company, seed, options, console))
        figures = results(pd.concat(parts, ignore_index=True), options.ablation)
        content = {name: json.loads(table.to_json(orient="records")) for name, table in figures.items()}
        options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for name, table in figures.items():
        console.print(table_of(table.drop(columns="actual_units", errors="ignore"), name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
