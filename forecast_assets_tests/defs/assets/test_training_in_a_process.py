"""A market with ``compute: process``: model and backtest by a job of Dagster Pipes equal those of the step itself."""

import pytest

from forecast_assets_tests.defs.assets.company import DECEMBER, POOLED_SKUS, succeeded

pytestmark = pytest.mark.heavy
TABLES = ["features", "history_marks", "sell_in", "products", "baseline_forecasts"]


@pytest.fixture
def copy(pooling, tmp_path):
    made = pooling.copied_to(tmp_path / "copy", *TABLES, "pooled_model", "pooled_rows")
    markets = made.base / "markets.yaml"
    written = markets.read_text(encoding="utf-8")
    markets.write_text(written.replace("since: 2023-04-01", "since: 2023-04-01, compute: process"), encoding="utf-8")
    return made


def test_model_and_backtest_of_a_job_are_those_of_the_step(pooling, copy, tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_MAX_THREADS", "1")
    assert copy.pooled_skus == POOLED_SKUS
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER, assets=["model", "backtest"]))
    for table in ("model", "backtest"):
        kept = list((copy.base / "store" / "_anchors").rglob(f"job_of_{table}-*"))
        assert [each.parent.name for each in kept] == [f"month={DECEMBER}"]
        key = f"{DECEMBER[:7]}"
        assert copy.hashes(table, "NO")[key] == pooling.hashes(table, "NO")[key]
