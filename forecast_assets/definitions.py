"""Assembly of the code location: assets, checks, jobs, schedules, sensors and resources. Nothing else belongs here."""

from typing import Any

import dagster as dg

from forecast_assets.config.settings import Settings, load_settings
from forecast_assets.defs import jobs
from forecast_assets.defs.assets import (
    champion,
    demand,
    evaluation,
    features,
    forecasts,
    models,
    pooling,
    publication,
    sources,
    tuning,
)
from forecast_assets.defs.assets.lineage import lineage_specs
from forecast_assets.defs.assets.sources import build_source_assets
from forecast_assets.defs.io_managers import build_io_managers
from forecast_assets.defs.schedules import build_schedules
from forecast_assets.defs.sensors import build_sensors
from forecast_assets.domain.cycle_calendar import CRON
from forecast_assets.market_state.lookups import Lookups
from forecast_assets.market_state.market_lease import MarketLease
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.partitions import build_partitions
from forecast_assets.sources.opened import open_sources, open_store
from forecast_assets.sources.sql import SqlProject
from forecast_assets.storage.configuration import configuration_of
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tracking.mlflow_runs import MlflowRuns
from forecast_assets.tracking.mlflow_tracking import MlflowTracking

STAGES = [sources, demand, features, pooling, tuning, models, forecasts, evaluation, champion, publication]


def build_definitions(settings: Settings | None = None, cron: str = CRON, **resources: Any) -> dg.Definitions:
    """The code location of a company.

    Args:
        settings: Of the company; by default those of the environment.
        cron: When the cycle starts; another time is for drills.
        **resources: Resources that replace the default ones, by name.
    """
    settings = settings or load_settings()
    partitions = build_partitions(settings)
    assets = dg.map_asset_specs(
        lambda spec: spec.replace_attributes(partitions_def=partitions.of(spec.key.path[-1])),
        [*build_source_assets(settings.source), *dg.load_assets_from_modules(STAGES)],
    )
    schedules = build_schedules(settings, cron)
    return dg.Definitions(
        assets=[*assets, *lineage_specs(SqlProject(), settings.source)],
        jobs=jobs.ALL_JOBS,
        schedules=schedules,
        sensors=build_sensors(settings, schedules),
        resources={**default_resources(settings), **resources},
        # A run is one market: its steps share what they import (3 s each otherwise); markets run side by side as runs.
        executor=dg.in_process_executor,
    )


def default_resources(settings: Settings) -> dict[str, Any]:
    """Resources of a company by the names assets know them by; none is contacted before it is used."""
    store, lookups = open_store(settings), Lookups()
    managers = build_io_managers(
        settings.store, table_specs(), settings.env, settings.azure,
        lease=MarketLease(store, settings.lease_seconds, settings.lease_wait_seconds),
        configuration=lambda asset, country: configuration_of(asset, settings, country), lookups=lookups,
    )  # fmt: skip
    return {
        "settings": settings,
        "tables": managers["io_manager"],
        "documents": managers["documents_io_manager"],
        "nothing": dg.mem_io_manager,
        **_azure_clients(settings),
        "source_tables": open_sources(settings),
        "published_months": PublishedMonths(store, lookups),
        "recipes_in_force": RecipesInForce(store, lookups),
        "mlflow_runs": MlflowRuns(store),
        "mlflow_tracking": MlflowTracking(
            tracking_uri=settings.mlflow_tracking_uri, experiment_name=f"forecast_assets_{settings.env}"
        ),
    }


def _azure_clients(settings: Settings) -> dict[str, Any]:
    """dagster-azure's resource where there is an account; importing it takes a second."""
    if settings.azure is None:
        return {}
    from forecast_assets.defs.resources import adls2_resources

    return adls2_resources(settings.azure)


defs = build_definitions()
