"""MLflow runs of experiments through dagster-mlflow: one MLflow run per Dagster run.

dagster-mlflow imports MLflow (2 s), so its resource and its hook are reached when a run begins: the code location loads
without them. The cycle's own record is in mlflow_tracking.py.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from forecast_assets.tracking.mlflow_store import tracking_errors
from forecast_assets.tracking.mlflow_tracking import MlflowTracking, prepare_mlflow_store

HOOK = "end_mlflow_on_run_finished"
MOST_PARAMETER_CHARACTERS = 500


def mlflow_of_experiments(tracking: MlflowTracking) -> dg.ResourceDefinition:
    """Return the resource ``mlflow`` of an experiment's run: dagster-mlflow's ``mlflow_tracking`` on an MLflow store.

    None without an address: the run then records nothing. The configuration is not Dagster's, whose page would show an
    address with its password.
    """

    def resource(context: dg.InitResourceContext) -> Iterator[Any]:
        # The address may be an environment variable that Dagster resolves.
        resolved = tracking.process_config_and_initialize()
        if not resolved.tracking_uri:
            yield None
            return
        yield from _tracked(resolved, context)

    return dg.ResourceDefinition(resource, description="MLflow run of the experiment, by dagster-mlflow")


def _tracked(tracking: MlflowTracking, context: dg.InitResourceContext) -> Iterator[Any]:
    address = tracking.tracking_uri
    prepare_mlflow_store(address)
    with tracking_errors(address, "beginning the run of an experiment"):
        tracking.require_experiment()
        import mlflow
        from dagster_mlflow import mlflow_tracking

        # The resource would continue the run that another Dagster run of this process has left active.
        mlflow.end_run()
        configured = context.replace_config(
            {
                "experiment_name": tracking.experiment_name, "mlflow_tracking_uri": address, "parent_run_id": None,
                "mlflow_run_id": None, "env": {}, "env_to_tag": None, "extra_tags": {},
            }
        )  # fmt: skip
        running: Iterator[Any] = _function_of(mlflow_tracking)(configured)
        resource = next(running)
    yield resource
    # It marks the run as failed after an error.
    next(running, None)


def _function_of(resource: Any) -> Any:
    """Return the generator function of a resource, which Dagster types as one without arguments."""
    return resource.resource_fn


def _end_run(context: dg.HookContext, event_list: list[Any]) -> Any:
    """Call dagster-mlflow's hook, which ends the MLflow run as FINISHED or FAILED."""
    from dagster import HookExecutionResult

    if context.resources.mlflow is None:
        return HookExecutionResult(hook_name=HOOK, is_skipped=True)
    # Credentials of the vault are lent to MLflow while it is called.
    with tracking_errors(str(context.resources.mlflow.tracking_uri), "ending the run of an experiment"):
        from dagster_mlflow import end_mlflow_on_run_finished

        return end_mlflow_on_run_finished.hook_fn(context, event_list)


end_experiment_run = dg.HookDefinition(name=HOOK, hook_fn=_end_run, required_resource_keys={"mlflow"})


def record_experiment(
    mlflow: Any,
    tags: Mapping[str, str],
    parameters: Mapping[str, object],
    metrics: Mapping[str, float],
    by_lag: pd.DataFrame,
    folder: Path,
) -> str:
    """Write an experiment to its MLflow run and return the run's id.

    Args:
        mlflow: The resource of the run.
        tags: Tags of the run.
        parameters: Parameters by name, written as text.
        metrics: Figures by name; those that do not exist (NaN) are left out.
        by_lag: ``lag``, and one column per metric with a value per lag: written as ``<name>_by_horizon``, the lag as
            step.
        folder: Files to keep.
    """
    with tracking_errors(str(mlflow.tracking_uri), "recording an experiment"):
        mlflow.set_tags(dict(tags))
        mlflow.log_params({name: str(value)[:MOST_PARAMETER_CHARACTERS] for name, value in parameters.items()})
        mlflow.log_metrics({name: value for name, value in metrics.items() if not math.isnan(value)})
        for row in by_lag.to_dict("records"):
            figures = {str(name): float(value) for name, value in row.items() if name != "lag"}
            values = {f"{name}_by_horizon": value for name, value in figures.items() if not math.isnan(value)}
            mlflow.log_metrics(values, step=int(row["lag"]))
        mlflow.log_artifacts(str(folder))
        return str(mlflow.active_run().info.run_id)
