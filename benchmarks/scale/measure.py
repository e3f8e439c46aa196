"""Measures the platform and continues where it stopped.

python -m benchmarks.scale.measure --work var/bench_platform
python -m benchmarks.scale.measure --only one_market company_4 --core 0   # on one core, beside other work
"""

import argparse
import compileall
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import forecast_assets
from benchmarks.scale.company import codes_of
from benchmarks.scale.extras import azurite, forty_markets, many_markets, plain_script, profile
from benchmarks.scale.results import Results
from benchmarks.scale.steps import feature_backfill, grown_company, onboarding, one_market_more, single_market


def company_backfill(results: Results, work: Path, markets: int) -> None:
    """Measure the feature backfill of the grown company."""
    feature_backfill(results, work, work / "company", f"company/{markets}", codes_of(markets))


Step = Callable[[Results, Path], None]
# In this order: what later groups need comes first, what takes longest comes last.
GROUPS: dict[str, Step] = {
    "one_market": lambda results, work: single_market(results, work, 500, 72),
    "one_market_more": one_market_more,
    "plain_1": lambda results, work: plain_script(results, work, 1, 1),
    "profile": profile,
    "forty_markets": forty_markets,
    "many_markets": many_markets,
    "company_4": lambda results, work: grown_company(results, work, 4, 0, 3),
    "backfill_4": lambda results, work: company_backfill(results, work, 4),
    "plain_4": lambda results, work: plain_script(results, work, 4, 3),
    "azurite": azurite,
    "company_10": lambda results, work: grown_company(results, work, 10, 4, 4),
    "backfill_10": lambda results, work: company_backfill(results, work, 10),
    "plain_10": lambda results, work: plain_script(results, work, 10, 4),
    "skus_5000": lambda results, work: single_market(results, work, 5_000, 72),
    "skus_125": lambda results, work: single_market(results, work, 125, 72),
    "months_36": lambda results, work: single_market(results, work, 500, 36),
    "onboarding": onboarding,
    "months_120": lambda results, work: single_market(results, work, 500, 120),
    "company_40": lambda results, work: grown_company(results, work, 40, 10, 5),
    "backfill_40": lambda results, work: company_backfill(results, work, 40),
    "plain_40": lambda results, work: plain_script(results, work, 40, 5),
    "skus_20000": lambda results, work: single_market(results, work, 20_000, 72),
}


def main() -> int:
    """Measure what is missing. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale.measure", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--work", type=Path, default=Path("var/bench_platform"), help="folder of companies and results")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS), help="groups to measure")
    parser.add_argument("--core", type=int, help="use this core alone; runs go one after the other")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    commit = subprocess.run(["git", "rev-parse", "--short=8", "HEAD"], capture_output=True, text=True, check=True)
    compileall.compile_dir(Path(forecast_assets.__file__).parent, quiet=1)  # as an installation is
    work = options.work.resolve()
    results = Results(work / "results.json", commit.stdout.strip())
    for group in options.only:
        GROUPS[group](results, work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
