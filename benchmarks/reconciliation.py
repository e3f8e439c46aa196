"""Do the levels gain from forecasts of their own? Bottom-up against ways to reconcile, at every level of a company.

Base forecasts of every level (world, region, market, category of a market, SKU) come from one method; then SKU
forecasts are made to agree with them: bottom_up (SKUs summed, what the product does), forecast_proportions (top-down),
and MinTrace with ols, structural and shrunk covariance weights (of hierarchicalforecast, the extra benchmark). ``base``
is each level's own forecast, which does not add up, for comparison.

The horizon of the first origin ends with the last month of the data, each further origin lies STEP months earlier.
Errors are summed over series and months of a level before dividing (error = forecast - actual), and over all origins
for the rows with origin "all". There, at the level of SKUs, each method is tested against bottom_up by drawing SKUs
(domain/evaluation/paired_comparison.py): 90 % interval of the WAPE ratio and verdict. Regions and the rule for absent
months come from --markets.

    python -m benchmarks.reconciliation --data landing --markets markets.yaml --out reconciliation.json
    python -m benchmarks.reconciliation --data tidy.parquet --bases statistical,engine --out reconciliation.json
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.hierarchical_series import LEVELS, SkuSeries, TreeCase, read_series, tree_case
from benchmarks.methods import EXTRA, MissingPackageError
from benchmarks.reconcile_methods import BASES, BOTTOM_UP, METHODS, base_forecasts, reconcile
from forecast_assets.config.markets import MarketsError
from forecast_assets.domain.evaluation.accuracy import bias, wape
from forecast_assets.domain.evaluation.paired_comparison import PairedComparison, compare_paired

ALL_ORIGINS = "all"
Row = dict[str, str | float | int | None]
EXPECTED_ERRORS = (ValueError, OSError, MarketsError, MissingPackageError)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reconciliation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="a tidy file or a landing folder")
    parser.add_argument("--name", help="name of the data in the results (default: that of the file or folder)")
    parser.add_argument("--markets", type=Path, help="markets.yaml of a landing folder: regions, absent months")
    parser.add_argument(
        "--bases", default=",".join(BASES), help="base forecasts, comma separated (default %(default)s)"
    )
    parser.add_argument("--methods", default=",".join(METHODS), help="comma separated (default %(default)s)")
    parser.add_argument("--horizon", type=int, default=18, help="months to forecast (default 18)")
    parser.add_argument("--origins", type=int, default=3, help="how many origins (default 3)")
    parser.add_argument("--step", type=int, default=12, help="months between origins (default 12)")
    parser.add_argument("--threads", type=int, default=1, help="threads of the engine (default 1)")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    return parser.parse_args(given)


def names_of(text: str, known: list[str], what: str) -> list[str]:
    """Comma separated names.

    Raises:
        ValueError: Naming those that are unknown and all that exist.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"unknown {what} {unknown}; known: {', '.join(known)}")
    return names


