"""Accuracy and cost of forecasting methods side by side, on tidy files of monthly series.

Files (Parquet or CSV) have the columns sku, month, y and optionally market (the same sku in two markets is two series)
and split (train or test); all other columns are attributes, which the engine may learn from.

Protocol: with split, each series ends with its last train month and its test months are scored (one origin). Without,
the known months end HORIZON months before the file's last month, and STEP months earlier for each further origin.
Series with fewer than 12 training months or without a test month are left out. Forecasts are clipped at 0.

Figures, per file, method and origin ("split", or the last known month), and pooled over origins ("all", where seconds
and series are summed): wape and bias over all cells, sums first (error = forecast - actual); smape (0..200) and mase
(scaled by the seasonal naive in sample, lag 12, else lag 1) as means over series; pinball (units, mean over p10 and
p90) and coverage_80 for methods with intervals; seconds of the method without imports and peak_mb of its own process.
What is undefined is null. An actual that equals several quantiles, as the zeros of a sparse series, is covered by the
share of their levels from 0.1 to 0.9. With --quantiles, wql too: 2 x the sum of the quantile losses over 0.1 to 0.9 / 9
/ the sum of |actual|, over all cells. A method without quantiles repeats its point forecast.

    python -m benchmarks.accuracy --data m3.parquet --out results.json
    python -m benchmarks.accuracy --data retail.parquet --origins 3 --out results.json \\
        --methods engine,holt_winters_statsmodels,auto_ets --picture results.png

Here belong the arguments and the order of work. The protocol is in protocol.py, the methods are in methods.py.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.methods import BASELINE, METHODS, MissingPackageError, UnknownMethodError, require
from benchmarks.protocol import ALL_ORIGINS, Case, Scores, cases, measures, pool, read_tidy, score, wql
from benchmarks.results_table import Row, draw_ratios, require_picture, results_tables
from benchmarks.run_method import MethodFailedError, run_in_process

DEFAULT_METHODS = ("engine", "seasonal_naive", "holt_winters", BASELINE)
# Where there is no terminal to ask, a log say: the width of the widest table.
PLAIN_WIDTH = 120
EXPECTED_ERRORS = (UnknownMethodError, MissingPackageError, MethodFailedError, ValueError, OSError)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    about = "\n".join(f"  {name:26} {entry.about}" for name, entry in METHODS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=__doc__.rpartition("\n\n")[0],
        epilog=f"methods (those of statsforecast and mlforecast need the extra benchmark):\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, action="append", required=True, help="a tidy file; may be given again")
    parser.add_argument("--horizon", type=_positive, default=18, help="months to forecast (default 18)")
    parser.add_argument("--origins", type=_positive, default=1, help="origins per file without split (default 1)")
    parser.add_argument("--step", type=_positive, default=12, help="months between origins (default 12)")
    parser.add_argument("--quantiles", action="store_true", help="score the quantiles 0.1 to 0.9 too, as wql")
    parser.add_argument("--methods", default=",".join(DEFAULT_METHODS), help="comma separated (default %(default)s)")
    cores = max(1, (os.cpu_count() or 2) - 1)
    parser.add_argument("--threads", type=_positive, default=cores, help="threads of a method (default cores - 1)")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--picture", type=Path, help="PNG of the WAPE ratios to write; needs matplotlib")
    return parser.parse_args(given)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text}")
    return int(text)


def row_of(named: Row, scores: Scores, seconds: float, peak_mb: float, with_quantiles: bool) -> Row:
    """One object of the JSON file, ``named`` by its data set, method and origin."""
    of_quantiles = {"wql": wql(scores)} if with_quantiles else {}
    return named | measures(scores) | of_quantiles | {"seconds": round(seconds, 3), "peak_mb": round(peak_mb, 1)}


def measure_method(
    data: Path, file_cases: list[Case], method: str, options: argparse.Namespace, console: Console
) -> list[Row]:
    """Rows of one method on one file: one per origin and one over all."""
    scored, seconds, peaks, rows = [], [], [], []
    named: Row = {"dataset": data.stem, "method": method}
    for number, case in enumerate(file_cases):
        forecasts, took, peak = run_in_process(data, method, options.horizon, number, options.step, options.threads)
        scored.append(score(case, forecasts))
        seconds.append(took)
        peaks.append(peak)
        rows.append(row_of(named | {"origin": case.origin}, scored[-1], took, peak, options.quantiles))
        console.print(progress_line(rows[-1]), highlight=False, soft_wrap=True)
    over_all = row_of(named | {"origin": ALL_ORIGINS}, pool(scored), sum(seconds), max(peaks), options.quantiles)
    return [*rows, over_all]


def progress_line(row: Row) -> str:
    """Return the last measurement in one line."""
    wape, bias = (float("nan") if row[name] is None else row[name] for name in ("wape", "bias"))
    return (
        f"{row['dataset']} {row['origin']} {row['method']}: WAPE {wape:.4f}, bias {bias:+.4f}, "
        f"{row['series']} series, {row['seconds']:.1f} s, {row['peak_mb']:.0f} MB"
    )


def run(options: argparse.Namespace, console: Console) -> list[Row]:
    """Measure every method on every file; the JSON file is written after each method, so a failure loses no figure."""
    methods = [name.strip() for name in options.methods.split(",") if name.strip()]
    require(methods)
    if options.picture:
        require_picture(methods)
    stems = [path.stem for path in options.data]
    if len(set(stems)) < len(stems):
        raise ValueError(f"files of one name cannot be told apart in the results: {stems}")
    rows: list[Row] = []
    for data in options.data:
        file_cases = cases(read_tidy(data), options.horizon, options.origins, options.step)
        if len(file_cases) < options.origins:
            console.print(f"{data.stem}: has a split column, so one origin, not {options.origins}", highlight=False)
        for method in methods:
            rows += measure_method(data, file_cases, method, options, console)
            options.out.write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return rows


def main(given: list[str] | None = None) -> int:
    """Measure, show the table, draw the picture. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)
    try:
        rows = run(options, console)
        for table in results_tables(rows):
            console.print(table)
        if options.picture:
            draw_ratios(rows, options.picture)
    except EXPECTED_ERRORS as error:
        print(f"benchmarks.accuracy: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
