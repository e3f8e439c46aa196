"""Work of ``forecast-assets prepare``: create what Dagster and MLflow need on this machine before the first run."""

import os
from importlib import resources
from pathlib import Path
from typing import NoReturn

import dagster as dg
import typer

from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.config.settings import Settings
from forecast_assets.operations.failure_text import check_dagster_files
from forecast_assets.tracking.mlflow_tracking import prepare_mlflow_store

DEFAULT_HOME = "var/dagster_home"
# Folders on a laptop are for their owner: tables hold what a company sells.
PRIVATE = 0o700
# Servers bring a dagster.yaml of their own: deploy/dagster.yaml.
LAPTOP = resources.files("forecast_assets.instances") / "laptop.yaml"


def run() -> None:
    """Create DAGSTER_HOME and the local MLflow store if they are missing, and print where DAGSTER_HOME is."""
    settings = settings_or_exit()
    home = prepare_instance()
    if "://" not in settings.store.address:
        Path(settings.store.address).mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    if settings.mlflow.tracking_uri:
        prepare_mlflow_store(settings.mlflow.tracking_uri)
    console.print(f"Dagster's home is {home}", markup=False)


def prepare_instance(*, must_exist: bool = False) -> Path:
    """Create DAGSTER_HOME and its database; with ``must_exist`` print where it was looked for and exit with 2.

    Raises:
        DagsterDatabaseDamaged: If an existing database cannot be read.
    """
    if must_exist:
        _home_or_exit()
    home = prepare_home()
    check_dagster_files(home)
    # Two processes that create Dagster's SQLite files at once break them; this one does it before any other starts.
    with dg.DagsterInstance.get() as instance:
        instance.get_runs_count()
    return home


def prepare_places(settings: Settings) -> None:
    """Create a local store for its owner alone, if the deliveries are where the settings say; else exit with 2.

    Nothing is written before that: a command in the wrong folder would leave an empty store there.
    """
    landing = settings.sources.landing
    if settings.sources.dremio is None and "://" not in landing and not Path(landing).is_dir():
        _reject(
            f"no landing folder {Path(landing).absolute()}: set FORECAST_LANDING (now {landing!r}) or create it. "
            "Nothing was written."
        )
    if "://" not in settings.store.address:
        Path(settings.store.address).mkdir(mode=PRIVATE, parents=True, exist_ok=True)


def _home_or_exit() -> None:
    home = Path(os.environ.get("DAGSTER_HOME") or DEFAULT_HOME).absolute()
    if not home.is_dir():
        _reject(
            f"no Dagster instance in {home}: set DAGSTER_HOME to the folder of the services, or create it with "
            "forecast-assets prepare. Nothing was written."
        )


def _reject(message: str) -> NoReturn:
    console.print(message, style="red", markup=False)
    raise typer.Exit(2)


def prepare_home() -> Path:
    """Create DAGSTER_HOME (default ``var/dagster_home``) with queue and limits; an existing one stays as it is."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR", "true")
    home = Path(os.environ.get("DAGSTER_HOME") or DEFAULT_HOME).absolute()
    os.environ["DAGSTER_HOME"] = str(home)
    home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(LAPTOP.read_text(encoding="utf-8"), encoding="utf-8")
    return home
