"""Job of experiments: a changed recipe against the champion's, recorded in MLflow by dagster-mlflow.

It writes no table: readers see nothing of it. The run is in ``operations/experiments``.
"""

import tempfile
from pathlib import Path

import dagster as dg
import pandas as pd
from pydantic import Field

from forecast_assets.config.markets import month_of
from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import TRAINING_POOL
from forecast_assets.domain.selection.contest import recipe_id, recipe_text
from forecast_assets.domain.selection.experiment import METHODS, ExperimentError
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.operations.experiments.experiment import ExperimentResult, check_request, run_requested
from forecast_assets.operations.experiments.request import ExperimentRequest, parsed_members, parsed_settings
from forecast_assets.reports.experiment_files import write_experiment_files
from forecast_assets.storage import git_sha
from forecast_assets.tags import EXPERIMENTS
from forecast_assets.tracking.experiment_runs import end_experiment_run, record_experiment


class ExperimentConfig(dg.Config):
    """Changes to try and where to measure them; the notation is that of ``forecast-assets experiment``."""

    country: str = Field(description="Code of the market")
    name: str = Field(description="Name of the experiment, and of its run in MLflow")
    without: list[str] = Field(default=[], description="Families of features, or single features, to leave out")
    settings: list[str] = Field(default=[], description="Changed settings of the recipe, such as rounds=300")
    members: list[str] = Field(default=[], description="Further members, such as ridge_on_lags or ridge_on_lags=0.2")
    origins: int = Field(default=3, ge=1, description="Number of earlier origins that are scored")
    month: str = Field(default="", description="Last month with sell-in; empty: the latest month with features")
    folder: str = Field(default="", description="Folder for tables and plots; empty: they are kept in MLflow alone")

    def request(self) -> ExperimentRequest:
        """Return the request. Raises ExperimentError."""
        return ExperimentRequest(
            self.country,
            self.name,
            tuple(self.without),
            parsed_settings(self.settings),
            parsed_members(self.members),
            self.origins,
            month_of(self.month) if self.month else None,
        )


@dg.op(
    description="Backtest of a changed recipe against the champion's on identical cells.",
    out=dg.Out(io_manager_key="nothing"),
    pool=TRAINING_POOL,
)
def experiment(
    context: dg.OpExecutionContext,
    config: ExperimentConfig,
    settings: dg.ResourceParam[Settings],
    recipes_in_force: dg.ResourceParam[RecipesInForce],
    mlflow: dg.ResourceParam[object],
) -> ExperimentResult:
    """Run the experiment, record it and show its verdict."""
    try:
        request = config.request()
        check_request(settings, recipes_in_force.store, request)
        result = run_requested(settings, recipes_in_force.store, request)
    except ExperimentError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(config.folder or temporary)
        write_experiment_files(result.outcome, result.title, folder)
        run_id = "" if mlflow is None else _record(mlflow, result, folder)
    context.add_output_metadata(_shown(result, run_id))
    return result


@dg.job(
    name=EXPERIMENTS,
    description="A changed recipe of a market against the champion's: paired test, accuracy, importance. It writes no "
    "table; MLflow keeps the result.",
    hooks={end_experiment_run},
    executor_def=dg.in_process_executor,
)
def experiments() -> None:
    """Run one experiment."""
    experiment()


def _record(mlflow: object, result: ExperimentResult, folder: Path) -> str:
    request = result.request
    tags = {
        "mlflow.runName": request.name,
        "forecast.role": "experiment",
        "forecast.market": request.country,
        "forecast.origin_month": f"{result.month:%Y-%m-%d}",
        "forecast.git_sha": git_sha(),
        "forecast.verdict": result.outcome.comparison.verdict,
    }
    parameters = {
        "country": request.country,
        "month": f"{result.month:%Y-%m}",
        "origins": ", ".join(f"{origin:%Y-%m}" for origin in result.outcome.origins),
        "changes": "; ".join(result.changes),
        "compared_with": result.champion_label,
        "recipe_id": recipe_id(result.recipe),
        "recipe": recipe_text(result.recipe),
    }
    return record_experiment(mlflow, tags, parameters, result.metrics(), _by_lag(result.outcome.accuracy), folder)


def _by_lag(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Return ``lag`` and ``<measure>_<method>``, one row per lag."""
    rows = accuracy[accuracy["kind"] == "lag"]
    lag = rows["group"].astype(int).rename("lag")
    columns = {
        f"{measure}_{method}": rows.loc[own].set_index(lag[own])[measure]
        for measure in ("wape", "bias")
        for method, own in rows.groupby("method").groups.items()
    }
    return pd.DataFrame(columns).reset_index()


def _shown(result: ExperimentResult, run_id: str) -> dict[str, dg.MetadataValue]:
    """Return what the run's page shows."""
    overall = result.outcome.accuracy.query("kind == 'all'")[["method", "cells", "wape", "bias"]]
    return {
        "verdict": dg.MetadataValue.text(result.verdict),
        "changes": dg.MetadataValue.text("; ".join(result.changes)),
        "accuracy": dg.MetadataValue.md(overall.to_markdown(index=False, floatfmt=".4f")),
        "families": dg.MetadataValue.md(result.outcome.families.to_markdown(index=False, floatfmt=".3f")),
        **{f"wape_{method}": dg.MetadataValue.float(result.outcome.figure("wape", method)) for method in METHODS},
        **({"mlflow_run_id": dg.MetadataValue.text(run_id)} if run_id else {}),
    }
