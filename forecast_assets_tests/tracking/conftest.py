"""An empty MLflow store per test (made once, 3 s, then copied), a record to write, and a process that writes it.

MLflow itself is not imported here: a spawned process imports this file and reports whether our modules import it.
"""

import shutil
import sys

import pandas as pd
import pytest

from forecast_assets.tracking.mlflow_tracking import CycleRecord, MlflowTracking, prepare_mlflow_store

PATIENCE_SECONDS = 300


@pytest.fixture(scope="session")
def empty_mlflow_store(tmp_path_factory):
    database = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    prepare_mlflow_store(f"sqlite:///{database}")
    return database


@pytest.fixture
def tracking_uri(empty_mlflow_store, tmp_path):
    return f"sqlite:///{shutil.copy(empty_mlflow_store, tmp_path / 'mlflow.db')}"


def cycle_record(**changes) -> CycleRecord:
    values = {
        "cycle_id": "dev-2024-06",
        "market": "FR",
        "origin_month": pd.Timestamp("2024-06-01"),
        "git_sha": "0a1b2c3",
        "dagster_run_id": "first-run",
        "parameters": {"learning_rate": 0.05, "recipe": "pooled"},
        "metrics_by_horizon": pd.DataFrame(
            {"horizon_months": [1, 2, 3], "model_wape": [0.1, 0.2, float("nan")], "baseline_bias": [-0.1, 0.0, 0.3]}
        ),
        "pooled_metrics": {"model_wape": 0.15, "naive_wape": float("nan")},
        "features": ["sell_in_lag_12", "sell_out_mean_3"],
        "model_parts": pd.DataFrame({"part": ["manifest", "h01.txt"], "content": ['{"cutoff": "2024-06"}', "tree\n"]}),
    }
    return CycleRecord(**{**values, **changes})


def record_at_once(tracking_uri, market, barrier, answers):
    """Record a market when all processes are ready; answer with the parent's id and whether MLflow came in early."""
    tracking = MlflowTracking(tracking_uri=tracking_uri, experiment_name="forecast")
    record = cycle_record(market=market)
    imported_before = "mlflow" in sys.modules
    barrier.wait(timeout=PATIENCE_SECONDS)
    answers.put((tracking.record_cycle(record).parent_run_id, imported_before))
