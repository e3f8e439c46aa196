import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.realised_accuracy import realised_accuracy, realised_by_level, realised_figures

NAN = np.nan


@pytest.fixture
def cells():
    rows = [
        # sku, lag, actual, published, model, baseline, naive, status, category, abc, xyz
        ("a", 1, 100, 110, 90, 130, 100, "published", "tea", "A", "X"),
        ("a", 2, 100, 120, 100, 100, 100, "published", "tea", "A", "X"),
        ("b", 1, 50, 40, NAN, 60, 50, "published", None, "B", "Y"),
        ("c", 1, NAN, 1, 1, 1, 1, "published", "tea", "A", "X"),
        ("d", 1, 10, 99, 99, 99, 99, "backfilled", "tea", "A", "X"),
    ]
    names = ["sku", "lag_months", "actual_units", "published_units", "model_units", "baseline_units", "naive_units"]
    return pd.DataFrame(rows, columns=[*names, "status", "category", "abc_class", "xyz_class"])


def row(table, level, entity, lag):
    result = table[(table["level"] == level) & (table["entity"] == entity) & (table["lag"] == lag)]
    return result.iloc[0]


def test_only_reported_lags_have_rows_and_all_counts_every_lag(cells):
    table = realised_accuracy(cells)
    assert table.loc[table["level"] == "market", "lag"].tolist() == ["1", "all"]
    # |110-100| + |120-100| + |40-50| over 250; 10 + 20 - 10 over 250.
    whole = row(table, "market", "ALL", "all")
    assert (whole["cells"], whole["wape_published"], whole["bias_published"]) == (3, 40 / 250, 20 / 250)
    first = row(table, "market", "ALL", "1")
    assert (first["wape_baseline"], first["bias_baseline"]) == (40 / 150, 40 / 150)


def test_a_method_is_measured_where_it_has_a_forecast(cells):
    whole = row(realised_accuracy(cells), "market", "ALL", "all")
    assert (whole["cells_model"], whole["wape_model"], whole["bias_model"]) == (2, 10 / 200, -10 / 200)


def test_categories_and_classes_have_rows_and_no_category_is_unknown(cells):
    table = realised_accuracy(cells)
    assert set(table.loc[table["level"] == "category", "entity"]) == {"tea", "UNKNOWN"}
    assert row(table, "category", "UNKNOWN", "1")["wape_published"] == 10 / 50
    assert row(table, "class", "AX", "all")["wape_published"] == 30 / 200
    assert row(table, "abc", "B", "all")["bias_published"] == -10 / 50


def test_figures_have_stable_names_and_are_left_out_where_there_is_no_ratio(cells):
    figures = realised_figures(realised_accuracy(cells))
    assert figures["scored_cells"] == 3
    assert figures["wape_published"] == 40 / 250
    assert figures["wape_published_lag_01"] == 20 / 150
    assert figures["bias_baseline_abc_a"] == 30 / 200
    assert "wape_published_lag_03" not in figures
    assert all(isinstance(value, float | int) for value in figures.values())
    zero = realised_figures(realised_accuracy(cells.assign(actual_units=0.0)))
    assert zero == {"scored_cells": 4}


def test_nothing_scored_gives_no_rows(cells):
    for none in (cells.iloc[:0], cells.assign(status="backfilled"), cells.assign(actual_units=NAN)):
        assert realised_accuracy(none).empty
        assert realised_figures(realised_accuracy(none)) == {"scored_cells": 0}


def test_errors_of_skus_cancel_in_the_sums_of_their_level():
    # Errors +10 and -10 of two SKUs in one category, +5 in another: 25 of 300, then 5 of 300 twice.
    rows = [("A", "Tea", 100.0, 110.0), ("B", "Tea", 100.0, 90.0), ("C", "Mugs", 100.0, 105.0)]
    cells = pd.DataFrame(rows, columns=["sku", "category", "actual_units", "published_units"])
    cells = cells.assign(origin_month=pd.Timestamp("2024-01-01"), lag_months=1)
    table = realised_by_level(cells, {"published": "published_units"})
    assert table["level"].tolist() == ["sku", "category", "market"]
    assert table["wape_published"].tolist() == pytest.approx([25 / 300, 5 / 300, 5 / 300])
    assert realised_by_level(cells.iloc[:0], {"published": "published_units"}).empty
