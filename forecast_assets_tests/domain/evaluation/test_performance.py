import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.performance import performance
from forecast_assets.domain.evaluation.realised_accuracy import PERFORMANCE_METHODS
from forecast_assets.validation.evaluation_checks import figures
from forecast_assets.validation.schema_check import schema_check

JUNE = pd.Timestamp("2024-06-01")


@pytest.fixture
def published():
    rows = [
        # sku, origin, target, lag, published, model, baseline, naive, status, source
        ("a", "2024-05-01", "2024-06-01", 1, 12, 13, 14, 15, "published", "override"),
        ("a", "2024-03-01", "2024-06-01", 3, 8, 8, 14, 15, "published", "model"),
        ("a", "2024-05-01", "2024-07-01", 2, 99, 99, 99, 99, "published", "model"),
        ("b", "2024-05-01", "2024-06-01", 1, 5, 5, 5, 5, "backfilled", "baseline"),
        ("gone", "2024-05-01", "2024-06-01", 1, 3, 3, 3, 3, "published", "model"),
    ]
    keys = ["sku", "origin_month", "target_month", "horizon_months"]
    numbers = ["forecast_units", "model_units", "baseline_units", "naive_units"]
    result = pd.DataFrame(rows, columns=[*keys, *numbers, "status", "source"]).astype(dict.fromkeys(numbers, float))
    months = {name: pd.to_datetime(result[name]) for name in ("origin_month", "target_month")}
    return result.assign(**months, category="tea", abc_class="A", xyz_class="X", reason="", inputs_missing="")


SELL_IN = pd.DataFrame({"sku": ["new", "b", "a"], "sell_in_units": [50.0, np.nan, 10.0], "month": JUNE})


def test_the_month_is_compared_with_every_forecast_of_it_by_lag(published):
    cells = performance(JUNE, SELL_IN, published).set_index(["sku", "lag_months"])
    assert cells.index.tolist() == [("a", 1), ("a", 3), ("b", 1), ("gone", 1)]
    numbers = ["actual_units", "published_units", "model_units", "baseline_units", "naive_units"]
    assert cells.loc[("a", 1), numbers].tolist() == [10, 12, 13, 14, 15]
    assert cells.loc[("a", 3), numbers].tolist() == [10, 8, 8, 14, 15]
    assert cells.loc[("a", 3), "origin_month"] == pd.Timestamp("2024-03-01")
    assert cells.loc[("a", 1), ["status", "source"]].tolist() == ["published", "override"]
    assert cells.loc[("b", 1), ["status", "source"]].tolist() == ["backfilled", "baseline"]


def test_unknown_or_absent_sell_in_is_not_scored(published):
    cells = performance(JUNE, SELL_IN, published)
    assert cells.set_index("sku")["actual_units"].loc[["b", "gone"]].isna().all()
    # Of a alone: errors +2 and -2 of 20 units.
    measured = figures(cells, PERFORMANCE_METHODS)
    assert measured["scored_cells"] == 2
    assert measured["wape_published"] == pytest.approx(4 / 20)
    assert measured["bias_published"] == pytest.approx(0.0)
    assert measured["bias_baseline"] == pytest.approx(8 / 20)


def test_a_sku_that_was_sold_but_never_forecast_is_not_in_the_table(published):
    assert "new" not in set(performance(JUNE, SELL_IN, published)["sku"])


def test_the_table_matches_its_schema_with_and_without_forecasts(published):
    for forecasts in (published, published.iloc[:0]):
        table = performance(JUNE, SELL_IN, forecasts)
        assert len(table) == (4 if len(forecasts) else 0)
        assert schema_check("performance").find(table, JUNE).message == ""


def test_two_rows_of_a_sku_in_a_month_are_rejected(published):
    with pytest.raises(pd.errors.MergeError, match="not a many-to-one merge"):
        performance(JUNE, pd.concat([SELL_IN, SELL_IN]), published)
