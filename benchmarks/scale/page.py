"""Writes ``benchmarks/PLATFORM.md`` with its JSON and pictures from what has been measured so far. Nothing is measured.

python -m benchmarks.scale.page --work var/bench_platform
"""

import argparse
import json
import os
import platform
import shutil
from pathlib import Path

import pandas as pd

from benchmarks.growth import growth_exponent
from benchmarks.scale.flame import shares, svg
from benchmarks.scale.targets import NOT_MEASURED, Records, curves, fits, targets

HERE = Path(__file__).parents[1]
PAGE, FIGURES = HERE / "PLATFORM.md", HERE / "PLATFORM.json"
GROWTH = HERE / "PLATFORM_growth.png"
# Sampled stacks by what was sampled; the target of the overhead is of the first.
CYCLE = "a monthly cycle, up to its model"
PROFILES = {CYCLE: "profile", "a first history of 36 months, up to its features": "history"}
CHANGES = HERE / "scale" / "changes.md"
GROUPS = ("one market/", "company/", "plain script/", "azurite/", "forty/", "many/", "profile/")


def main() -> None:
    """Write page, JSON and pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.page", description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("var/bench_platform"), help="folder of the measurements")
    work = parser.parse_args().work
    measured = work / "results.json"
    if measured.exists():
        shutil.copy(measured, FIGURES)
    records: Records = json.loads(FIGURES.read_text(encoding="utf-8"))
    for sampled, name in PROFILES.items():
        stacks = work / f"{name}.txt"
        if stacks.exists():
            _flame(name).write_text(svg(stacks), encoding="utf-8")
            records[f"shares/{sampled}"] = {"complete": True, "shares": shares(stacks)}
    FIGURES.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    points = curves(records)
    exponents = {name: (growth_exponent(*map(list, zip(*of, strict=True))), len(of)) for name, of in points.items()}
    if points:
        _plot(points, exponents)
    PAGE.write_text("\n\n".join(_parts(records, exponents)) + "\n", encoding="utf-8")


def _parts(records: Records, exponents: dict[str, tuple[float, int]]) -> list[str]:
    of_work = records.get(f"shares/{CYCLE}", {}).get("shares", {})
    parts = [
        "# The platform as it grows, measured",
        "Made by `make bench-platform`, which continues where it stopped. Figures: `PLATFORM.json`. A *fit* is one "
        "fixed training of LightGBM, measured with each group. CPU seconds are those of a command with all its "
        "processes. Wall seconds are beside other work wherever the load is above 1.",
        f"Machine: {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; one core and one run at a time. Companies are simulated: 500 SKUs a "
        "market and 72 months before the first publication, unless the name says otherwise.",
        "## Targets",
        _targets(records, of_work, exponents),
        "Extrapolated figures say from what. What is *not measured* needs more hours of `make bench-platform`.",
        "## Growth",
    ]
    if exponents:
        parts += [f"![CPU seconds and memory by size, both axes logarithmic]({GROWTH.name})"]
    parts += ["## All measurements", _all(records)]
    if "many/pages" in records:
        parts += ["## The UI with 200 markets and 120 months", _pages(records)]
    for sampled, name in PROFILES.items():
        if f"shares/{sampled}" in records:
            parts += [f"## Where the CPU time of {sampled} goes", _shares(records[f"shares/{sampled}"]["shares"])]
            parts += [f"![Flame graph of {sampled}: outermost function at the top]({_flame(name).name})"]
    parts += [_storage(records), CHANGES.read_text(encoding="utf-8").strip()]
    return [part for part in parts if part]


def _targets(records: Records, of_work: dict[str, float], exponents: dict[str, tuple[float, int]]) -> str:
    rows = [
        {
            "target": target.name,
            "limit": f"{target.limit:,g} {target.unit}".strip(),
            "figure": NOT_MEASURED if target.value is None else f"{target.value:,.3g} {target.unit}".strip(),
            "outcome": "" if target.value is None else target.outcome,
            "found by": "" if target.value is None else target.origin,
        }
        for target in targets(records, of_work, exponents)
    ]
    return _markdown(rows)


def _all(records: Records) -> str:
    rows = []
    for name in sorted(records, key=lambda each: (_place(each), each)):
        record = records[name]
        if not record.get("complete") or "wall_seconds" not in record:
            continue
        in_fits = fits(records, name)
        rows.append(
            {
                "measurement": name + (" (continued after a stop)" if record.get("was_interrupted") else ""),
                "CPU s": f"{record['cpu_seconds']:,.1f}",
                "fits": f"{in_fits:.1f}" if in_fits is not None else "",
                "wall s": f"{record['wall_seconds']:,.0f}",
                "peak MB": f"{record['peak_mb']:,.0f}" if "peak_mb" in record else "",
                "load": f"{record['load']:.1f}" if "load" in record else "",
                "requests": f"{sum(record['requests'].values()):,}" if "requests" in record else "",
                "commit": record.get("commit", ""),
            }
        )
    return _markdown(rows)


def _place(name: str) -> int:
    return next((number for number, group in enumerate(GROUPS) if name.startswith(group)), len(GROUPS))


def _pages(records: Records) -> str:
    pages = records["many/pages"]
    rows = [
        {
            "page": name,
            "first visit, s": f"{page['first_ms'] / 1000:.1f}",
            "later, s": f"{page['median_ms'] / 1000:.1f}",
        }
        for name, page in pages.items()
        if isinstance(page, dict)
    ]
    events = records.get("many/events", {})
    lead = (
        f"{events.get('events', 0):,} generated events of {events.get('assets', 0)} assets; the event log has "
        f"{events.get('event_log_mb', 0):,.0f} MB of SQLite. Headless Chromium on the same two cores; a page is "
        "interactive one quiet second after its last answer and its last long task, that second not counted. "
        f"Load when the server started: {pages.get('load', 'not recorded')}."
    )
    return f"{lead}\n\n{_markdown(rows)}"


def _shares(of_work: dict[str, float]) -> str:
    rows = [
        {"kind of work": name, "share of samples": f"{share:.1%}"}
        for name, share in sorted(of_work.items(), key=lambda each: -each[1])
    ]
    return _markdown(rows)


def _flame(name: str) -> Path:
    return HERE / f"PLATFORM_{name}.svg"


def _storage(records: Records) -> str:
    rows = [
        {
            "company": name.rsplit("/", 1)[0], "after": name.rsplit("/", 1)[1].removeprefix("storage after "),
            "files": f"{record['store_files']:,}", "store MB": f"{record['store_mb']:,.0f}",
            "Dagster MB": f"{record['dagster_mb']:,.0f}", "MLflow MB": f"{record['mlflow_mb']:,.0f}",
        }
        for name, record in sorted(records.items())
        if record.get("complete") and "store_files" in record
    ]  # fmt: skip
    return f"## Storage\n\n{_markdown(rows)}" if rows else ""


def _markdown(rows: list[dict[str, str]]) -> str:
    return (
        pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) if rows else NOT_MEASURED.capitalize() + "."
    )


def _plot(points: dict[str, list[tuple[float, float]]], exponents: dict[str, tuple[float, int]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    picture, both = pyplot.subplots(1, 2, figsize=(12, 5))
    for axis, label, unit in zip(both, ("time", "memory"), ("CPU seconds", "MB of the largest process"), strict=True):
        for name, of in points.items():
            if name.startswith(label):
                sizes, values = zip(*of, strict=True)
                axis.loglog(sizes, values, marker="o", label=f"{name.removeprefix(label)}: {exponents[name][0]:.2f}")
        axis.set_xlabel("markets, SKUs or months")
        axis.set_ylabel(unit)
        axis.grid(visible=True, which="both", alpha=0.3)
        axis.legend(fontsize=8, title="fitted exponent")
    picture.tight_layout()
    picture.savefig(GROWTH, dpi=110)


if __name__ == "__main__":
    main()
