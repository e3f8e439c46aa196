"""``forecast-assets prepare``: what Dagster and MLflow need on this machine before the first run."""

import os
from pathlib import Path

import dagster as dg

from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.resources.mlflow_tracking import prepare_mlflow_store

# SQLite, no telemetry and no invitation to a newsletter: a laptop. Servers bring a dagster.yaml of their own.
LOCAL_INSTANCE = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"


def prepare() -> None:
    """Make DAGSTER_HOME with a dagster.yaml, and the local MLflow store, where they are missing."""
    settings = settings_or_exit()
    home = prepare_instance()
    if settings.mlflow_tracking_uri:
        prepare_mlflow_store(settings.mlflow_tracking_uri)
    console.print(f"Dagster's home is {home}", markup=False)


def prepare_instance() -> Path:
    """Make DAGSTER_HOME (default ``var/dagster_home``) a home with telemetry off; an existing one is left as it is."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    home = Path(os.environ.setdefault("DAGSTER_HOME", "var/dagster_home")).absolute()
    os.environ["DAGSTER_HOME"] = str(home)
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(LOCAL_INSTANCE, encoding="utf-8")
    # Two processes that create Dagster's SQLite files at once break them; this one does it before any other starts.
    with dg.DagsterInstance.get() as instance:
        instance.get_runs_count()
    return home
