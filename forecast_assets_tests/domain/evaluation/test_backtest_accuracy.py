import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.accuracy import bias, coverage, wape
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS, LAG_GROUPS, accuracy_by

JANUARY = pd.Timestamp("2024-01-01")
COLUMNS = ["sku", "category", "horizon_months", "actual_units", "model_units", "baseline_units", "naive_units"]


def with_places(rows, **columns):
    """Cells of one origin with the target month of each horizon; the band is 2 units wide on both sides."""
    cells = pd.DataFrame(rows, columns=COLUMNS).assign(origin_month=JANUARY, abc_class="A", xyz_class="X")
    ahead = [JANUARY + pd.DateOffset(months=months) for months in cells["horizon_months"]]
    model = cells["model_units"]
    return cells.assign(target_month=ahead, forecast_units_p10=model - 2, forecast_units_p90=model + 2, **columns)


@pytest.fixture
def cells():
    """Errors of the model: +4, -2 at lag 1, +1 at lag 2, none at lag 7; the last row has no actual."""
    rows = [
        ("a", "tea", 1, 10.0, 14.0, 10.0, 20.0),
        ("b", "tea", 1, 10.0, 8.0, 10.0, 0.0),
        ("a", "tea", 2, 20.0, 21.0, 30.0, 20.0),
        ("c", "ice", 7, 40.0, 40.0, 40.0, 30.0),
        ("b", "tea", 2, np.nan, 1e9, 1e9, 1e9),
    ]
    return with_places(rows, abc_class=["A", "C", "A", "B", "C"], xyz_class=["X", "Z", "X", "X", "Z"])


def figures(table, kind, group, method="model"):
    row = table.set_index(["kind", "group", "method"]).loc[(kind, group, method)]
    return row[["cells", "wape", "bias", "coverage_80"]].tolist()


def test_lags_sum_errors_and_actuals_before_they_divide(cells):
    table = accuracy_by(cells)
    assert figures(table, "lag", "1") == [2, pytest.approx(6 / 20), pytest.approx(2 / 20), 0.5]
    assert figures(table, "lag", "2") == [1, pytest.approx(1 / 20), pytest.approx(1 / 20), 1.0]
    assert figures(table, "lag", "1", "naive")[:3] == [2, pytest.approx(20 / 20), pytest.approx(0.0)]


def test_groups_of_lags_hold_their_lags_and_the_last_group_all(cells):
    table = accuracy_by(cells)
    groups = table.loc[table["kind"] == "lag_group", "group"].unique().tolist()
    assert groups == ["1", "2-3", "7-12", "all"]
    assert figures(table, "lag_group", "2-3")[:2] == [1, pytest.approx(1 / 20)]
    assert figures(table, "lag_group", "7-12")[:2] == [1, 0.0]
    assert figures(table, "lag_group", "all") == [4, pytest.approx(7 / 80), pytest.approx(3 / 80), 0.75]


@pytest.mark.parametrize(
    ("group", "lags"),
    [("1", [1]), ("2-3", [2, 3]), ("4-6", [4, 5, 6]), ("7-12", range(7, 13)), ("13-18", range(13, 19))],
)
def test_every_lag_is_in_one_group(group, lags):
    rows = [("a", "tea", lag, 1.0, 1.0, 1.0, 1.0) for lag in range(1, 19)]
    table = accuracy_by(with_places(rows))
    assert LAG_GROUPS == ("1", "2-3", "4-6", "7-12", "13-18")
    assert figures(table, "lag_group", group)[0] == len(list(lags))


def test_lags_come_in_the_order_of_months_not_of_letters():
    rows = [("a", "tea", lag, 1.0, 1.0, 1.0, 1.0) for lag in (10, 2, 1, 11)]
    table = accuracy_by(with_places(rows))
    assert table.loc[table["kind"] == "lag", "group"].unique().tolist() == ["1", "2", "10", "11"]


def test_segments_are_those_of_the_cells(cells):
    table = accuracy_by(cells)
    assert figures(table, "segment", "AX")[:2] == [2, pytest.approx(5 / 30)]
    assert figures(table, "segment", "CZ")[:2] == [1, pytest.approx(2 / 10)]
    assert table.loc[table["kind"] == "segment", "group"].unique().tolist() == ["AX", "BX", "CZ"]


def test_errors_of_skus_cancel_level_by_level_and_a_sum_has_no_band(cells):
    table = accuracy_by(cells)
    assert figures(table, "level", "sku") == [4, pytest.approx(7 / 80), pytest.approx(3 / 80), 0.75]
    for level in ("category", "market"):
        counted, error, net, covered = figures(table, "level", level)
        # In February +4 and -2 are one error of 2; March +1, August 0.
        assert (counted, error, net) == (3, pytest.approx(3 / 80), pytest.approx(3 / 80))
        assert np.isnan(covered)


def test_only_the_model_has_a_coverage(cells):
    table = accuracy_by(cells)
    assert table.loc[table["method"] != "model", "coverage_80"].isna().all()
    assert table["method"].unique().tolist() == ["model", "baseline", "naive"]


def test_a_group_that_sold_nothing_has_no_ratio_but_its_row(cells):
    table = accuracy_by(cells.assign(actual_units=0.0))
    assert len(table)
    assert table[["wape", "bias"]].isna().all().all()


def test_without_a_scored_cell_there_is_no_row(cells):
    assert accuracy_by(cells.assign(actual_units=np.nan)).empty
    assert list(accuracy_by(cells.iloc[:0])) == list(accuracy_by(cells))


def test_every_method_is_scored_on_the_cells_that_all_have(cells):
    table = accuracy_by(cells.assign(naive_units=cells["naive_units"].where(cells["sku"] != "c")))
    assert set(table.loc[table["group"] == "all", "cells"]) == {3}


def test_the_table_of_a_real_backtest_equals_measures_group_by_group(backtest_cells):
    table = accuracy_by(backtest_cells).set_index(["kind", "group", "method"])
    known = backtest_cells[backtest_cells["actual_units"].notna()]
    for lag in range(1, 19):
        own = known[known["horizon_months"] == lag]
        for method, column in BACKTEST_METHODS.items():
            row = table.loc[("lag", str(lag), method)]
            assert row["wape"] == pytest.approx(wape(own["actual_units"], own[column]))
            assert row["bias"] == pytest.approx(bias(own["actual_units"], own[column]))
        band = coverage(own["actual_units"], own["forecast_units_p10"], own["forecast_units_p90"])
        assert table.loc[("lag", str(lag), "model"), "coverage_80"] == pytest.approx(band)
    market = [
        (group["actual_units"].sum(), group["model_units"].sum())
        for _, group in known.groupby(["origin_month", "target_month"])
    ]
    assert table.loc[("level", "market", "model"), "wape"] == pytest.approx(wape(*zip(*market, strict=True)))
