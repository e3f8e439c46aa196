"""Drill of many workers: Redis, PostgreSQL, Azurite, Dagster's daemon, and workers that share nothing else.

``make drill-celery`` runs it; it needs root, PostgreSQL, Redis and Node.js with Azurite. First cycles of successive
months while workers are killed at random, then one cycle each with 1, 2 and 4 workers and no kills. The result is in
``var/drill_celery``: ``result.json`` with who ran what, and ``table.md``.

Variables: ``DRILL_MARKETS`` (8), ``DRILL_SKUS`` (15), ``KILL_MINUTES`` (20), ``DRILL_KILL_EVERY`` (60 seconds on
average; a worker needs a few times as long as a run), ``DRILL_SEED`` (17), ``DRILL_WORKERS`` (1,2,4; empty leaves the
timing out), ``DRILL_TIMED_MARKETS`` (all).
"""

import dataclasses
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from forecast_assets.domain.calendar import add_months
from tools.celery_drill.company import SETTINGS, Company
from tools.celery_drill.cycles import Cycles, Killer, with_runs
from tools.celery_drill.outcome import as_markdown, outcome_of, recovery_seconds, table
from tools.celery_drill.prepared import prepare
from tools.celery_drill.workers import ROOT
from tools.stack.own_network import enter_own_network

FIRST_CYCLE, CYCLES = pd.Timestamp("2024-01-01"), 18
WORKERS_UNDER_KILLS = 4
OUT = ROOT / "var" / "drill_celery"


def main() -> None:
    """Run the drill; exit with 1 if a forecast is missing or an injury was not told."""
    if os.geteuid() != 0:
        sys.exit("drill-celery: not run: it starts each worker as a user of its own, which needs root")
    prepared = prepare(
        OUT / "prepared", _number("DRILL_MARKETS", 8), _number("DRILL_SKUS", 15), FIRST_CYCLE, CYCLES, SETTINGS
    )
    # Ended from outside it stops its services, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("drill-celery: ended from outside"))
    enter_own_network()
    base = Path(tempfile.mkdtemp(prefix="drill-celery-", dir="/var/tmp"))  # nosec B108: mkdtemp makes a new one
    base.chmod(0o755)
    company = Company(base, prepared)
    try:
        with company.services():
            company.serve(WORKERS_UNDER_KILLS)
            cycles = Cycles(company)
            result, month = _kill(company, cycles)
            _write(result, base / "logs")
            result["seconds"] |= _time(company, cycles, month)
            _write(result, base / "logs")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    if result["problems"]:
        sys.exit(f"drill-celery: {'; '.join(result['problems'])}")
    print(f"drill-celery: passed, {OUT / 'result.json'}")


def _kill(company: Company, cycles: Cycles) -> tuple[dict[str, Any], pd.Timestamp]:
    """Run cycles while workers are killed; return the result and the month that follows."""
    seconds: dict[str, float] = {}
    month, last = FIRST_CYCLE, add_months(FIRST_CYCLE, CYCLES - 4)
    seconds_of_kills = 60 * float(os.environ.get("KILL_MINUTES", "20"))
    killer = Killer(company, _number("DRILL_SEED", 17), seconds_of_kills, _number("DRILL_KILL_EVERY", 60))
    give_up_at = time.monotonic() + seconds_of_kills
    killer.start()
    stopped = []
    while time.monotonic() < give_up_at and month <= last:
        name = f"{month:%Y-%m} under kills"
        try:
            seconds[name] = cycles.month(month, company.markets)
        except RuntimeError as error:
            # What happened until then is worth the most where something hangs.
            stopped.append(str(error))
            break
        _tell(f"{name}: {seconds[name]:.0f} s, {len(killer.kills)} kills")
        month = add_months(month, 1)
    killer.end()
    result = _result(company, cycles, killer, seconds)
    return {**result, "problems": stopped + result["problems"]}, month


def _time(company: Company, cycles: Cycles, month: pd.Timestamp) -> dict[str, float]:
    """Return the seconds of a month's cycle by number of workers, without kills."""
    seconds = {}
    markets = company.markets[: _number("DRILL_TIMED_MARKETS", len(company.markets))]
    for count in (int(each) for each in os.environ.get("DRILL_WORKERS", "1,2,4").split(",") if each):
        company.serve(count)
        load = os.getloadavg()[0]
        name = f"{len(markets)} markets, {count} workers"
        seconds[name] = round(cycles.month(month, markets), 1)
        _tell(f"{month:%Y-%m}, {name}: {seconds[name]:.0f} s (load before {load:.1f})")
        month = add_months(month, 1)
    return seconds


def _write(result: dict[str, Any], logs: Path) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(OUT / "logs", ignore_errors=True)
    shutil.copytree(logs, OUT / "logs")
    (OUT / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (OUT / "table.md").write_text(result["markdown"] + "\n", encoding="utf-8")
    print(result["markdown"])
    rest = {name: value for name, value in result.items() if name not in ("runs", "kills", "table", "markdown")}
    print(rest, flush=True)


def _result(company: Company, cycles: Cycles, killer: Killer, seconds: dict[str, float]) -> dict[str, Any]:
    """Return what is left of the drill: who ran what, the kills, the table, and what does not hold."""
    runs, kills = cycles.runs(), with_runs(killer.kills, company.instance())
    recorded, _ = company.command("doctor", "--record")
    verified, printed = company.command("doctor", "--verify")
    published, publications = cycles.published(), cycles.publications()
    lines = table(kills, runs, cycles.told, cycles.asked, published)
    waits = recovery_seconds(kills, runs)
    # A slot of a killed run is given back a minute after the run has ended; sensors look every half minute.
    give_up_at = time.monotonic() + 120
    while (any(cycles.slots().values()) or cycles.open_incidents()) and time.monotonic() < give_up_at:
        time.sleep(2)
    left = {"leases": cycles.leases(), "slots": cycles.slots(), "open incidents": cycles.open_incidents()}
    problems = [f"{line.injected}: {line.lost} lost" for line in lines if line.lost]
    problems += [f"{name} are left: {value}" for name, value in left.items() if value and name != "slots"]
    problems += [f"slots are left: {left['slots']}"] if any(left["slots"].values()) else []
    problems += [f"doctor --verify exits with {verified}: {printed[-600:]}"] if verified else []
    return {
        "markets": len(company.markets),
        "cores": os.cpu_count(),
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "published more than once": {"|".join(key): times for key, times in publications.items() if times != 1},
        "seconds from a kill to the next start": _spread(waits),
        "doctor": {"record": recorded, "verify": verified, "printed": printed.strip().splitlines()[-1:]},
        "left": left,
        "workers that ended by themselves": killer.died,
        "problems": problems,
        "markdown": as_markdown(lines),
        "table": [dataclasses.asdict(line) for line in lines],
        "kills": [{**dataclasses.asdict(kill), "outcome": outcome_of(kill, runs, cycles.told)} for kill in kills],
        "runs": [dataclasses.asdict(run) for run in sorted(runs.values(), key=lambda run: run.started_at or 0)],
    }


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"median": round(statistics.median(values), 1), "longest": round(values[-1], 1)}


def _number(variable: str, default: int) -> int:
    return int(os.environ.get(variable) or default)


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    main()
