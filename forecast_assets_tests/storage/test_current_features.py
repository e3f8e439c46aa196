"""Stored features that lack what the code builds are an error with the command that rebuilds them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.features.current_columns import current_columns
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.current_features import CurrentFeatures, OutdatedFeatures
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.storage.examples import run

MONTHS = pd.date_range("2024-01-01", periods=4, freq="MS")
NOTHING = "demand_totals_known,products,promotions,sell_out"


def stored(tmp_path, lacking: dict[int, list[str]], null: dict[int, list[str]] | None = None, missing=NOTHING):
    """Features of four months; a month's ``lacking`` columns are not stored, its ``null`` ones have no value."""
    store = TableStore(str(tmp_path))
    columns = sorted(current_columns(missing))
    for number, month in enumerate(MONTHS):
        rows = {"sku": ["A", "B"], "origin_month": month, "category": "Tea", "abc_class": "A", "xyz_class": "X"}
        rows |= {"inputs_missing": missing, "scale_units": 1.0} | dict.fromkeys(columns, np.float32(1))
        rows |= dict.fromkeys((null or {}).get(number, []), np.float32("nan"))
        frame = pd.DataFrame({name: values for name, values in rows.items() if name not in lacking.get(number, [])})
        store.write(table_specs()["features"], PartitionKey(month, "FR"), frame, run())
    return store, store.read(table_specs()["features"], [PartitionKey(month, "FR") for month in MONTHS])


def test_a_feature_that_early_partitions_lack_names_them_and_the_command(tmp_path):
    store, features = stored(tmp_path, {0: ["adi"], 1: ["adi", "cv2"]})
    assert features["adi"].isna().sum() == 4  # what training would learn from
    with pytest.raises(OutdatedFeatures) as error:
        CurrentFeatures(store).require("FR", features)
    what, command = str(error.value).split(": those months would count as unknown. Rebuild them: ")
    assert what == (
        "features of partitions FR: 2024-01 to 2024-02 (2 months) lacks adi, cv2, which this version of the code builds"
    )
    assert command == "forecast-assets backfill --country FR --from 2024-01 --to 2024-02 --assets features"


def test_a_feature_that_no_partition_has_is_found_in_the_latest(tmp_path):
    store, features = stored(tmp_path, {number: ["sell_in_lag_3"] for number in range(4)})
    with pytest.raises(OutdatedFeatures, match="FR: 2024-04 lacks sell_in_lag_3"):
        CurrentFeatures(store).require("FR", features)


def test_a_stored_feature_without_a_value_is_no_error(tmp_path):
    store, features = stored(tmp_path, {}, null={0: ["adi"], 3: ["cv2"]})
    CurrentFeatures(store).require("FR", features)


def test_features_of_an_input_that_a_month_did_not_have_are_not_expected(tmp_path):
    assert current_columns("") - current_columns("promotions,sell_out") >= {"expected_units_h01"}
    assert current_columns("sell_out") < current_columns("")
    store, features = stored(tmp_path, {})
    assert "expected_units_h01" not in features
    CurrentFeatures(store).require("FR", features)


def test_nothing_is_checked_in_a_replay_and_without_rows(tmp_path):
    store, features = stored(tmp_path, {0: ["adi"]})
    CurrentFeatures(None).require("FR", features)
    CurrentFeatures(store).require("FR", features.iloc[:0])


def test_complete_features_are_not_read_a_second_time(tmp_path, monkeypatch):
    store, features = stored(tmp_path, {})
    monkeypatch.setattr(TableStore, "read", lambda *_: pytest.fail("a partition was read again"))
    CurrentFeatures(store).require("FR", features)


def test_pooled_rows_are_expected_to_have_the_features_of_all_their_markets(tmp_path):
    spec = dataclasses.replace(table_specs()["pooled_rows"])
    store = TableStore(str(tmp_path))
    columns = sorted(current_columns("promotions") - {"sell_out_lag_1"})
    keys = {"market": ["FR", "NO"], "sku": ["A", "A"], "origin_month": MONTHS[0], "category": "Tea", "abc_class": "A"}
    keys |= {"xyz_class": "X", "inputs_missing": ["promotions", NOTHING], "scale_units": 1.0, "sell_in_units": 1.0}
    store.write(spec, PartitionKey(MONTHS[0]), pd.DataFrame(keys | dict.fromkeys(columns, np.float32(1))), run())
    rows = store.read(spec, [PartitionKey(MONTHS[0])])
    with pytest.raises(OutdatedFeatures, match="pooled_rows of partition 2024-01 lacks sell_out_lag_1, "):
        CurrentFeatures(store).require(None, rows)
