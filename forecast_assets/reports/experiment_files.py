"""Files of an experiment for people: tables as CSV and Parquet, plots as PNG. No file of the store."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forecast_assets.domain.selection.experiment import METHODS, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"experiment": "#00695c", "champion": "#9e9e9e", "baseline": "#e0a030"}
PER_CENT = 100


def write_experiment_files(outcome: Outcome, title: str, folder: Path) -> list[Path]:
    """Write the tables and plots of an experiment into a folder, which is created, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    outcome.cells.to_parquet(folder / "cells.parquet", index=False)
    for name, table in (
        ("accuracy", outcome.accuracy),
        ("importance", outcome.importance),
        ("families", outcome.families),
    ):
        table.to_csv(folder / f"{name}.csv", index=False)
    figures = {
        "wape_by_lag": wape_by_lag(outcome.accuracy, title),
        "wape_by_group": wape_by_group(outcome.accuracy, title),
        "importance": importance(outcome.families, title),
    }
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=120)
    return sorted(folder.iterdir())


def wape_by_lag(accuracy: pd.DataFrame, title: str) -> "Figure":
    """Draw WAPE and bias of each method by lag."""
    figure = _figure(title)
    for place, measure in enumerate(("wape", "bias"), start=1):
        axes = figure.add_subplot(1, 2, place)
        rows = accuracy[accuracy["kind"] == "lag"]
        for method in METHODS:
            own = rows[rows["method"] == method]
            values = own[measure] * PER_CENT
            axes.plot(own["group"].astype(int), values, label=method, color=COLOURS[method], marker=".")
        axes.set(xlabel="lag, months", ylabel=f"{measure.upper() if measure == 'wape' else 'bias'}, %")
        axes.set_xticks(sorted(rows["group"].astype(int).unique())[::2])
        if measure == "bias":
            axes.axhline(0, color="#cccccc", linewidth=1, zorder=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=len(METHODS), frameon=False)
    return figure


def wape_by_group(accuracy: pd.DataFrame, title: str) -> "Figure":
    """Draw WAPE of experiment and champion by class and category."""
    rows = accuracy[accuracy["kind"].isin(["abc class", "xyz class", "category"])]
    wide = rows.assign(label=rows["kind"] + " " + rows["group"]).pivot_table(
        index="label", columns="method", values="wape", sort=False
    )
    figure = _figure(title, height=1.5 + 0.35 * len(wide))
    _bars(figure.add_subplot(1, 1, 1), wide.reindex(columns=["champion", "experiment"]) * PER_CENT, "WAPE, %")
    return figure


def importance(families: pd.DataFrame, title: str) -> "Figure":
    """Draw the share of each family of features in gain and in SHAP values."""
    figure = _figure(title, height=1.5 + 0.45 * len(families))
    shares = families.set_index("family")[["gain", "shap"]] * PER_CENT
    _bars(figure.add_subplot(1, 1, 1), shares, "share of the importance, %")
    return figure


def _bars(axes: "Axes", table: pd.DataFrame, label: str) -> None:
    colours = ["#9e9e9e", "#00695c"]
    height = 0.8 / len(table.columns)
    for place, column in enumerate(table.columns):
        positions = [row + place * height for row in range(len(table))]
        axes.barh(positions, table[column].fillna(0.0), height=height, label=column, color=colours[place])
    axes.set_yticks([row + 0.4 - height / 2 for row in range(len(table))], table.index)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.legend(frameon=False)


def _figure(title: str, height: float = 4.0) -> "Figure":
    """Return an empty figure that no global state of matplotlib holds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title if len(title) <= 110 else f"{title[:107]}...", fontsize=10)
    return figure
