from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from forecast_assets.storage import SchemaViolation, TableSpec
from forecast_assets.storage.table_spec import to_arrow
from forecast_assets_tests.storage.examples import FEATURES, SELL_IN, TOTALS, key, sell_in

PARTITION = key("FR|2024-01-01")


def violation(frame: pd.DataFrame, spec: TableSpec = SELL_IN) -> str:
    with pytest.raises(SchemaViolation) as caught:
        to_arrow(spec, PARTITION, frame)
    assert f"{spec.name} [FR|2024-01-01]" in str(caught.value)
    return str(caught.value)


def test_rows_come_out_in_key_order_with_nan_as_null():
    table = to_arrow(SELL_IN, PARTITION, sell_in(1.0, np.nan, skus=("b", "a")))
    assert table.to_pydict() == {"sku": ["a", "b"], "sell_in_units": [None, 1.0], "reason": ["delivered"] * 2}


def test_the_frame_of_the_caller_is_unchanged():
    frame = sell_in(2.0, 1.0, skus=("b", "a")).set_axis([5, 5])
    before = frame.copy(deep=True)
    to_arrow(SELL_IN, PARTITION, frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_missing_column_is_named_with_the_present_ones():
    message = violation(sell_in(1.0).drop(columns="sell_in_units"))
    assert "column 'sell_in_units': missing; the frame has sku, reason" in message


def test_an_unexpected_column_is_named_with_the_columns_expected():
    message = violation(sell_in(1.0).assign(colour="red"))
    assert "column 'colour': unexpected; expected sku, sell_in_units, reason" in message


@pytest.mark.parametrize("column", ["country", "month"])
def test_columns_of_the_partition_are_rejected_with_the_reason(column):
    assert "stand in the path" in violation(sell_in(1.0).assign(**{column: "FR"}))
    assert "stand in the path" in violation(features().assign(**{column: 1.0}), FEATURES)


def test_a_sparse_column_is_stored_if_a_row_has_a_value():
    frame = sell_in(1.0, 2.0, skus=("a", "b")).assign(note_full=["x", None], note_empty=None)
    spec = replace(SELL_IN, extra_columns={"note_": pa.string()})
    assert to_arrow(spec, PARTITION, frame).column_names[3:] == ["note_empty", "note_full"]
    sparse = to_arrow(replace(spec, sparse_columns=("note_",)), PARTITION, frame)
    assert sparse.column_names[3:] == ["note_full"]
    assert sparse.column("note_full").to_pylist() == ["x", None]


def test_a_wrong_type_shows_the_first_rows_that_do_not_fit():
    frame = sell_in(1.0, 2.0, 3.0).astype({"sell_in_units": object})
    frame.loc[1, "sell_in_units"] = "two"
    message = violation(frame)
    assert "column 'sell_in_units': expected double" in message
    assert "1: sell_in_units='two'" in message
    assert "0: " not in message


def test_numbers_are_no_text_and_text_is_no_number():
    assert "expected string, got int64" in violation(sell_in(1.0).assign(sku=[1]))
    assert "expected double, got string" in violation(sell_in(1.0).assign(sell_in_units="1"))
    assert "expected double, got bool" in violation(sell_in(1.0).assign(sell_in_units=True))


def test_a_time_of_day_is_no_date():
    message = violation(features().assign(origin_month=pd.Timestamp("2024-01-01 12:00")), FEATURES)
    assert "column 'origin_month': expected date32" in message


def test_a_null_key_is_counted_and_shown():
    message = violation(sell_in(1.0, 2.0).assign(sku=["a", None]))
    assert "1 of 2 rows are: 1: sku=None, sell_in_units=2.0" in message


def test_a_doubled_key_is_counted_and_shown():
    message = violation(sell_in(1.0, 2.0, 3.0, skus=("b", "a", "b")))
    assert "1 rows too many: 0: sku='b'; 2: sku='b'" in message


def test_only_the_first_five_rows_are_shown():
    message = violation(sell_in(*[1.0] * 8, skus=("a",) * 8))
    assert "7 rows too many" in message
    assert "and 3 more" in message


def features() -> pd.DataFrame:
    return pd.DataFrame({"sku": ["1"], "origin_month": [pd.Timestamp("2024-01-01")], "category": ["tea"], "lag_1": [2]})


def test_columns_a_table_may_have_get_its_type():
    table = to_arrow(FEATURES, PARTITION, features())
    assert table.schema.field("lag_1").type == pa.float64()
    assert table.schema.field("origin_month").type == pa.date32()
    assert "expected double, got string" in violation(features().assign(lag_1="2"), FEATURES)


@pytest.mark.parametrize("stored", [pa.float32(), pa.float64()])
@pytest.mark.parametrize("given", ["float32", "float64"])
def test_floats_of_either_width_are_stored_in_the_width_of_the_spec_with_nan_as_null(given, stored):
    frame = features().iloc[[0, 0, 0]].assign(origin_month=pd.date_range("2024-01-01", periods=3, freq="MS"))
    numbers = {"some": [0.5, np.nan, -2.0], "none": [np.nan] * 3}
    spec = replace(FEATURES, extra_columns=stored)
    table = to_arrow(spec, PARTITION, frame.assign(**numbers).astype(dict.fromkeys(numbers, given)))
    assert {table.schema.field(name).type for name in numbers} == {stored}
    assert [table.column(name).to_pylist() for name in numbers] == [[0.5, None, -2.0], [None] * 3]


def test_columns_may_be_allowed_by_prefix():
    products = TableSpec("products", ("sku",), pa.schema([("sku", pa.string())]), {"attribute_": pa.string()})
    frame = pd.DataFrame({"sku": ["1"], "attribute_pack": ["6"]})
    assert to_arrow(products, PARTITION, frame).column_names == ["sku", "attribute_pack"]
    assert "expected sku and attribute_* (string)" in violation(frame.assign(colour="red"), products)


def test_text_kept_as_categories_or_arrow_text_is_text():
    for dtype in ("category", "string", "string[pyarrow]"):
        assert (
            to_arrow(SELL_IN, PARTITION, sell_in(1.0).astype({"reason": dtype})).schema.field("reason").type
            == pa.string()
        )


def test_a_column_of_nulls_fits_any_type():
    table = to_arrow(SELL_IN, PARTITION, sell_in(1.0).assign(sell_in_units=None, reason=np.nan))
    assert table.schema.types == [pa.string(), pa.float64(), pa.string()]


def test_a_table_without_rows_has_its_types():
    empty = pd.DataFrame({"sku": [], "sell_in_units": [], "reason": []})
    assert to_arrow(SELL_IN, PARTITION, empty).schema.types == [pa.string(), pa.float64(), pa.string()]


def test_the_kind_of_partition_must_fit_the_table():
    with pytest.raises(ValueError, match="demand_totals has partitions such as 2024-01-01"):
        to_arrow(TOTALS, PARTITION, pd.DataFrame())


def test_a_spec_with_unknown_keys_or_columns_of_the_path_is_rejected():
    with pytest.raises(ValueError, match="not among its columns"):
        TableSpec("t", ("sku",), pa.schema([("units", pa.float64())]))
    with pytest.raises(ValueError, match="stand in the path"):
        TableSpec("t", ("sku",), pa.schema([("sku", pa.string()), ("month", pa.date32())]))