def scored_levels(case: TreeCase, forecasts: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Actuals and forecasts (series, horizon) by level."""
    actual = case.summing @ case.actual
    return {level: (actual[rows], forecasts[rows]) for level, rows in case.level_rows.items()}


def sku_test(cases: list[TreeCase], forecasts: list[np.ndarray], bottom_up: list[np.ndarray]) -> PairedComparison:
    """A method against bottom-up at the level of SKUs; both (SKUs, horizon) per case."""
    parts = [
        pd.DataFrame(
            {
                "sku": np.repeat(case.known.names, case.actual.shape[1]),
                "origin_month": case.origin,
                "actual_units": case.actual.ravel(),
                "method_units": made.ravel(),
                "bottom_up_units": summed.ravel(),
            }
        )
        for case, made, summed in zip(cases, forecasts, bottom_up, strict=True)
    ]
    return compare_paired(pd.concat(parts, ignore_index=True), "method_units", "bottom_up_units")


def row_of(
    named: dict[str, str],
    level: str,
    actual: np.ndarray,
    forecast: np.ndarray,
    series: int,
    test: PairedComparison | None = None,
) -> Row:
    """One object of the JSON file; ratios that do not exist and tests that were not made are null."""
    ratios = {"wape": wape(actual, forecast), "bias": bias(actual, forecast)}
    known = {name: value if np.isfinite(value) else None for name, value in ratios.items()}
    tested = {
        "ratio_p05": test.low if test else None,
        "ratio_p95": test.high if test else None,
        "verdict": test.verdict if test else None,
    }
    return named | {"level": level, "series": series, "cells": int(actual.size)} | known | tested


def measure(series: SkuSeries, name: str, options: argparse.Namespace, console: Console) -> list[Row]:
    """Rows by base, method, origin and level, and over all origins."""
    methods = names_of(options.methods, list(METHODS), "methods")
    bases = names_of(options.bases, list(BASES), "bases")
    cases = [tree_case(series, options.horizon, options.step * number) for number in range(options.origins)]
    rows: list[Row] = []
    for base in bases:
        scores: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
        for case in cases:
            made, errors = base_forecasts(case, base, options.horizon, options.threads)
            console.print(f"{name} {case.origin} {base}: {len(case.known)} SKUs, {case.left_out} left out")
            for method in methods:
                named = {"dataset": name, "base": base, "method": method, "origin": case.origin}
                for level, pair in scored_levels(case, reconcile(method, case, made, errors)).items():
                    scores.setdefault((method, level), []).append(pair)
                    rows.append(row_of(named, level, *pair, series=len(pair[0])))
        for (method, level), pairs in scores.items():
            actual, forecast = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
            named = {"dataset": name, "base": base, "method": method, "origin": ALL_ORIGINS}
            test = None
            if level == "sku" and BOTTOM_UP in methods:
                made = [[pair[1] for pair in scores[key, level]] for key in (method, BOTTOM_UP)]
                test = sku_test(cases, *made)
            rows.append(row_of(named, level, actual, forecast, len(pairs[0][0]), test))
    return rows


def results_table(rows: list[Row], base: str) -> Table:
    """WAPE by method and level over all origins, how many origins are below bottom-up's, the test of the SKUs."""
    own = [row for row in rows if row["base"] == base]
    levels = [level for level in LEVELS if any(row["level"] == level for row in own)]
    by_key = {(row["method"], row["origin"], row["level"]): row["wape"] for row in own}
    origins = sorted({str(row["origin"]) for row in own} - {ALL_ORIGINS})
    table = Table(
        title=f"WAPE, base {base}; (origins better than bottom_up)", title_justify="left", box=box.SIMPLE_HEAD
    )
    for header in ("method", *levels, "SKUs"):
        table.add_column(header, justify="right" if header in levels else "left", no_wrap=True)
    for method in dict.fromkeys(str(row["method"]) for row in own):
        texts = []
        for level in levels:
            wins = sum(
                (by_key[method, origin, level] or 0) < (by_key.get((BOTTOM_UP, origin, level)) or 0)
                for origin in origins
            )
            found = by_key[method, ALL_ORIGINS, level]
            text = "" if found is None else f"{found:.4f}"
            texts.append(text if method == BOTTOM_UP else f"{text} ({wins}/{len(origins)})")
        tested = next(
            row for row in own if (row["method"], row["origin"], row["level"]) == (method, ALL_ORIGINS, "sku")
        )
        table.add_row(method, *texts, "" if method == BOTTOM_UP else str(tested["verdict"] or ""))
    return table


def main(given: list[str] | None = None) -> int:
    """Measure, write the file, show the tables. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=120, highlight=False)
    try:
        series = read_series(options.data, options.markets)
        rows = measure(series, options.name or options.data.stem, options, console)
    except ModuleNotFoundError as error:
        print(f"benchmarks.reconciliation: needs {error.name}, which is not installed: {EXTRA}", file=sys.stderr)
        return 1
    except EXPECTED_ERRORS as error:
        print(f"benchmarks.reconciliation: {error}", file=sys.stderr)
        return 1
    options.out.write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    for base in dict.fromkeys(str(row["base"]) for row in rows):
        console.print(results_table(rows, base))
    return 0


if __name__ == "__main__":
    sys.exit(main())
