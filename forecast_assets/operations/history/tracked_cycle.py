"""MLflow record of a market's cycle, built from stored tables alone: a missed one can be filled in at any later time.

Not here: writing it (tracking/mlflow_tracking.py).
"""

import json

import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS
from forecast_assets.domain.models.market_model_storage import CHAMPION_PREFIX, model_from_parts
from forecast_assets.domain.models.serialization import MANIFEST
from forecast_assets.storage import git_sha
from forecast_assets.tracking.mlflow_record import CycleRecord
from forecast_assets.tracking.mlflow_registry import ChampionRecord
from forecast_assets.validation.evaluation_checks import backtest_figures

MEASURES = [f"{measure}_{name}" for name in BACKTEST_METHODS for measure in ("wape", "bias")]
POOLED = [*MEASURES, "coverage_80_model", "wape_ratio_to_baseline"]


def cycle_record(
    *,
    cycle_id: str,
    market: str,
    origin_month: pd.Timestamp,
    dagster_run_id: str,
    model: pd.DataFrame,
    backtest: pd.DataFrame,
    published: pd.DataFrame,
    commit: str | None = None,
) -> CycleRecord:
    """Return the record of a market and month.

    Args:
        cycle_id: Cycle of the record.
        market: Code of the market.
        origin_month: Month of the cycle.
        dagster_run_id: Run that built the tables.
        model: Parts of the model.
        backtest: Cells of the backtest; may be empty.
        published: ``source, status`` of the published forecasts.
        commit: Commit of the code that built the tables. Default: the one that runs.
    """
    trained = model_from_parts(model)
    pooled = backtest_figures(backtest, origin_month)
    return CycleRecord(
        cycle_id=cycle_id,
        market=market,
        origin_month=origin_month,
        git_sha=commit or git_sha(),
        dagster_run_id=dagster_run_id,
        parameters={
            **json.loads(dict(zip(model["part"], model["content"], strict=True))[MANIFEST])["recipe"],
            "rows": trained.rows,
            "published_source": ", ".join(sorted(published["source"].unique())),
            "backtest_verdict": pooled["verdict"],
            "published_status": ", ".join(sorted(published["status"].unique())),
        },
        metrics_by_horizon=_by_horizon(backtest),
        pooled_metrics={name: float(pooled[name]) for name in POOLED if name in pooled},
        features=trained.columns,
        model_parts=model[["part", "content"]],
    )


def champion_record(
    market: str, origin_month: pd.Timestamp, champion: pd.DataFrame, model: pd.DataFrame
) -> ChampionRecord | None:
    """Return the registry's entry for the row of ``champion``; None without a row, or if every recipe is rejected."""
    if champion.empty or champion["outcome"].iloc[0] == "refused":
        return None
    row = champion.iloc[0]
    beside = row["outcome"] == "held" and model["part"].str.startswith(CHAMPION_PREFIX).any()
    return ChampionRecord(
        market, origin_month, row["recipe_id"], row["since_month"], row["outcome"], CHAMPION_PREFIX if beside else ""
    )


def _by_horizon(backtest: pd.DataFrame) -> pd.DataFrame:
    scored = backtest.dropna(subset=["actual_units"])
    if scored.empty:
        return pd.DataFrame(columns=["horizon_months"])
    return accuracy_table(scored, ["horizon_months"], forecasts=BACKTEST_METHODS)[["horizon_months", *MEASURES]]
