"""Rules that every table's schema follows, and the values that forecasts may have."""

import numpy as np
import pandas as pd
import pandera.errors
import pytest

from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.domain.publication.published_forecasts import CHAMPION_COLUMNS
from forecast_assets.schemas import MONTH_ONLY, TABLES
from forecast_assets.storage.table_specs import table_specs

ORIGIN, TARGET = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")


@pytest.mark.parametrize("name", TABLES)
def test_keys_are_columns_without_nulls(name):
    columns, keys = TABLES[name].to_schema().columns, TABLES[name].keys()
    assert keys
    # A sparse one is absent where it has no value; null is then the row of the month itself.
    sparse = set(TABLES[name].sparse_columns())
    assert [key for key in keys if columns[key].nullable and key not in sparse] == []


@pytest.mark.parametrize("name", TABLES)
def test_market_and_month_of_the_partition_are_no_columns(name):
    assert {"country", "month"} & set(TABLES[name].fixed_columns()) == set()


@pytest.mark.parametrize("name", TABLES)
def test_the_store_enforces_the_columns_and_keys_of_the_schema(name):
    spec = table_specs()[name]
    assert list(spec.arrow_schema.names) == TABLES[name].fixed_columns()
    assert list(spec.keys) == TABLES[name].keys()
    assert spec.partitioned_by_country == (name not in MONTH_ONLY)


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_description(name):
    without = [column.name for column in TABLES[name].to_schema().columns.values() if not column.description]
    assert without == []


@pytest.mark.parametrize("name", TABLES)
def test_descriptions_are_not_stored(name):
    schema = table_specs()[name].arrow_schema
    assert schema.metadata is None
    assert [field.name for field in schema if field.metadata] == []


def forecasts(**changes) -> pd.DataFrame:
    row = {
        "sku": "A", "origin_month": ORIGIN, "target_month": TARGET, "horizon_months": 1, "forecast_units": 10.0,
        "forecast_units_p10": 8.0, "forecast_units_p90": 12.0, "baseline_units": 9.0, "naive_units": 9.0,
        "category": "Soups", "abc_class": "A", "xyz_class": "X", "inputs_missing": "", "rule": "regular",
        **dict.fromkeys(CHAMPION_COLUMNS.values(), np.nan),
    }  # fmt: skip
    return with_every_quantile(pd.DataFrame([{**row, **changes}]))


def test_a_valid_forecast_passes():
    TABLES["forecasts"].validate(forecasts())


@pytest.mark.parametrize(
    "changes",
    [
        {"forecast_units": -1.0, "forecast_units_p10": -2.0},
        {"forecast_units": 13.0},
        {"forecast_units_p95": 11.9},
        {"forecast_units_p05": 9.0},
        {"forecast_units": 7.0},
        {"forecast_units": None},
        {"horizon_months": 0},
        {"horizon_months": 19},
        {"target_month": pd.Timestamp("2024-07-15")},
        {"abc_class": "D"},
        {"rule": "guess"},
        {"rule": None},
        {"sku": ""},
    ],
)
def test_an_invalid_forecast_is_rejected(changes):
    with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
        TABLES["forecasts"].validate(forecasts(**changes))


@pytest.mark.parametrize(("column", "value"), [("status", "draft"), ("source", "guess")])
def test_status_and_source_of_published_rows_come_from_a_closed_list(column, value):
    published = forecasts(model_units=10.0, status="published", source="model", reason="good")
    published = published.drop(columns=list(CHAMPION_COLUMNS.values()))
    TABLES["published_forecasts"].validate(published)
    with pytest.raises(pandera.errors.SchemaError):
        TABLES["published_forecasts"].validate(published.assign(**{column: value}))
