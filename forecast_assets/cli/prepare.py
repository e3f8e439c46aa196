"""Work of ``forecast-assets prepare``: create what Dagster and MLflow need on this machine before the first run."""

import os
from importlib import resources
from pathlib import Path

import dagster as dg

from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.tracking.mlflow_tracking import prepare_mlflow_store

# Servers bring a dagster.yaml of their own: deploy/dagster.yaml.
LAPTOP = resources.files("forecast_assets.instances") / "laptop.yaml"


def run() -> None:
    """Create DAGSTER_HOME and the local MLflow store if they are missing, and print where DAGSTER_HOME is."""
    settings = settings_or_exit()
    home = prepare_instance()
    if settings.mlflow.tracking_uri:
        prepare_mlflow_store(settings.mlflow.tracking_uri)
    console.print(f"Dagster's home is {home}", markup=False)


def prepare_instance() -> Path:
    """Create DAGSTER_HOME and its database."""
    home = prepare_home()
    # Two processes that create Dagster's SQLite files at once break them; this one does it before any other starts.
    with dg.DagsterInstance.get() as instance:
        instance.get_runs_count()
    return home


def prepare_home() -> Path:
    """Create DAGSTER_HOME (default ``var/dagster_home``) with queue and limits; an existing one stays as it is."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR", "true")
    home = Path(os.environ.setdefault("DAGSTER_HOME", "var/dagster_home")).absolute()
    os.environ["DAGSTER_HOME"] = str(home)
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(LAPTOP.read_text(encoding="utf-8"), encoding="utf-8")
    return home
