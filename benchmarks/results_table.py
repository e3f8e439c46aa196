"""The measured figures for readers: a table in the terminal and a picture of WAPE against the planners' baseline.

Here belongs only the way figures look. They are made in ``protocol.py``.
"""

import importlib.util
import math
from pathlib import Path

from rich import box
from rich.table import Table

from benchmarks.methods import BASELINE, EXTRA, MissingPackageError
from benchmarks.protocol import ALL_ORIGINS

Row = dict[str, str | float | int | None]

# Header and format of each figure; the ratio before them is WAPE over that of statsmodels' Holt-Winters.
FIGURES = {
    "wape": ("WAPE", "{:.4f}"),
    "bias": ("bias", "{:+.4f}"),
    "smape": ("sMAPE", "{:.2f}"),
    "mase": ("MASE", "{:.3f}"),
    "wql": ("WQL", "{:.4f}"),
    "pinball": ("pinball", "{:.2f}"),
    "coverage_80": ("cover", "{:.3f}"),
    "seconds": ("s", "{:.1f}"),
    "peak_mb": ("MB", "{:.0f}"),
}


def over_all_origins(rows: list[Row]) -> list[Row]:
    """The rows pooled over the origins, one per file and method."""
    return [row for row in rows if row["origin"] == ALL_ORIGINS]


def wape_ratios(rows: list[Row]) -> dict[tuple[str, str], float]:
    """WAPE over that of statsmodels' Holt-Winters by file and method, where both are known."""
    pooled = {(row["dataset"], row["method"]): row["wape"] for row in over_all_origins(rows)}
    base = {dataset: wape for (dataset, method), wape in pooled.items() if method == BASELINE}
    return {key: wape / base[key[0]] for key, wape in pooled.items() if wape is not None and base.get(key[0])}


def results_tables(rows: list[Row]) -> list[Table]:
    """One table per file with a line per method, over all origins."""
    ratios = wape_ratios(rows)
    tables = {}
    for row in over_all_origins(rows):
        dataset, method = row["dataset"], row["method"]
        table = tables.setdefault(dataset, _empty_table(f"{dataset}, all origins, {row['series']} series"))
        figures = [_text(row.get(name), shape) for name, (_, shape) in FIGURES.items()]
        table.add_row(method, _text(ratios.get((dataset, method)), "{:.3f}"), *figures)
    return list(tables.values())


def _empty_table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("method", no_wrap=True)
    for name in ("ratio", *(header for header, _ in FIGURES.values())):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _text(value: float | None, shape: str) -> str:
    return "" if value is None or not math.isfinite(value) else shape.format(value)


def require_picture(methods: list[str]) -> None:
    """Check that a picture of the methods can be drawn.

    Raises:
        MissingPackageError: If matplotlib is not installed.
        ValueError: If the baseline is not among the methods.
    """
    if BASELINE not in methods:
        raise ValueError(f"--picture shows ratios to {BASELINE}: add it to --methods")
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingPackageError(f"--picture needs matplotlib, which is not installed: {EXTRA}")


def draw_ratios(rows: list[Row], path: Path) -> None:
    """Draw one panel per file: the WAPE ratio of each method, left of the line is better than the baseline.

    Needs matplotlib and rows of the baseline: see ``require_picture``.
    """
    from matplotlib.figure import Figure

    ratios = wape_ratios(rows)
    datasets = list(dict.fromkeys(dataset for dataset, _ in ratios))
    methods = list(dict.fromkeys(method for _, method in ratios if method != BASELINE))[::-1]
    figure = Figure(figsize=(3 + 3 * len(datasets), 1.5 + 0.35 * len(methods)), layout="constrained")
    panels = figure.subplots(1, len(datasets), sharey=True, squeeze=False)[0]
    for panel, dataset in zip(panels, datasets, strict=True):
        measured = [method for method in methods if (dataset, method) in ratios]
        values = [ratios[dataset, method] for method in measured]
        colours = ["#0b6e4f" if method == "engine" else "#8a8f98" for method in measured]
        bars = panel.barh(measured, values, color=colours, height=0.65)
        panel.bar_label(bars, fmt="%.2f", label_type="center", color="white", fontsize=8)
        panel.axvline(1.0, color="#b3261e", linewidth=1)
        panel.set_title(dataset)
        panel.set_xlim(0, max([1.0, *values]) * 1.1)
        panel.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("WAPE as a multiple of statsmodels' Holt-Winters (line): shorter is better", fontsize=9)
    figure.savefig(path, dpi=150)
