"""Record of a market and month in MLflow: its fields, checks, content hash and files.

Plain values and frames only; MLflow is never imported here. The connection is in mlflow_store.py, and
mlflow_tracking.py finds and writes the runs.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

STORE_TAG, NOTE_TAG = "forecast.store", "mlflow.note.content"
SAFE_KEY = re.compile(r"[A-Za-z0-9_.\-]+")
SAFE_PART = re.compile(r"(?!\.)[A-Za-z0-9_.\-]+(/(?!\.)[A-Za-z0-9_.\-]+)*")


@dataclass(frozen=True)
class RecordedRun:
    """Address of a record in MLflow. ``url`` is None if the store has no web page (SQLite, Azure ML)."""

    run_id: str
    parent_run_id: str
    url: str | None


@dataclass(frozen=True, eq=False)
class CycleRecord:
    """Record of one market's forecast of one origin month.

    Attributes:
        cycle_id: Name of the parent run that groups the markets of a month, e.g. ``dev-2024-06``.
        market: Market code.
        origin_month: First day of the last closed month.
        git_sha: Commit of the code that made the forecast.
        dagster_run_id: Dagster run that made it.
        parameters: Names and plain values; compared as text.
        metrics_by_horizon: One row per ``horizon_months`` (1, 2, ...), one float column per metric, e.g.
            ``model_wape``, ``baseline_bias``. NaN if a metric does not exist (actuals that sum to zero).
        pooled_metrics: The same metrics over all horizons; NaN as above.
        features: Names of the selected features, in the order of the model.
        store_id: Id of the store with the tables, by which stores on one MLflow server are kept apart.
        earlier_run_id: Run that this store recorded before for the cycle and market; empty without one.
        description: What a reader of the run sees first, as Markdown; not part of the content.
        training_seconds: Duration of the model's training; None if it is not known. Not part of the content.
        files: Further files by path, such as charts; made from the same content.
        model_parts: Columns ``part`` and ``content``: the JSON manifest and the LightGBM texts.

    Raises:
        ValueError: If a field cannot be recorded; the message names field and value.
    """

    cycle_id: str
    market: str
    origin_month: pd.Timestamp
    git_sha: str
    dagster_run_id: str
    parameters: Mapping[str, str | int | float | bool | None]
    metrics_by_horizon: pd.DataFrame
    pooled_metrics: Mapping[str, float]
    features: Sequence[str]
    model_parts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"part": [], "content": []}, dtype="str"))
    description: str = ""
    training_seconds: float | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    store_id: str = ""
    earlier_run_id: str = ""

    def __post_init__(self) -> None:
        for name in ("cycle_id", "market"):
            value = getattr(self, name)
            if not SAFE_KEY.fullmatch(value):
                raise ValueError(f"{name} must consist of letters, digits, '_', '.' and '-', got {value!r}")
        if pd.Timestamp(self.origin_month).day != 1:
            raise ValueError(f"origin_month of {self.market} must be the first of a month, got {self.origin_month}")
        self._check_metrics()
        self._check_model_parts()

    def _check_metrics(self) -> None:
        table = self.metrics_by_horizon
        if "horizon_months" not in table.columns:
            raise ValueError(f"metrics_by_horizon of {self.market} needs horizon_months, got {list(table.columns)}")
        if table["horizon_months"].duplicated().any():
            raise ValueError(f"metrics_by_horizon of {self.market} must have one row per horizon_months")
        infinite = [name for name, _, value in self.metric_values() if math.isinf(value)]
        if infinite:
            raise ValueError(f"metrics of {self.market} are infinite: {sorted(set(infinite))}; a ratio over 0 is NaN")

    def _check_model_parts(self) -> None:
        if not {"part", "content"} <= set(self.model_parts.columns):
            raise ValueError(
                f"model_parts of {self.market} needs part and content, got {list(self.model_parts.columns)}"
            )
        rejected = [part for part in self.model_parts["part"] if not SAFE_PART.fullmatch(str(part))]
        if rejected:
            raise ValueError(f"model_parts of {self.market} must be plain file names, got {rejected}")
        if self.model_parts["part"].duplicated().any():
            raise ValueError(f"model_parts of {self.market} has a part twice")
        if not all(isinstance(content, str) for content in self.model_parts["content"]):
            raise ValueError(f"model_parts of {self.market} must have text as content in every row")

    def metric_values(self) -> list[tuple[str, int, float]]:
        """Return the metrics as (name, step, value), without NaN.

        Metrics by horizon are called ``<name>_by_horizon``, with the horizon as step; pooled metrics have the bare name
        and step 0. MLflow shows the last step in its tables: the longest horizon must not pass for the pooled value.
        """
        long = self.metrics_by_horizon.melt(id_vars="horizon_months", var_name="metric").dropna(subset="value")
        stepped = zip(long["metric"] + "_by_horizon", long["horizon_months"].astype(int), long["value"], strict=True)
        pooled = ((name, 0, value) for name, value in self.pooled_metrics.items() if not math.isnan(value))
        return [(str(name), int(step), float(value)) for name, step, value in (*stepped, *pooled)]

    def parameter_texts(self) -> dict[str, str]:
        """Return the parameters as MLflow stores them: text, empty for None."""
        return {name: "" if value is None else str(value) for name, value in self.parameters.items()}

    def content_hash(self) -> str:
        """Return the SHA-256 of parameters, metrics, features and model: equal records have equal hashes.

        ``git_sha`` and ``dagster_run_id`` are left out: they differ whenever the same result is computed again.
        """
        content = {
            "parameters": self.parameter_texts(),
            "metrics": sorted(self.metric_values()),
            "features": list(self.features),
            "model": dict(zip(self.model_parts["part"], self.model_parts["content"], strict=True)),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def tags(self) -> dict[str, str]:
        """Return the tags by which the market's run is found and traced."""
        return {
            "forecast.role": "market",
            "forecast.cycle_id": self.cycle_id,
            "forecast.market": self.market,
            "forecast.origin_month": f"{pd.Timestamp(self.origin_month):%Y-%m-%d}",
            "forecast.git_sha": self.git_sha,
            "forecast.content_hash": self.content_hash(),
            # The name dagster-mlflow uses, so that one search finds both kinds of run.
            "dagster_run_id": self.dagster_run_id,
            **({STORE_TAG: self.store_id} if self.store_id else {}),
            **({NOTE_TAG: self.description} if self.description else {}),
        }

    def is_of_this_store(self, run_id: str, tags: Mapping[str, str]) -> bool:
        """Return True if a run in MLflow was recorded from the same store.

        Runs of older versions do not name their store; only the one that this store kept is its own.
        """
        if not self.store_id:
            return True
        return run_id == self.earlier_run_id if STORE_TAG not in tags else tags[STORE_TAG] == self.store_id

    def write_files(self, folder: Path) -> None:
        """Write ``features.txt``, the further files and ``model/<part>`` into an empty folder, as UTF-8 text."""
        (folder / "features.txt").write_text("".join(f"{name}\n" for name in self.features), encoding="utf-8")
        parts = zip(self.model_parts["part"], self.model_parts["content"], strict=True)
        named = {f"model/{_file_name(part, content)}": content for part, content in parts}
        for name, content in {**self.files, **named}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="")


def _file_name(part: str, content: str) -> str:
    """Return a part's file name with an ending, by which MLflow's web page shows it as text."""
    if re.search(r"\.(json|txt)$", part):
        return part
    return f"{part}.json" if content.lstrip()[:1] in ("{", "[") else f"{part}.txt"
