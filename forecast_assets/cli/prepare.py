"""Work of ``forecast-assets prepare``: create what Dagster and MLflow need on this machine before the first run."""

import os
from importlib import resources
from pathlib import Path

import dagster as dg

from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.cli.folders import dagster_home
from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import DREMIO_POOL, SOURCE_POOL, TRAINING_POOL
from forecast_assets.operations.failure_text import check_dagster_files
from forecast_assets.tracking.mlflow_tracking import prepare_mlflow_store

# Folders on a laptop are for their owner: tables hold what a company sells.
PRIVATE = 0o700
# Servers bring a dagster.yaml of their own: deploy/dagster.yaml.
LAPTOP = resources.files("forecast_assets.instances") / "laptop.yaml"


def run() -> None:
    """Create DAGSTER_HOME, the store and the local MLflow store if they are missing; print where DAGSTER_HOME is."""
    settings = settings_or_exit()
    home = prepare_instance()
    prepare_store(settings)
    if settings.mlflow.tracking_uri:
        prepare_mlflow_store(settings.mlflow.tracking_uri)
    console.print(f"Dagster's home is {home}", markup=False)


def prepare_instance() -> Path:
    """Create DAGSTER_HOME and its database if they are missing.

    Raises:
        DagsterDatabaseDamaged: If an existing database cannot be read.
    """
    home = prepare_home()
    check_dagster_files(home)
    # Two processes that create Dagster's SQLite files at once break them; this one does it before any other starts.
    with dg.DagsterInstance.get() as instance:
        instance.get_runs_count()
        prepare_pools(instance)
    return home


def prepare_pools(instance: dg.DagsterInstance) -> None:
    """Give each pool of the code its default limit, if the instance has one and the pool is not known yet.

    A run does so by itself where its first step needs a pool. On PostgreSQL all but one of the runs that do it at the
    same time fail (Dagster 1.13.27 goes on in a transaction that the database has aborted).
    """
    if instance.global_op_concurrency_default_limit is None:
        return
    known = instance.event_log_storage.get_concurrency_keys()
    for pool in sorted({SOURCE_POOL, DREMIO_POOL, TRAINING_POOL} - known):
        instance.event_log_storage.initialize_concurrency_limit_to_default(pool)


def prepare_store(settings: Settings) -> None:
    """Create a local store for its owner alone, if it is missing."""
    if "://" not in settings.store.address:
        Path(settings.store.address).mkdir(mode=PRIVATE, parents=True, exist_ok=True)


def prepare_home() -> Path:
    """Create DAGSTER_HOME (default ``var/dagster_home``) with queue and limits; an existing one stays as it is."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR", "true")
    home = dagster_home()
    os.environ["DAGSTER_HOME"] = str(home)
    home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(LAPTOP.read_text(encoding="utf-8"), encoding="utf-8")
    return home
