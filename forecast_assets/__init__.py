"""Monthly demand forecasts per market, SKU and month as Dagster assets."""

import warnings

# Backfill policies and multi-partition mappings are "beta" in every Dagster that has them; the pinned one is tested.
warnings.filterwarnings("ignore", message=".* is currently in beta, and may have breaking changes")
warnings.filterwarnings("ignore", message="Asset job .* materializes assets with varying BackfillPolicies")
