"""Levels and reasons of a publication where no sell-in is stored, as after a fallback."""

import inspect
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import levels, reasons
from forecast_assets_tests.repository_settings import loaded

APRIL, JUNE = pd.Timestamp("2024-04-01"), pd.Timestamp("2024-06-01")
CONTEXT = SimpleNamespace(
    retry_number=0, partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})]
)
NOTHING = pd.DataFrame({"month": pd.Series(dtype="datetime64[ns]")})
SOLD = pd.DataFrame({"month": [APRIL, JUNE]})


def quiet(*_):
    return []


@pytest.mark.parametrize(("sell_in", "history"), [(SOLD, "120 months to 2024-06"), (NOTHING, None)])
def test_without_sell_in_the_levels_are_summed_without_a_history(monkeypatch, sell_in, history):
    given = []
    panel = SimpleNamespace(learnable=lambda origin, months: f"{months} months to {origin:%Y-%m}")
    monkeypatch.setattr(levels, "panel_from_rows", lambda *_: SimpleNamespace(with_marks=lambda marks: panel))
    monkeypatch.setattr(levels, "market_levels", lambda published, country, known, _: given.append((country, known)))
    monkeypatch.setattr(levels.level_checks, "market_checks", quiet)
    run = inspect.unwrap(levels.forecast_levels.op.compute_fn.decorated_fn)
    list(run(CONTEXT, published_forecasts=None, sell_in=sell_in, history_marks=None, backtest=None))
    assert given == [("FR", history)]


@pytest.mark.parametrize(("sell_in", "first"), [(SOLD, APRIL), (NOTHING, JUNE)])
def test_reasons_read_the_sales_from_their_first_month_or_none_at_all(monkeypatch, sell_in, first):
    spans = []
    monkeypatch.setattr(reasons, "panel_from_rows", lambda rows, since, until: spans.append((since, until)))
    for name in ("published_model", "ReasonTables", "reasons_of"):
        monkeypatch.setattr(reasons, name, lambda *_: None)
    monkeypatch.setattr(reasons.reason_checks, "reason_checks", quiet)
    run = inspect.unwrap(reasons.forecast_reasons.op.compute_fn.decorated_fn)
    tables = ("published_forecasts", "forecasts", "champion", "model", "features", "overrides", "products")
    list(run(CONTEXT, settings=loaded(), sell_in=sell_in, **dict.fromkeys(tables)))
    assert spans == [(first, JUNE)]
