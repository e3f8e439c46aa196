import pandas as pd
import pytest

from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.domain.publication.forecasts import beside_baseline, with_champion, with_inputs_missing
from forecast_assets.domain.publication.published_forecasts import CHAMPION_COLUMNS
from forecast_assets.validation.schema_check import schema_check

ORIGIN = pd.Timestamp("2024-06-01")
TARGETS = [pd.Timestamp("2024-07-01"), pd.Timestamp("2024-08-01")]


def cells(skus, **numbers):
    keys = [(sku, ORIGIN, target, horizon) for sku in skus for horizon, target in enumerate(TARGETS, start=1)]
    return pd.DataFrame(keys, columns=["sku", "origin_month", "target_month", "horizon_months"]).assign(**numbers)


def model_cells(skus):
    result = cells(
        skus,
        forecast_units=[10.0 + at for at in range(2 * len(skus))],
        forecast_units_p10=1.0,
        forecast_units_p90=99.0,
        rule="regular",
    )
    return with_champion(with_every_quantile(result), None)


def baseline_cells(skus):
    return cells(skus, baseline_units=[20.0 + at for at in range(2 * len(skus))], naive_units=5.0)


FEATURES = pd.DataFrame(
    {
        "sku": ["b", "a"],
        "category": ["ice", "tea"],
        "abc_class": ["B", "A"],
        "xyz_class": ["Z", "X"],
        "inputs_missing": ["sell_out", ""],
        "scale_units": [1.0, 2.0],
    }
)


def test_each_cell_gets_its_own_baseline_and_the_description_of_its_sku():
    table = beside_baseline(model_cells(["a", "b"]), baseline_cells(["b", "a"]), FEATURES)
    by_cell = table.set_index(["sku", "horizon_months"])
    assert by_cell.loc[("a", 2), ["forecast_units", "baseline_units"]].tolist() == [11.0, 23.0]
    assert by_cell.loc[("b", 1), ["forecast_units", "baseline_units"]].tolist() == [12.0, 20.0]
    assert by_cell.loc[("b", 2), ["category", "abc_class", "xyz_class", "inputs_missing"]].tolist() == [
        "ice",
        "B",
        "Z",
        "sell_out",
    ]
    assert len(table) == 4
    assert schema_check("forecasts").find(table, ORIGIN).message == ""


def test_a_sku_that_only_the_model_forecasts_is_named_with_its_month():
    with pytest.raises(ValueError, match=r"2 cells are forecast by only one.*'sku': 'b'.*2024-07-01.*left_only"):
        beside_baseline(model_cells(["a", "b"]), baseline_cells(["a"]), FEATURES)


def test_a_cell_that_only_the_baseline_forecasts_is_named_with_its_month():
    with pytest.raises(ValueError, match=r"1 cells are forecast by only one.*'sku': 'a'.*2024-08-01.*right_only"):
        beside_baseline(model_cells(["a"]).iloc[:1], baseline_cells(["a"]), FEATURES)


def test_two_rows_of_one_cell_are_rejected():
    twice = pd.concat([baseline_cells(["a"]), baseline_cells(["a"])])
    with pytest.raises(pd.errors.MergeError, match="not a one-to-one merge"):
        beside_baseline(model_cells(["a"]), twice, FEATURES)


def test_the_champions_numbers_stand_beside_those_of_the_same_cell():
    theirs = model_cells(["a", "b"]).assign(forecast_units=[1.0, 2.0, 3.0, 4.0]).iloc[::-1]
    both = with_champion(model_cells(["a", "b"]).drop(columns=list(CHAMPION_COLUMNS.values())), theirs)
    assert both["champion_units"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert both["forecast_units"].tolist() == [10.0, 11.0, 12.0, 13.0]
    assert both["champion_units_p90"].tolist() == [99.0] * 4


def test_a_champion_that_forecasts_other_cells_is_rejected():
    with pytest.raises(ValueError, match="the model forecasts 4 cells, the champion 2"):
        with_champion(model_cells(["a", "b"]), model_cells(["a"]))


def test_three_cells_that_only_one_forecasts_are_named():
    with pytest.raises(ValueError, match="4 cells are forecast by only one") as error:
        beside_baseline(model_cells(["a", "b", "c"]), baseline_cells(["a"]), FEATURES)
    assert str(error.value).count("'left_only'") == 3


def test_without_a_champion_its_columns_are_null():
    table = with_champion(model_cells(["a"]).drop(columns=list(CHAMPION_COLUMNS.values())), None)
    assert table[list(CHAMPION_COLUMNS.values())].isna().all(axis=None)


def test_a_champion_without_a_number_in_a_cell_is_rejected():
    theirs = model_cells(["a"]).assign(forecast_units=[1.0, None])
    with pytest.raises(ValueError, match="the model forecasts 2 cells, the champion 2 or others"):
        with_champion(model_cells(["a"]).drop(columns=list(CHAMPION_COLUMNS.values())), theirs)


def test_inputs_missing_for_the_model_are_added_once_and_in_order():
    features = pd.DataFrame({"sku": ["a", "b", "c"], "inputs_missing": ["", "sell_out", "overrides,promotions"]})
    expected = ["overrides,products", "overrides,products,sell_out", "overrides,products,promotions"]
    assert with_inputs_missing(features, ["products", "overrides"])["inputs_missing"].tolist() == expected
    assert with_inputs_missing(features, [])["inputs_missing"].tolist() == features["inputs_missing"].tolist()
