"""The page of measured figures: accuracy per set, the engine beside the best peer, coverage, growth, machine, versions.

Only how figures are written down; they are made in ``protocol.py`` and ``growth.py``.
"""

import importlib.metadata
import math
import os
import platform
from pathlib import Path

import pandas as pd

from benchmarks.growth import growth_exponent
from benchmarks.published_figures import SOURCE, ZERO_SHOT_TASKS
from benchmarks.results_table import FIGURES, Row, over_all_origins, wape_ratios

PACKAGES = ("lightgbm", "numpy", "pandas", "statsmodels", "statsforecast", "mlforecast", "scipy")
COMBINATIONS = ("mean_ets_theta_ces",)
# A method that forecasts nearly nothing or twice too much is no choice for a planner, whatever its WAPE.
LARGEST_BIAS_OF_A_PEER = 0.5


def write_page(
    path: Path,
    rows: list[Row],
    growth: dict[int, tuple[float, float]],
    picture: Path,
    threads: int,
    zero_shot: dict[str, list[Row]] | None = None,
) -> None:
    """Write the page as Markdown.

    Args:
        rows: Objects of the JSON files.
        growth: Seconds and peak megabytes by number of series; may be empty.
        picture: Picture of the ratios, beside the page.
        zero_shot: Objects of the tasks of the Chronos zero-shot benchmark, by set.
    """
    parts = [
        "# Accuracy and cost, measured",
        "Made by `make bench`: error = forecast - actual, sums before ratios, forecasts clipped at 0; the protocol is "
        "described by `python -m benchmarks.accuracy --help`. Ratio is WAPE over that of statsmodels' Holt-Winters, "
        "the planners' baseline. Coverage is of the 80 % interval, WQL the quantile loss over 0.1 to 0.9 / actuals.",
        f"![WAPE as a multiple of Holt-Winters, by set and method]({picture.name})",
        f"Machine: {platform.system()} {platform.machine()}, {os.cpu_count()} cores, {threads} thread(s) a method, "
        f"Python {platform.python_version()}; {_versions()}.",
        *_sets(rows),
        "## The engine beside the best single peer",
        *_best_peers(rows),
    ]
    if zero_shot:
        parts += ["## Published foundation models", *_zero_shot(zero_shot)]
    if growth:
        parts += ["## Growth", *_growth(growth)]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _versions() -> str:
    installed = {distribution.metadata["Name"].lower() for distribution in importlib.metadata.distributions()}
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES if name in installed)


def _sets(rows: list[Row]) -> list[str]:
    ratios = wape_ratios(rows)
    parts = []
    pooled = over_all_origins(rows)
    for dataset in dict.fromkeys(row["dataset"] for row in pooled):
        own = [row for row in pooled if row["dataset"] == dataset]
        table = {"method": [row["method"] for row in own]}
        table["ratio"] = [_text(ratios.get((dataset, row["method"])), "{:.3f}") for row in own]
        for name, (header, shape) in FIGURES.items():
            table[header] = [_text(row.get(name), shape) for row in own]
        parts += [f"## {dataset}: {own[0]['series']} series and origins", _markdown(table)]
    return parts


def _best_peers(rows: list[Row]) -> list[str]:
    """A table of the engine's WAPE over that of the best single method on each set, and the geometric mean."""
    pooled = over_all_origins(rows)
    table: dict[str, list[str]] = {"set": [], "best single peer": [], "its WAPE": [], "engine": [], "engine / peer": []}
    ratios = []
    for dataset in dict.fromkeys(row["dataset"] for row in pooled):
        own = {row["method"]: row for row in pooled if row["dataset"] == dataset}
        peers = [row for name, row in own.items() if name not in ("engine", *COMBINATIONS) and _is_a_choice(row)]
        if "engine" not in own or not peers:
            continue
        best = min(peers, key=lambda row: row["wape"])
        ratios.append(own["engine"]["wape"] / best["wape"])
        figures = [dataset, best["method"], f"{best['wape']:.4f}", f"{own['engine']['wape']:.4f}", f"{ratios[-1]:.3f}"]
        for column, figure in zip(table, figures, strict=True):
            table[column].append(figure)
    if not ratios:
        return ["Measured without peers."]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    note = (
        f"Geometric mean {mean:.3f}. A peer with a bias beyond {LARGEST_BIAS_OF_A_PEER:.0%} counts as no choice: on "
        "intermittent demand the least WAPE is that of forecasting nothing."
    )
    return [_markdown(table), note]


def _zero_shot(measured: dict[str, list[Row]]) -> list[str]:
    """A table per task: published figures and those measured here, MASE and WQL."""
    parts = [
        f"Monthly tasks of the Chronos zero-shot benchmark: figures of others as published ({SOURCE}), ours in bold. "
        "The seasonal naive measured here within 1 % of its published figures shows that the protocol is the same."
    ]
    for dataset, rows in measured.items():
        task = ZERO_SHOT_TASKS[dataset]
        figures = dict(sorted(task.published.items(), key=lambda each: each[1][1]))
        table: dict[str, list[str]] = {"model": [], "MASE": [], "WQL": []}
        own = {f"**{row['method']}**": (row["mase"], row["wql"]) for row in over_all_origins(rows)}
        for model, (mase, wql) in (own | figures).items():
            for column, text in zip(table, (model, f"{mase:.4f}", f"{wql:.4f}"), strict=True):
                table[column].append(text)
        parts += [f"### {dataset}, {task.horizon_months} months", _markdown(table)]
    return parts


def _is_a_choice(row: Row) -> bool:
    return row["wape"] is not None and row["bias"] is not None and abs(row["bias"]) <= LARGEST_BIAS_OF_A_PEER


def _growth(growth: dict[int, tuple[float, float]]) -> list[str]:
    sizes, seconds = list(growth), [took for took, _ in growth.values()]
    table = {
        "series": [f"{size:,}" for size in sizes],
        "seconds": [f"{took:.1f}" for took in seconds],
        "seconds per 1,000": [f"{took / size * 1000:.2f}" for size, took in zip(sizes, seconds, strict=True)],
        "peak MB": [f"{peak:.0f}" for _, peak in growth.values()],
    }
    exponent = growth_exponent(sizes, seconds)
    return [
        "Synthetic series of 100 known months, a fifth intermittent (`python -m benchmarks.growth`): features, "
        "training, members, forecasts and intervals.",
        _markdown(table),
        f"Seconds grow with the number of series to the power of {exponent:.2f}.",
    ]


def _markdown(table: dict[str, list[str]]) -> str:
    return pd.DataFrame(table).to_markdown(index=False, disable_numparse=True)


def _text(value: float | None, shape: str) -> str:
    return "" if value is None or not math.isfinite(value) else shape.format(value)
