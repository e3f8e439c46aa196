"""Assembly of the code location: assets, checks, jobs, schedules, sensors and resources. Nothing else belongs here."""

import gc

# All that is imported and built here stays. The collector would walk it while it grows, and once more when the process
# ends: 0.7 s of 2.1 s of CPU. DuckDB reports what the collector may not touch as a leak, so nothing imports it here.
_COLLECTS = gc.isenabled()
gc.disable()

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import dagster as dg

from forecast_assets.config.last_good_markets import load_service_settings
from forecast_assets.config.settings import Settings
from forecast_assets.defs import jobs
from forecast_assets.defs.assets import (
    champion,
    company,
    demand,
    evaluation,
    features,
    forecasts,
    levels,
    models,
    pooling,
    publication,
    reasons,
    review,
    sources,
    tuning,
    value_added,
)
from forecast_assets.defs.assets.lineage import lineage_specs
from forecast_assets.defs.assets.sources import build_source_assets
from forecast_assets.defs.experiments import experiments
from forecast_assets.defs.resources import default_resources
from forecast_assets.defs.schedules import build_schedules
from forecast_assets.defs.sensors import build_sensors
from forecast_assets.domain.cycle_calendar import CRON
from forecast_assets.partitions import build_partitions
from forecast_assets.sources.sql import SqlProject
from forecast_assets.storage import TableReader
from forecast_assets.storage.code_version import code_versions

STAGES = [
    sources, demand, features, pooling, tuning, models, forecasts, evaluation, champion, publication, reasons,
    review, levels, value_added, company,
]  # fmt: skip


def build_definitions(
    settings: Settings | None = None, cron: str = CRON, inputs: TableReader | None = None, **resources: Any
) -> dg.Definitions:
    """Build the code location of a company.

    Args:
        settings: Settings of the company; by default those of the environment, with the last good markets file.
        cron: Start of the cycle; another time is for drills.
        inputs: Store that assets read from; by default the one they write to.
        **resources: Resources that replace the default ones, by name.
    """
    settings = settings or load_service_settings()
    partitions = build_partitions(settings)
    definitions = [*build_source_assets(settings.sources.kind), *_assets_of(STAGES)]
    versions = code_versions(asset.key.path[-1] for asset in definitions)
    assets = dg.map_asset_specs(
        lambda spec: spec.replace_attributes(
            partitions_def=partitions.of(spec.key.path[-1]), code_version=versions[spec.key.path[-1]]
        ),
        definitions,
    )
    schedules = build_schedules(settings, cron)
    return dg.Definitions(
        assets=[*assets, *lineage_specs(SqlProject(), settings.sources.kind)],
        jobs=[*jobs.ALL_JOBS, experiments],
        schedules=schedules,
        sensors=build_sensors(settings, schedules),
        resources={**default_resources(settings, inputs), **resources},
        # A run is one market: its steps share what they import (3 s each otherwise); markets run side by side as runs.
        executor=dg.in_process_executor,
    )


def _assets_of(stages: Sequence[ModuleType]) -> list[dg.AssetsDefinition]:
    return [asset for asset in dg.load_assets_from_modules(stages) if isinstance(asset, dg.AssetsDefinition)]


try:
    defs = build_definitions()
    gc.freeze()
finally:
    # A server that could not build them stays alive and tells why.
    if _COLLECTS:
        gc.enable()
