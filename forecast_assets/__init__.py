"""Monthly demand forecasts per market, SKU and month as Dagster assets.

For analysis: ``import forecast_assets as fa; fa.open_store().table("forecasts", country="FR", since="2024-01")``.
"""

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forecast_assets.operations.experiments.experiment import run_experiment as run_experiment
    from forecast_assets.storage.company_tables import open_store as open_store

# Backfill policies and multi-partition mappings are "beta" in every Dagster that has them; the pinned one is tested.
warnings.filterwarnings("ignore", message=".* is currently in beta, and may have breaking changes")
warnings.filterwarnings("ignore", message="Asset job .* materializes assets with varying BackfillPolicies")

# Loaded when first used: every command imports this package, and few of them read with pandas.
_MODULE_OF = {
    "open_store": "forecast_assets.storage.company_tables",
    "run_experiment": "forecast_assets.operations.experiments.experiment",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Return a name of the public interface and remember it."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value
