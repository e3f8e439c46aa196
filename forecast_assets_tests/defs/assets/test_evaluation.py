"""A backtest of a market with a year of data and without features of earlier origins is not run."""

import inspect
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import evaluation
from forecast_assets.defs.io_managers.required_inputs import MissingInput


def test_a_backtest_without_features_of_earlier_origins_stores_nothing():
    sold = pd.DataFrame({"sku": "a", "month": pd.date_range("2023-01-01", "2024-06-01", freq="MS")})
    context = SimpleNamespace(
        retry_number=0, partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})]
    )
    run = inspect.unwrap(evaluation.backtest.op.compute_fn.decorated_fn)
    inputs = dict.fromkeys(set(inspect.signature(run).parameters) - {"context"}) | {
        "recipes_in_force": SimpleNamespace(store=None), "features": SimpleNamespace(months=[]),
        "sell_in": SimpleNamespace(frame=lambda: sold),
    }  # fmt: skip
    # December 2023 is the first origin with twelve months.
    with pytest.raises(MissingInput, match=r"backtest stores nothing .* features, .* FR: 2023-12 to 2024-05"):
        list(run(context, **inputs))
