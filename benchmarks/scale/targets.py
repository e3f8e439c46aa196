"""Targets of the platform and their figures: measured, extrapolated from what was measured, or not measured.

Only arithmetic on stored measurements; the page is written elsewhere.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

from benchmarks.scale.flame import WORK

Records = dict[str, dict[str, Any]]
MARKETS, CORES = 40, 2
ONE, COMPANY = "one market/500x72", "company"
NOT_MEASURED = "not measured"
# Two points show no curve, and the machine was not equally busy at both.
TWO_POINTS = "fitted to two points"
MEASURED_BY_SIZE = ("first history", "monthly cycle")


@dataclasses.dataclass(frozen=True)
class Target:
    """A figure, the limit it is to keep, and how the figure was found.

    Attributes:
        value: None if it was not measured.
        origin: ``measured``, or the rule of the extrapolation.
    """

    name: str
    limit: float
    value: float | None
    unit: str
    origin: str

    @property
    def outcome(self) -> str:
        """Reached or not, where there is a figure that can be judged."""
        if self.value is None:
            return NOT_MEASURED
        if self.origin == TWO_POINTS:
            return "not judged"
        return "reached" if self.value <= self.limit else "not reached"


def figure(records: Records, name: str, field: str = "cpu_seconds") -> float | None:
    """Return a field of a complete measurement."""
    record = records.get(name, {})
    return record.get(field) if record.get("complete") else None


def fits(records: Records, name: str) -> float | None:
    """Return CPU seconds in units of the fixed fit of the same group."""
    group, _, _ = name.rpartition("/")
    seconds, unit = figure(records, name), figure(records, f"{group}/fixed fit")
    return seconds / unit if seconds is not None and unit else None


def largest_company(records: Records, name: str) -> tuple[int, float] | None:
    """Return the largest number of markets with a measurement of that name, and its CPU seconds."""
    found = [
        (markets, seconds)
        for markets in (4, 10, MARKETS)
        if (seconds := figure(records, f"{COMPANY}/{markets}/{name}")) is not None
    ]
    return found[-1] if found else None


def for_forty(records: Records, name: str, divisor: float = 1.0) -> tuple[float | None, str]:
    """Return the seconds for 40 markets: measured, or in proportion to the largest company that was measured."""
    largest = largest_company(records, name)
    if largest is None:
        return None, NOT_MEASURED
    markets, seconds = largest
    rule = "measured" if markets == MARKETS else f"{markets} markets x {MARKETS / markets:.3g}"
    return seconds * MARKETS / markets / divisor, rule


def targets(records: Records, shares: dict[str, float], exponents: dict[str, tuple[float, int]]) -> Iterator[Target]:
    """Yield every target in the order of the page; each exponent comes with the number of its points."""
    measured = "measured"
    yield Target("monthly cycle, one market", 10, fits(records, f"{ONE}/monthly cycle"), "fits", measured)
    cycle, rule = for_forty(records, "monthly cycle", CORES)
    if cycle is None and (one := figure(records, f"{ONE}/monthly cycle")) is not None:
        cycle, rule = one * MARKETS / CORES, f"one market x {MARKETS}"
    on_two = f"CPU s of {rule}, on {CORES} cores"
    yield Target("monthly cycle, 40 markets", 16, cycle / 60 if cycle is not None else None, "min", on_two)
    ratio, of = plain_ratio(records)
    yield Target("the same, ratio to the plain script", 1.5, ratio, "x", of)
    yield Target("first history, one market", 60, figure(records, f"{ONE}/first history"), "CPU s", measured)
    backfill, rule = for_forty(records, "feature backfill", CORES)
    if backfill is None and (one := figure(records, f"{ONE}/feature backfill")) is not None:
        backfill, rule = one * MARKETS / CORES, f"one market x {MARKETS}"
    backfill = backfill / 60 if backfill is not None else None
    yield Target("features of 36 months, 40 markets", 5, backfill, "min", f"CPU s of {rule}, on {CORES} cores")
    yield Target("nothing to do, one market", 1.5, fits(records, f"{ONE}/no-op"), "fits", measured)
    forty, generated = figure(records, f"{COMPANY}/40/no-op"), figure(records, "forty/no-op")
    yield Target(
        "nothing to do, 40 markets", 30, forty if forty is not None else generated, "CPU s",
        measured if forty is not None else "measured on files linked for 40 markets x 72 months",
    )  # fmt: skip
    of_one = figure(records, f"{ONE}/totals")
    totals = largest_company(records, "totals") or ((1, of_one) if of_one is not None else None)
    yield Target(
        "totals of a month", 3, totals[1] if totals else None, "CPU s",
        f"measured, markets: {totals[0]}, with the start of the process" if totals else NOT_MEASURED,
    )  # fmt: skip
    cpu = figure(records, "profile/monthly cycle")
    beside = cpu * (1 - sum(shares[name] for name in WORK)) if cpu is not None and shares else None
    yield Target("cycle beside domain functions and report", 8, beside, "CPU s", "share of sampled stacks x CPU s")
    for name, (value, points) in exponents.items():
        origin = TWO_POINTS if points == 2 else f"fitted to {points} points"
        yield Target(f"exponent of {name}", 1.05, value, "", origin)
    for skus, limit in ((5_000, 3_000), (20_000, 8_000)):
        peaks = [
            figure(records, f"one market/{skus}x72/{step}", "peak_mb") for step in ("first history", "monthly cycle")
        ]
        known = [peak for peak in peaks if peak is not None]
        yield Target(f"largest process, {skus:,} SKUs", limit, max(known, default=None), "MB", measured)
    pages = records.get("many/pages", {})
    slowest = [page["median_ms"] for page in pages.values() if isinstance(page, dict)]
    at = "slowest page, median of 2 visits, 200 markets x 120 months"
    yield Target("UI pages interactive", 3, max(slowest) / 1000 if slowest else None, "s", at)


def plain_ratio(records: Records) -> tuple[float | None, str]:
    """Return CPU seconds of the monthly cycle over those of the plain script, for the most markets with both."""
    for markets in (MARKETS, 10, 4):
        own, plain = (
            figure(records, name) for name in (f"{COMPANY}/{markets}/monthly cycle", f"plain script/{markets}")
        )
        if own is not None and plain:
            return own / plain, f"CPU s, {markets} markets"
    own, plain = figure(records, f"{ONE}/monthly cycle"), figure(records, "plain script/1")
    return (own / plain, "CPU s, one market") if own is not None and plain else (None, NOT_MEASURED)


def curves(records: Records) -> dict[str, list[tuple[float, float]]]:
    """Return the points of every curve by its name: size and figure, ascending."""
    found: dict[str, list[tuple[float, float]]] = {}

    def add(name: str, size: float, value: float | None) -> None:
        if value is not None:
            found.setdefault(name, []).append((size, value))

    singles = [name for name in records if name.startswith("one market/") and _step(name) in MEASURED_BY_SIZE]
    for name in sorted(singles, key=lambda each: (records[each]["skus"], records[each]["months"])):
        record, step = records[name], _step(name)
        for field, label in (("cpu_seconds", "time"), ("peak_mb", "memory")):
            if record["months"] == 72:
                add(f"{label} in SKUs, {step}", record["skus"], figure(records, name, field))
            if record["skus"] == 500:
                add(f"{label} in months, {step}", record["months"], figure(records, name, field))
    add("time in markets, monthly cycle", 1, figure(records, f"{ONE}/monthly cycle"))
    add("memory in markets, monthly cycle", 1, figure(records, f"{ONE}/monthly cycle", "peak_mb"))
    for markets in (4, 10, MARKETS):
        for field, label in (("cpu_seconds", "time"), ("peak_mb", "memory")):
            name = f"{COMPANY}/{markets}/monthly cycle"
            add(f"{label} in markets, monthly cycle", markets, figure(records, name, field))
    return {name: points for name, points in found.items() if len(points) > 1}


def _step(name: str) -> str:
    return name.rpartition("/")[2]
