"""Work of ``forecast-assets experiment``: check the request, run the job ``experiments`` and print its tables."""

import dagster as dg
import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import (
    console,
    countries_or_exit,
    month_argument,
    percentage,
    print_table,
    settings_or_exit,
    signed,
)
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.config.settings import Settings
from forecast_assets.domain.selection.experiment import METHODS, ExperimentError
from forecast_assets.operations.cycle.launch import QUIET, failures_of
from forecast_assets.operations.experiments.experiment import ExperimentResult, check_request
from forecast_assets.operations.experiments.request import ExperimentRequest, parsed_members, parsed_settings
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import EXPERIMENTS

KINDS = ("all", "lag", "abc class", "xyz class", "category")


def run(
    country: str,
    name: str,
    without: list[str],
    settings: list[str],
    members: list[str],
    origins: int,
    month: str | None,
    out: str | None,
) -> None:
    """Run an experiment and print its result; exit with 2 if the request cannot be run, with 1 if the run failed."""
    company = settings_or_exit()
    (code,) = countries_or_exit(company, [country])
    require_folders(company, Folder.STORE)
    at = month_argument(month) if month else None
    try:
        request = ExperimentRequest(
            code, name, tuple(without), parsed_settings(settings), parsed_members(members), origins, at
        )
        check_request(company, open_store(company), request)
    except ExperimentError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    prepare_instance()
    config = {
        "country": code, "name": name, "without": without, "settings": settings, "members": members, "origins": origins,
        "month": f"{at:%Y-%m}" if at is not None else "", "folder": out or "",
    }  # fmt: skip
    console.print(f"{code}: experiment {name!r} at {origins} origins", style="dim", markup=False)
    _print(_launched(config), company, out)


def _launched(config: dict[str, object]) -> ExperimentResult:
    """Run the job in this process and return its result; print its failures and exit with 1 if it failed."""
    job = load_code_location().resolve_job_def(EXPERIMENTS)
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            instance=instance,
            run_config=QUIET | {"ops": {"experiment": {"config": config}}},
            raise_on_error=False,
        )
        if not result.success:
            for failure in failures_of(result):
                console.print(failure, style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1)
        returned: ExperimentResult = result.output_for_node("experiment")
        return returned


def _print(result: ExperimentResult, settings: Settings, out: str | None) -> None:
    outcome = result.outcome
    for kind in KINDS:
        rows = outcome.accuracy[outcome.accuracy["kind"] == kind]
        print_table(f"{result.request.country} by {kind}", _columns(kind), _accuracy_rows(rows))
    families = [
        [row["family"], str(row["features"]), percentage(row["gain"]), percentage(row["shap"])]
        for row in outcome.families.to_dict("records")
    ]
    print_table("importance by family of features", ["group", "features", "gain", "SHAP"], families)
    origins = ", ".join(f"{origin:%Y-%m}" for origin in outcome.origins)
    console.print(f"changed: {'; '.join(result.changes)}", markup=False, soft_wrap=True)
    console.print(f"origins {origins}, actuals up to {result.month:%Y-%m}", markup=False, soft_wrap=True)
    console.print(result.verdict, style="bold", markup=False, soft_wrap=True)
    if out:
        console.print(f"tables and plots are in {out}", markup=False, soft_wrap=True)
    if settings.mlflow.tracking_uri:
        console.print(f"MLflow has the run {result.request.name!r} with plots, metrics and recipe", markup=False)


def _columns(kind: str) -> list[str]:
    figures = [f"{measure} {method}" for measure in ("WAPE", "bias") for method in METHODS]
    return ["group" if kind != "lag" else "lag", "cells", *figures]


def _accuracy_rows(rows: pd.DataFrame) -> list[list[str]]:
    """Return one row per group, in order: cells, WAPE of each method, bias of each method."""
    lines = []
    for group in dict.fromkeys(rows["group"]):
        own = rows[rows["group"] == group].set_index("method")
        wapes = [percentage(own.loc[method, "wape"]) for method in METHODS]
        biases = [signed(own.loc[method, "bias"]) for method in METHODS]
        lines.append([group, str(int(own["cells"].iloc[0])), *wapes, *biases])
    return lines
