"""Records made by a process in the environment of Azure ML's client. It has no pytest.

python -m forecast_assets_tests.integration.azureml_client azureml://...
"""

import dataclasses
import json
import sys

import pandas as pd

from forecast_assets.tracking.mlflow_registry import ChampionRecord
from forecast_assets.tracking.mlflow_tracking import CycleRecord, MlflowTracking

EXPERIMENT = "azureml"
JUNE = ChampionRecord("FR", pd.Timestamp("2024-06-01"), "abc", pd.Timestamp("2024-03-01"), "held", "")
JULY = dataclasses.replace(JUNE, origin_month=pd.Timestamp("2024-07-01"), recipe_id="def", outcome="promoted")


def record_of(market: str) -> CycleRecord:
    """A small record."""
    return CycleRecord(
        cycle_id="dev-2024-06", market=market, origin_month=JUNE.origin_month, git_sha="0a1b2c3",
        dagster_run_id="first-run", parameters={"learning_rate": 0.05}, pooled_metrics={"model_wape": 0.15},
        metrics_by_horizon=pd.DataFrame({"horizon_months": [1, 2], "model_wape": [0.1, 0.2]}),
        features=["sell_in_lag_12"], model_parts=pd.DataFrame({"part": ["h01.txt"], "content": ["tree\n"]}),
    )  # fmt: skip


def main(address: str) -> None:
    """Record two markets, one of them twice, and a champion of two months; print the ids."""
    tracking = MlflowTracking(tracking_uri=address, experiment_name=EXPERIMENT)
    first, again, other = (tracking.record_cycle(record_of(market)) for market in ("FR", "FR", "DE"))
    for champion in (JUNE, JULY):
        tracking.mirror_champion(first.run_id, champion)
    ids = [first.run_id, again.run_id, other.run_id, first.parent_run_id, other.parent_run_id, first.url]
    sys.stdout.write(json.dumps(ids) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
