"""All sets of a folder against all peers, in one run, written up as a page: ``make bench``.

The folder holds tidy files as ``accuracy.py`` reads them. Every set has one origin but those named in ``ORIGINS``. A
set where more than 30 % of the months are zero is measured against the methods for intermittent demand too. Sets of
the Chronos zero-shot benchmark are measured at its horizon, too, beside the figures published there.

    python -m benchmarks.suite --folder bench --out benchmarks/RESULTS.md
    python -m benchmarks.suite --folder bench --sets m3 hospital --methods engine,holt_winters_statsmodels --out page.md

Here belong the choice of sets and methods and the order of work. The page is made in ``results_page.py``.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import accuracy
from benchmarks.growth import SIZES, measure_size
from benchmarks.methods import BASELINE
from benchmarks.protocol import read_tidy
from benchmarks.published_figures import ZERO_SHOT_TASKS
from benchmarks.results_page import write_page
from benchmarks.results_table import Row, draw_ratios, results_tables

HORIZON_MONTHS, STEP_MONTHS = 18, 12
ORIGINS = {"aus_retail": 3}
PEERS = ("seasonal_naive", BASELINE, "auto_ets", "theta", "auto_ces", "mean_ets_theta_ces", "mlforecast_lightgbm")
INTERMITTENT_PEERS = ("adida", "imapa", "sba", "tsb")
INTERMITTENT_ZERO_SHARE = 0.3


def methods_for(data: Path) -> str:
    """The methods a set is measured with, comma separated: the engine first."""
    units = read_tidy(data)["y"].dropna()
    sparse = (units <= 0).mean() > INTERMITTENT_ZERO_SHARE
    return ",".join(["engine", *PEERS, *(INTERMITTENT_PEERS if sparse else ())])


def measure_set(data: Path, methods: str | None, threads: int, folder: Path, console: Console) -> list[Row]:
    """Rows of one set; also written to ``<folder>/<set>.json``, so that a later failure loses nothing."""
    options = accuracy.arguments(
        ["--data", str(data), "--horizon", str(HORIZON_MONTHS), "--step", str(STEP_MONTHS),
         "--origins", str(ORIGINS.get(data.stem, 1)), "--methods", methods or methods_for(data),
         "--quantiles", "--threads", str(threads), "--out", str(folder / f"{data.stem}.json")]
    )  # fmt: skip
    rows = accuracy.run(options, console)
    for table in results_tables(rows):
        console.print(table)
    return rows


def measure_zero_shot(data: Path, threads: int, folder: Path, reuse: bool, console: Console) -> list[Row]:
    """Rows of a set at the horizon of its zero-shot task; also written to ``<folder>/<set>_zero_shot.json``."""
    path = folder / f"{data.stem}_zero_shot.json"
    if reuse and path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    options = accuracy.arguments(
        ["--data", str(data), "--horizon", str(ZERO_SHOT_TASKS[data.stem].horizon_months), "--quantiles",
         "--methods", "engine,seasonal_naive", "--threads", str(threads), "--out", str(path)]
    )  # fmt: skip
    return accuracy.run(options, console)


def measure_growth(
    sizes: list[int], threads: int, path: Path, reuse: bool, console: Console
) -> dict[int, tuple[float, float]]:
    """Seconds and peak megabytes of the engine by number of series; written after each size."""
    known = json.loads(path.read_text(encoding="utf-8")) if reuse and path.exists() else {}
    for size in sizes:
        if str(size) not in known:
            known[str(size)] = measure_size(size, "engine", threads)
            path.write_text(json.dumps(known) + "\n", encoding="utf-8")
        console.print(f"{size} series: {known[str(size)][0]:.1f} s, {known[str(size)][1]:.0f} MB", highlight=False)
    return {size: tuple(known[str(size)]) for size in sizes}


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.suite", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="folder of tidy Parquet files")
    parser.add_argument("--sets", nargs="+", help="only these files, without their ending (default: all)")
    parser.add_argument("--methods", help="comma separated (default: the engine and all peers)")
    parser.add_argument(
        "--growth", type=int, nargs="*", default=SIZES, help="sizes of the growth table; none: left out"
    )
    parser.add_argument("--reuse", action="store_true", help="take what an earlier run has measured from its JSON")
    cores = max(1, (os.cpu_count() or 2) - 1)
    parser.add_argument("--threads", type=int, default=cores, help="threads of a method (default cores - 1)")
    parser.add_argument("--out", type=Path, required=True, help="page to write; the picture and JSON go beside it")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    """Measure every set, then growth; write the page. Returns the exit code."""
    options = arguments(given)
    console = Console() if sys.stdout.isatty() else Console(width=accuracy.PLAIN_WIDTH)
    files = sorted(path for path in options.folder.glob("*.parquet") if not options.sets or path.stem in options.sets)
    if not files:
        print(f"benchmarks.suite: no tidy file in {options.folder}; expected <set>.parquet", file=sys.stderr)
        return 1
    results = options.out.parent / "results"
    results.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    zero_shot: dict[str, list[Row]] = {}
    try:
        for data in files:
            measured = results / f"{data.stem}.json"
            if options.reuse and measured.exists():
                rows += json.loads(measured.read_text(encoding="utf-8"))
            else:
                rows += measure_set(data, options.methods, options.threads, results, console)
        for data in files:
            if data.stem in ZERO_SHOT_TASKS:
                zero_shot[data.stem] = measure_zero_shot(data, options.threads, results, options.reuse, console)
        growth = measure_growth(options.growth, options.threads, results / "growth.json", options.reuse, console)
    except accuracy.EXPECTED_ERRORS as error:
        print(f"benchmarks.suite: {error}", file=sys.stderr)
        return 1
    picture = options.out.with_suffix(".png")
    draw_ratios(rows, picture)
    write_page(options.out, rows, growth, picture, options.threads, zero_shot)
    console.print(f"written: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
