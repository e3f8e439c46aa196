"""The benchmark of levels: coverage and ratios by hand, and sums of an invented market beside their own baseline."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.level_scores import LevelCase, level_cells, level_scores
from benchmarks.levels import arguments
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.quantiles import PERCENTS
from forecast_assets.domain.levels.level_forecasts import BACKTEST_COLUMNS

ORIGIN = pd.Timestamp("2024-06-01")
TARGETS = pd.date_range("2024-07-01", periods=18, freq="MS")


def cells_of(level, entity, actual, own, baseline):
    """Cells with a range of 10 below and above the forecast."""
    table = pd.DataFrame({"actual_units": actual, "forecast_units": own, "holt_winters_units": baseline})
    return table.assign(
        level=level, entity=entity, category="ALL", origin="2024-06",
        forecast_units_p10=table["forecast_units"] - 10, forecast_units_p90=table["forecast_units"] + 10,
    )  # fmt: skip


def test_scores_are_sums_over_cells_and_the_ratio_is_a_geometric_mean_over_entities():
    parts = [
        cells_of("market", "FR", [100.0, 100.0], [95.0, 85.0], [110.0, 100.0]),  # 20 of 10: 2.
        cells_of("market", "ES", [200.0, 200.0], [230.0, 205.0], [130.0, 200.0]),  # 35 of 70: .5.
        *(cells_of(level, "x", [10.0], [9.0], [8.0]) for level in ("category", "region", "world")),
    ]
    scores = level_scores(pd.concat(parts, ignore_index=True)).set_index("level")
    market = scores.loc["market"]
    assert market["cells"] == 4
    assert market["covered"] == 0.5
    assert market["below"] == 0.25
    assert market["width"] == pytest.approx(80 / 615)
    assert market["wape"] == pytest.approx(55 / 600)
    assert market["wape_holt_winters"] == pytest.approx(80 / 600)
    assert market["ratio"] == pytest.approx(1.0)
    assert scores.loc["category", "ratio"] == pytest.approx(0.5)


def case(market, levels):
    """A market of SKUs that sold the same every month and are forecast 10 % too high."""
    months = pd.date_range(end=ORIGIN, periods=48, freq="MS")
    panel = DemandPanel(np.array(list(levels), dtype=object), months, np.tile(list(levels.values()), (48, 1)).T)
    parts = []
    for sku, units in levels.items():
        rows = pd.DataFrame({"target_month": TARGETS, "horizon_months": range(1, 19), "origin_month": ORIGIN})
        quantiles = {f"forecast_units_p{percent:02d}": units * (0.6 + percent / 100) for percent in PERCENTS}
        named = {"sku": sku, "category": sku[0], "actual_units": units, "forecast_units": 1.1 * units}
        parts.append(rows.assign(**named, **quantiles))
    return LevelCase(market, panel, pd.concat(parts, ignore_index=True), pd.DataFrame(columns=BACKTEST_COLUMNS))


def test_every_level_is_the_sum_of_the_same_skus_beside_holt_winters_of_that_sum():
    cases = [case("FR", {"a1": 10.0, "a2": 20.0, "b1": 30.0}), case("ES", {"a1": 100.0})]
    cells = level_cells(cases, {"FR": "Europe", "ES": "Europe"})
    first = cells[cells["target_month"] == TARGETS[0]].set_index(["level", "entity", "category"])
    assert first["actual_units"].to_dict() == {
        ("category", "FR", "a"): 30.0,
        ("category", "FR", "b"): 30.0,
        ("market", "FR", "ALL"): 60.0,
        ("category", "ES", "a"): 100.0,
        ("market", "ES", "ALL"): 100.0,
        ("region", "Europe", "ALL"): 160.0,
        ("world", "WORLD", "ALL"): 160.0,
    }
    assert (cells["forecast_units"] / cells["actual_units"]).to_numpy() == pytest.approx(np.full(len(cells), 1.1))
    assert (cells["holt_winters_units"] / cells["actual_units"]).to_numpy() == pytest.approx(np.ones(len(cells)))


def test_something_must_be_measured():
    with pytest.raises(SystemExit):
        arguments([])
