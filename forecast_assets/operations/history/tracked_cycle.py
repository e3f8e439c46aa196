"""MLflow record of a market's cycle, built from stored tables alone: a missed one can be filled in at any later time.

Not here: writing it (tracking/mlflow_tracking.py).
"""

import json
from collections.abc import Mapping

import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS
from forecast_assets.domain.evaluation.realised_accuracy import realised_accuracy, realised_figures
from forecast_assets.domain.models.market_model_storage import CHAMPION_PREFIX, model_from_parts
from forecast_assets.domain.models.serialization import MANIFEST
from forecast_assets.domain.number_format import format_percent, format_signed_percent
from forecast_assets.domain.small_charts import bar_chart, line_chart
from forecast_assets.storage import git_sha
from forecast_assets.tracking.mlflow_record import CycleRecord
from forecast_assets.tracking.mlflow_registry import ChampionRecord
from forecast_assets.validation.evaluation_checks import backtest_figures

MEASURES = [f"{measure}_{name}" for name in BACKTEST_METHODS for measure in ("wape", "bias")]
# Methods of which the realised accuracy is recorded.
REALISED = ("published", "baseline")
MOST_FEATURES = 20
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
    performance: pd.DataFrame,
    commit: str | None = None,
    training_seconds: float | None = None,
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
        performance: Rows of ``performance`` of the month; may be empty.
        commit: Commit of the code that built the tables. Default: the one that runs.
        training_seconds: Duration of the model's training, if known.
    """
    trained = model_from_parts(model)
    pooled = backtest_figures(backtest, origin_month)
    realised, by_horizon = _realised(performance), _by_horizon(backtest)
    source = ", ".join(sorted(published["source"].unique()))
    return CycleRecord(
        cycle_id=cycle_id,
        market=market,
        origin_month=origin_month,
        git_sha=commit or git_sha(),
        dagster_run_id=dagster_run_id,
        parameters={
            **json.loads(dict(zip(model["part"], model["content"], strict=True))[MANIFEST])["recipe"],
            "rows": trained.rows,
            "published_source": source,
            "backtest_verdict": pooled["verdict"],
            "published_status": ", ".join(sorted(published["status"].unique())),
        },
        metrics_by_horizon=by_horizon,
        pooled_metrics={**{name: float(pooled[name]) for name in POOLED if name in pooled}, **realised},
        features=trained.columns,
        description=_description(f"{market}, origin {origin_month:%Y-%m}", source, pooled, realised),
        training_seconds=training_seconds,
        files=_files(by_horizon, trained.gains()),
        model_parts=model[["part", "content"]],
    )


def _realised(performance: pd.DataFrame) -> dict[str, float]:
    """Return WAPE and bias of forecasts published earlier for the month, over all lags; empty before the first."""
    if performance.empty:
        return {}
    figures = realised_figures(realised_accuracy(performance))
    names = [f"{measure}_{method}" for method in REALISED for measure in ("wape", "bias")]
    return {f"realised_{name}": figures[name] for name in names if name in figures}


def _description(title: str, source: str, pooled: Mapping[str, float | str], realised: Mapping[str, float]) -> str:
    """Return what a reader of the run sees first."""
    lines = [f"**{title}**", f"Published: {source}. The model is {pooled['verdict']} against Holt-Winters."]
    if "wape_model" in pooled:
        lines.append(
            f"Backtest: WAPE {format_percent(_number(pooled, 'wape_model'))}, bias "
            f"{format_signed_percent(_number(pooled, 'bias_model'))}; Holt-Winters "
            f"{format_percent(_number(pooled, 'wape_baseline'))}."
        )
    if "realised_wape_published" in realised:
        bias = realised.get("realised_bias_published")
        lines.append(
            f"Realised in the month: WAPE {format_percent(realised['realised_wape_published'])}, bias "
            f"{format_signed_percent(bias)}."
        )
    return "\n\n".join(lines)


def _number(figures: Mapping[str, float | str], name: str) -> float | None:
    return float(figures[name]) if name in figures else None


def _files(by_horizon: pd.DataFrame, gains: pd.Series) -> dict[str, str]:
    """Return the importance of features as a table, and charts."""
    files = {"importance.csv": gains.rename("share_of_gain").rename_axis("feature").to_csv()}
    if len(gains):
        files["plots/importance.svg"] = bar_chart(dict(gains.head(MOST_FEATURES)), "Share of the gain")
    if "wape_model" in by_horizon:
        drawn = by_horizon.sort_values("horizon_months")
        lines = [drawn[f"wape_{name}"].to_numpy(float) for name in ("model", "baseline", "naive")]
        files["plots/wape_by_horizon.svg"] = line_chart(lines)
    return files


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
