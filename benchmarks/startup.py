"""CPU seconds that help and the code location take to start, as ratios of the libraries that they cannot do without.

Run as ``python -m benchmarks.startup``: medians of five in one run, taken in turn so that a busy machine slows all of
them alike. The package is compiled first, as an installation is. Exit code 1 if a ratio is above its target.
"""

import compileall
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import forecast_assets

REPEATS = 5
APP = "from forecast_assets.cli import app; app()"
COMMANDS = (
    "alerts", "backfill", "champion", "cycle", "demo", "doctor", "market", "measure", "prepare", "prune", "replay",
    "rollback", "sample", "tune", "versions", "watchdog", "why",
)  # fmt: skip
DAGSTER = "import dagster"
LIBRARIES = "import dagster, pandas, pandera.pandas, duckdb"
DEFINITIONS = "import forecast_assets.definitions"
HELP_TARGET, DEFINITIONS_TARGET = 0.5, 1.5


def cpu_seconds(code: str, *arguments: str) -> float:
    """Return the CPU seconds of a fresh interpreter that runs the code."""
    before = _children()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL)
    return _children() - before


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def medians(starts: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """Return the median CPU seconds of each start; all starts take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in starts}
    for _ in range(REPEATS):
        for name, start in starts.items():
            seconds[name].append(cpu_seconds(*start))
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> int:
    """Measure, print a table, and return the exit code."""
    compileall.compile_dir(Path(forecast_assets.__file__).parent, quiet=1)
    helps = {"--help": (APP, "--help"), **{f"{name} --help": (APP, name, "--help") for name in COMMANDS}}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("FORECAST_STORE", f"{folder}/store")
        seconds = medians({
            DAGSTER: (DAGSTER,), LIBRARIES: (LIBRARIES,), DEFINITIONS: (DEFINITIONS,), **helps,
        })  # fmt: skip
    ratios = {name: (seconds[name] / seconds[DAGSTER], HELP_TARGET) for name in helps}
    ratios[DEFINITIONS] = (seconds[DEFINITIONS] / seconds[LIBRARIES], DEFINITIONS_TARGET)
    print(f"{'start':48} {'CPU s':>6} {'ratio':>6} {'target':>6}")
    for name in (DAGSTER, LIBRARIES):
        print(f"{name:48} {seconds[name]:6.2f}")
    for name, (ratio, target) in ratios.items():
        print(f"{name:48} {seconds[name]:6.2f} {ratio:6.2f} {target:6.2f}{'' if ratio <= target else '  MISSED'}")
    return int(any(ratio > target for ratio, target in ratios.values()))


if __name__ == "__main__":
    sys.exit(main())
