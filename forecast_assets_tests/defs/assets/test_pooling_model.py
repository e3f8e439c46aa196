"""The model over all markets: of rows made by this code, up to the month before its own."""

import inspect
from types import SimpleNamespace

import pandas as pd

from forecast_assets.defs.assets import pooling
from forecast_assets_tests.repository_settings import loaded


def test_it_learns_up_to_the_month_before_from_rows_whose_code_is_checked(monkeypatch):
    required, last_months = [], []
    fitted = SimpleNamespace(rows=3, skus={"FR": 2, "DE": 5}, reason="")
    quiet = SimpleNamespace(name="quiet", blocking=False, findings=lambda tables: {}, description="")
    monkeypatch.setattr(pooling, "fit_pooled_model", lambda rows, last, recipe: last_months.append(last) or fitted)
    monkeypatch.setattr(pooling, "pooled_to_texts", lambda model: "texts")
    monkeypatch.setattr(pooling, "schema_check", lambda table: quiet)
    current = SimpleNamespace(require=lambda country, rows: required.append((country, rows)))
    run = inspect.unwrap(pooling.pooled_model.op.compute_fn.decorated_fn)
    context = SimpleNamespace(retry_number=0, partition_keys=["2024-06-01"])
    _, output = run(context, settings=loaded(), current_features=current, pooled_rows="rows")
    assert required == [(None, "rows")]
    assert last_months == [pd.Timestamp("2024-05-01")]
    assert output.value == {pd.Timestamp("2024-06-01"): "texts"}
    assert {name: value.value for name, value in output.metadata.items()} == {
        "rows": 3, "markets": 2, "skus": 7, "without_parts_because": "",
    }  # fmt: skip
