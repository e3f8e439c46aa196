"""Commands run in processes of their own, and what each took: wall, CPU seconds, memory. What is run is elsewhere."""

import dataclasses
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# The unit of CPU time: one fit of LightGBM on fixed data, which a faster or a busier machine scales alike.
FIXED_FIT = """
import time, lightgbm, numpy
rng = numpy.random.default_rng(1)
x = rng.normal(size=(40000, 80))
y = x[:, 0] * x[:, 1] + rng.normal(size=40000)
options = {"verbose": -1, "num_threads": 1, "num_leaves": 31, "seed": 1, "deterministic": True}
lightgbm.train(options, lightgbm.Dataset(x, y), 50)
begun = time.process_time()
lightgbm.train(options, lightgbm.Dataset(x, y), 200)
print(time.process_time() - begun)
"""
FITS = 3


class CommandFailed(RuntimeError):
    """A measured command ended with another exit code than 0."""


@dataclasses.dataclass(frozen=True)
class Usage:
    """Cost of a command with all its processes.

    Attributes:
        wall_seconds: From start to end.
        cpu_seconds: Of the process and of all that it waited for.
        peak_mb: Resident memory of its largest process.
        load: Mean number of processes that wanted a core in the minute before the end, this command's included.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    load: float


def run(command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> Usage:
    """Run a command and return its cost; its output is added to the log.

    Raises:
        CommandFailed: If the exit code is not 0; the message holds the end of the output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with log.open("a", encoding="utf-8") as output:
        output.write(f"$ {' '.join(map(str, command))}\n")
        output.flush()
        process = subprocess.Popen(
            [str(part) for part in command], env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = log.read_text(encoding="utf-8")[-1500:]
        raise CommandFailed(f"exit code {process.returncode}: {' '.join(map(str, command))}\n{tail}")
    return Usage(
        wall_seconds=round(time.monotonic() - begun, 3),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
        peak_mb=round(usage.ru_maxrss / 1024, 1),  # KiB on Linux
        load=round(os.getloadavg()[0], 2),
    )


def fixed_fit() -> float:
    """Return the CPU seconds of the unit: the median of three fits."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    seconds = [
        float(
            subprocess.run([sys.executable, "-c", FIXED_FIT], env=environment, capture_output=True, check=True).stdout
        )
        for _ in range(FITS)
    ]
    return round(statistics.median(seconds), 3)
