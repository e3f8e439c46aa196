"""Proposed successors in the asset of forecasts: named in any case, forecast as such only if the company accepts."""

import inspect
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import forecasts as module
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")
CONTEXT = SimpleNamespace(
    retry_number=0, partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})]
)
PROPOSED = pd.DataFrame({"predecessor": ["old"], "successor": ["new"], "since": [JUNE], "level_ratio": [1.0]})
PANEL = SimpleNamespace(with_marks=lambda marks: "panel")


@pytest.mark.parametrize(("accepts", "used", "passes"), [("true", "with successors", True), ("false", "given", False)])
def test_a_proposed_successor_is_named_and_forecast_as_such_if_accepted(monkeypatch, accepts, used, passes):
    given = []
    for name, stand_in in {
        "panel_from_rows": lambda *_: PANEL, "proposed_successors": lambda *_: PROPOSED,
        "model_from_parts": lambda _: None, "champion_from_parts": lambda _: None,
        "with_successors": lambda products, proposed: "with successors",
        "market_forecasts": lambda *inputs: given.append(inputs[5]) or pd.DataFrame(),
        "forecast_figures": lambda *_: {},
    }.items():  # fmt: skip
        monkeypatch.setattr(module, name, stand_in)
    monkeypatch.setattr(module.forecast_checks, "forecasts_checks", lambda *_: [])
    run = inspect.unwrap(module.forecasts.op.compute_fn.decorated_fn)
    sold = pd.DataFrame({"month": [JUNE]})
    tables = dict.fromkeys(("model", "features", "baseline_forecasts", "history_marks"))
    settings = loaded(FORECAST_SUCCESSORS_ACCEPTED=accepts)
    check, output = run(CONTEXT, settings=settings, sell_in=sold, products="given", **tables)
    assert given == [used]
    assert (check.check_name, check.passed) == ("successors_named", passes)
    assert list(output.value) == [JUNE]
