"""Fuzzing of the readers of bytes with atheris, each for its share of FUZZ_SECONDS: ``make fuzz``.

A reader fails if it raises anything but its own error, if one input takes longer than 20 s, if the process dies, or if
its memory goes on growing. The input is kept in ``var/fuzz/NAME/``; once corrected it belongs into
``forecast_assets_tests/fuzz/found/NAME/``, which the tests read.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "fuzz"
SECONDS_OF_AN_INPUT = 20
# Caches of libraries fill in the first half of a run.
MOST_GROWTH_MB = 150
MOST_MB = 3000
SAMPLE_SECONDS = 1.0


def main() -> None:
    """Fuzz every reader, or with ``--reader`` one in this process; exit with 1 at a finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="time of all readers together")
    parser.add_argument("--only", action="append", default=[], help="name of a reader; repeat for several")
    parser.add_argument("--reader", help="run the fuzzer of this reader in this process")
    options = parser.parse_args()
    if options.reader:
        _fuzz(options.reader, options.seconds)
    from tools.fuzz_readers import readers

    names = options.only or list(readers())
    failed = [name for name in names if not _passes(name, max(options.seconds // len(names), 1))]
    print(f"fuzz: failed in {', '.join(failed)}" if failed else f"fuzz: passed, {len(names)} readers")
    sys.exit(bool(failed))


def _passes(name: str, seconds: int) -> bool:
    """Run a reader's fuzzer in a process of its own, print one line, and return True without a finding."""
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tools.fuzz", "--reader", name, "--seconds", str(seconds)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with (folder / "log").open("w", encoding="utf-8") as log:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
    text = (folder / "log").read_text(encoding="utf-8", errors="replace")
    samples = _samples(folder)
    inputs = samples[-1][1] if samples else 0
    growth = growth_mb(samples)
    problem = problem_of(done.returncode, text, inputs, growth)
    print(f"{'FAILED' if problem else 'ok'} {name}: {inputs:,} inputs in {seconds} s, memory {growth:+.0f} MB"
          f"{'; ' + problem if problem else ''}", flush=True)  # fmt: skip
    return not problem


def problem_of(code: int, log: str, inputs: int, growth: float) -> str:
    """Return why a run fails; empty if it does not."""
    kept = re.findall(r"Test unit written to (\S+)", log)
    if code or kept:
        lines = [line for line in log.splitlines() if re.match(r"[\w.]*(Error|Exception|ERROR)\b|==\d+== ?ERROR", line)]
        return f"exit code {code}, {lines[0][:200] if lines else 'see the log'}; input: {', '.join(kept) or 'not kept'}"
    if not inputs:
        return "no input was tried"
    return f"memory grew by {growth:.0f} MB in the second half" if growth > MOST_GROWTH_MB else ""


def growth_mb(samples: list[tuple[float, int, float]]) -> float:
    """Return the growth of memory in the second half of a run, from samples of seconds, inputs and megabytes."""
    if len(samples) < 2:
        return 0.0
    middle = samples[-1][0] / 2
    at_half = next(each for each in samples if each[0] >= middle)
    return samples[-1][2] - at_half[2]


def _samples(folder: Path) -> list[tuple[float, int, float]]:
    path = folder / "samples"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [tuple(json.loads(line)) for line in lines]


def _fuzz(name: str, seconds: int) -> None:
    """Fuzz one reader; the fuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["forecast_assets", "openpyxl", "yaml"]):
        from tools.fuzz_readers import readers
    reader, folder = readers()[name], OUT / name
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(reader.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    work = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    started, count, sampled = time.monotonic(), 0, 0.0

    with (folder / "samples").open("w", encoding="utf-8") as samples:

        def read(content: bytes) -> None:
            nonlocal count, sampled
            reader.read(content, work)
            count += 1
            now = time.monotonic() - started
            if now - sampled >= SAMPLE_SECONDS or count == 1:
                sampled = now
                samples.write(json.dumps([now, count, _memory_mb()]) + "\n")
                samples.flush()

        options = [
            f"-max_total_time={seconds}", f"-timeout={SECONDS_OF_AN_INPUT}", f"-rss_limit_mb={MOST_MB}",
            f"-artifact_prefix={folder}/", "-max_len=20000", "-print_final_stats=1", str(corpus),
        ]  # fmt: skip
        atheris.Setup([sys.argv[0], *options], read)
        atheris.Fuzz()


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
