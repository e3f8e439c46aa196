"""One method on one origin of one file, in a process of its own, so that imports, threads and peaks do not mix.

Started by ``accuracy.py`` and ``growth.py``; writes arrays and figures to a file. Nothing is scored here.
"""

import argparse
import dataclasses
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.methods import load
from benchmarks.protocol import Forecasts, cases, read_tidy

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
KILOBYTES_PER_MB = 1024


class MethodFailedError(RuntimeError):
    """A method's process ended with an error."""


def run_in_process(
    data: Path, method: str, horizon_months: int, origin_number: int, step_months: int, threads: int
) -> tuple[Forecasts, float, float]:
    """Forecasts, seconds of the method without its imports, and peak resident megabytes of its process.

    Raises:
        MethodFailedError: With the last line the process wrote.
    """
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads)) | {"NIXTLA_ID_AS_COL": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "forecasts.npz"
        arguments = [data.resolve(), method, horizon_months, origin_number, step_months, threads, out]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.run_method", *map(str, arguments)],
            cwd=Path(__file__).parent.parent, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise MethodFailedError(f"{method} on {data.name}, origin number {origin_number}: {last}")
        with np.load(out) as stored:
            arrays = [stored.get(field.name) for field in dataclasses.fields(Forecasts)]
            return Forecasts(*arrays), float(stored["seconds"]), float(stored["peak_mb"])


def peak_mb() -> float:
    """Peak resident megabytes of this process.

    On Linux from ``VmHWM``: ``ru_maxrss`` starts at the size of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        peaks = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        if peaks:
            return int(peaks[0]) / KILOBYTES_PER_MB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / KILOBYTES_PER_MB**2 if sys.platform == "darwin" else peak / KILOBYTES_PER_MB


def main() -> None:
    """Run the method named in the arguments and write its arrays, ``seconds`` and ``peak_mb``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("method")
    for name in ("horizon", "origin_number", "step", "threads"):
        parser.add_argument(name, type=int)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    forecast = load(given.method)
    case = cases(read_tidy(given.data), given.horizon, given.origin_number + 1, given.step)[given.origin_number]
    begin = time.perf_counter()
    made = forecast(case.known, given.horizon, given.threads)
    seconds = time.perf_counter() - begin
    arrays = {field.name: getattr(made, field.name) for field in dataclasses.fields(Forecasts)}
    known = {name: values for name, values in arrays.items() if values is not None}
    np.savez(given.out, **known, seconds=seconds, peak_mb=peak_mb())


if __name__ == "__main__":
    main()
