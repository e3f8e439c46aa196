"""Resources of a company by the names that assets use; none is contacted before it is used."""

import os
from typing import Any

import dagster as dg

from forecast_assets.config.settings import Settings
from forecast_assets.defs.io_managers import build_io_managers
from forecast_assets.defs.io_managers.nothing_io_manager import NothingIOManager
from forecast_assets.defs.training.azureml import azureml_start
from forecast_assets.defs.training.jobs import TrainingJobs, process_start
from forecast_assets.market_state.damaged_inputs import DamagedInputs
from forecast_assets.market_state.delivery_findings import DeliveryFindings
from forecast_assets.market_state.later_restatements import LaterRestatements
from forecast_assets.market_state.lookups import Lookups
from forecast_assets.market_state.market_lease import MarketLease
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.market_state.unlisted_markets import UnlistedMarkets
from forecast_assets.operations.history.historical_store import HistoricalStore
from forecast_assets.sources.opened import open_sources
from forecast_assets.storage import TableReader
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.configuration import configuration_of
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.storage.lease import Hold
from forecast_assets.storage.opened import open_store
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tracking.experiment_runs import mlflow_of_experiments
from forecast_assets.tracking.mlflow_runs import MlflowRuns
from forecast_assets.tracking.mlflow_tracking import MlflowTracking

MLFLOW_ADDRESS = "MLFLOW_TRACKING_URI"


def default_resources(settings: Settings, inputs: TableReader | None = None) -> dict[str, Any]:
    """Return the resources of a company.

    Args:
        settings: Settings of the company.
        inputs: Store that assets read from; by default the one they write to. With it no market is locked: the assets
            write to a store of their own.
    """
    store, lookups = open_store(settings), Lookups()
    # A replay proves that the rows come out again: it remembers nothing.
    memory = AnchorMemory(None if inputs else store)
    holds: dict[str, Hold] = {}
    damaged = DamagedInputs()
    lease = None if inputs else MarketLease(store, settings.store.lease_seconds, settings.store.lease_wait_seconds)
    managers = build_io_managers(
        settings.store.address, table_specs(), settings.env, settings.azure.storage, lease=lease,
        configuration=lambda asset, country: configuration_of(asset, settings, country), lookups=lookups, inputs=inputs,
        holds=holds, damaged=damaged,
    )  # fmt: skip
    read_from = inputs or store
    address = _mlflow_address(settings)
    return {
        "settings": settings,
        "tables": managers["io_manager"],
        "documents": managers["documents_io_manager"],
        "nothing": NothingIOManager(),
        **_azure_clients(settings),
        "source_tables": open_sources(settings),
        "published_months": PublishedMonths(read_from, lookups),
        "later_restatements": LaterRestatements(read_from, lookups),
        "unlisted_markets": UnlistedMarkets(read_from, settings.market_table),
        "recipes_in_force": RecipesInForce(read_from, lookups),
        "delivery_findings": DeliveryFindings(inputs.original if isinstance(inputs, HistoricalStore) else store, holds),
        # A replay reads what an earlier version of the code has stored.
        "current_features": CurrentFeatures(None if inputs else store),
        "damaged_inputs": damaged,
        "anchor_memory": memory,
        "training_jobs": TrainingJobs(
            settings, memory, {"azureml": azureml_start(settings), "process": process_start(settings)}
        ),
        "mlflow_runs": MlflowRuns(store, holds),
        "mlflow_tracking": MlflowTracking(tracking_uri=address, experiment_name=f"forecast_assets_{settings.env}"),
        "mlflow": mlflow_of_experiments(
            MlflowTracking(tracking_uri=address, experiment_name=f"forecast_assets_{settings.env}_experiments")
        ),
    }


def _mlflow_address(settings: Settings) -> str:
    """Return the address of MLflow; from the environment by name, as Dagster's UI shows the values of resources."""
    address = settings.mlflow.tracking_uri
    return dg.EnvVar(MLFLOW_ADDRESS) if address and os.environ.get(MLFLOW_ADDRESS) == address else address


def _azure_clients(settings: Settings) -> dict[str, Any]:
    """Return dagster-azure's resource if there is an account; importing it takes a second."""
    if settings.azure.storage is None:
        return {}
    from forecast_assets.defs.adls2 import adls2_resources

    return adls2_resources(settings.azure.storage)
