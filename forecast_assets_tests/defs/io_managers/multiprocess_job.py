"""A job that processes of the multiprocess executor can build again by itself."""

import dagster as dg

from forecast_assets.defs.io_managers import build_io_managers
from forecast_assets_tests.defs.io_managers.example_assets import ASSETS, SPECS, features, sell_in


def sell_in_and_features() -> dg.JobDefinition:
    """The store is given by the run's configuration."""
    return dg.Definitions(
        assets=ASSETS,
        resources=build_io_managers("set by the run", SPECS, "dev"),
        jobs=[dg.define_asset_job("two_steps", selection=dg.AssetSelection.assets(sell_in, features))],
        executor=dg.multiprocess_executor.configured({"start_method": {"forkserver": {"preload_modules": [__name__]}}}),
    ).resolve_job_def("two_steps")
