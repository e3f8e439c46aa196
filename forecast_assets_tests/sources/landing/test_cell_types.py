"""Every type of a cell has one meaning, or its file and column are named. The table is in docs/landing.md."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from forecast_assets_tests.sources.landing.cell_files import ONE, message, put
from forecast_assets_tests.sources.landing.deliveries import SELL_IN, TODAY, Deliveries

JUNE = pd.Timestamp("2024-06-01")
PARIS_MIDNIGHT = dt.datetime(2024, 5, 31, 22, tzinfo=dt.UTC)


KEYS = {
    "string": (pa.array(["é1"]), "é1"),
    "large string": (pa.array(["é1"], pa.large_string()), "é1"),
    "string view": (pa.array(["é1"], pa.string_view()), "é1"),
    "bytes without the annotation of text": (pa.array(["é1".encode()], pa.binary()), "é1"),
    "dictionary of texts": (pa.array(["é1"]).dictionary_encode(), "é1"),
    "dictionary of whole numbers": (pa.array([7]).dictionary_encode(), "7"),
    "8 bits": (pa.array([7], pa.int8()), "7"),
    "64 bits without sign": (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
    "decimal without decimals": (pa.array([Decimal(10**20 + 7)], pa.decimal128(38, 0)), "100000000000000000007"),
}


@pytest.mark.parametrize("case", KEYS)
def test_a_key_is_text_or_a_whole_number(landing, case):
    array, expected = KEYS[case]
    assert put(landing, "sku", array).rows()["sku"].tolist() == [expected]


NUMBERS = {
    "double": (pa.array([12.3]), 12.3),
    "float of 32 bits, as its shortest decimal": (pa.array([12.3], pa.float32()), 12.3),
    "large float of 32 bits": (pa.array([16777216], pa.float32()), 16777216.0),
    "decimal": (pa.array([Decimal("10.55")], pa.decimal128(18, 2)), 10.55),
    "decimal without decimals ": (pa.array([Decimal(7)], pa.decimal128(9, 0)), 7.0),
    "whole number": (pa.array([7], pa.int16()), 7.0),
    "text": (pa.array(["12.3"]), 12.3),
    "bytes": (pa.array([b"12.3"], pa.binary()), 12.3),
    "dictionary": (pa.array(["12.3"]).dictionary_encode(), 12.3),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_a_number_is_the_decimal_that_was_meant(landing, case):
    array, expected = NUMBERS[case]
    assert put(landing, "units", array).rows()["units"].tolist() == [expected]


MONTHS = {
    "date": pa.array([dt.date(2024, 6, 30)]),
    "date of 64 bits": pa.array([dt.date(2024, 6, 30)], pa.date64()),
    "text": pa.array(["2024-06-30"]),
    "whole number": pa.array([202406]),
    "decimal without decimals": pa.array([Decimal(20240630)], pa.decimal128(8, 0)),
    "seconds": pa.array([dt.datetime(2024, 6, 30, 23, 59)], pa.timestamp("s")),
    "milliseconds": pa.array([dt.datetime(2024, 6, 30, 23, 59)], pa.timestamp("ms")),
    "microseconds": pa.array([dt.datetime(2024, 6, 30, 23, 59)], pa.timestamp("us")),
    "nanoseconds": pa.array([dt.datetime(2024, 6, 30, 23, 59)], pa.timestamp("ns")),
    "midnight in UTC": pa.array([dt.datetime(2024, 6, 1)], pa.timestamp("us", "UTC")),
    "midnight in Paris": pa.array([PARIS_MIDNIGHT], pa.timestamp("us", "Europe/Paris")),
    "midnight in Paris, nanoseconds": pa.array([PARIS_MIDNIGHT], pa.timestamp("ns", "Europe/Paris")),
    "midnight of an offset": pa.array([PARIS_MIDNIGHT], pa.timestamp("ms", "+02:00")),
}


@pytest.mark.parametrize("case", MONTHS)
def test_a_month_is_the_one_that_was_written(landing, case):
    assert put(landing, "month", MONTHS[case]).rows()["month"].tolist() == [JUNE]


def test_old_timestamps_of_96_bits_are_read(landing):
    stamps = pa.array([dt.datetime(2024, 6, 1)], pa.timestamp("ns"))
    assert put(landing, "month", stamps, use_deprecated_int96_timestamps=True).rows()["month"].tolist() == [JUNE]


@pytest.mark.parametrize(
    ("zone", "written"),
    [("Europe/Paris", dt.datetime(2024, 6, 1, 8, tzinfo=dt.UTC)), ("UTC", PARIS_MIDNIGHT), ("+05:30", PARIS_MIDNIGHT)],
)
def test_a_time_of_day_with_a_zone_is_refused_as_it_may_be_another_month(landing, zone, written):
    put(landing, "month", pa.array([written], pa.timestamp("us", zone)))
    assert f'sell_in/FR.parquet, column month, row 1: found "{written:%Y-%m-%d %H}:00:00+00"' in message(landing)


@pytest.mark.parametrize(("column", "day"), [("month", JUNE), ("date", pd.Timestamp("2024-06-15"))])
def test_a_midnight_of_a_zone_is_its_day_and_in_a_column_of_months_its_month(landing, column, day):
    written = dt.datetime(2024, 6, 14, 22, tzinfo=dt.UTC)
    put(landing, column, pa.array([written], pa.timestamp("us", "Europe/Paris")))
    assert landing.rows()[column].tolist() == [day]


@pytest.mark.parametrize("text", ["2024-05-31T22:00:00Z", "2024-06-01 08:00:00+02:00", "2024-05-31 22:00 UTC"])
def test_a_text_with_time_and_zone_is_refused_for_the_same_reason(landing, text):
    landing.put("sell_in/FR.csv", f"country,sku,date,units\nFR,A,{text},1\n")
    assert f'sell_in/FR.csv, column date, row 1: found "{text}"' in message(landing)


@pytest.mark.parametrize("text", ["2024-06-01T00:00:00+02:00", "2024-06-01 00:00:00Z", "2024-06-01 14:30:00.5"])
def test_a_text_at_midnight_or_without_zone_is_the_day_it_names(landing, text):
    landing.put("sell_in/FR.csv", f"country,sku,date,units\nFR,A,{text},1\n")
    assert landing.rows()["date"].tolist() == [JUNE]


REFUSED = {
    "a list": ("units", pa.array([[1.0]]), "list<element: double>"),
    "a struct": ("sku", pa.array([{"a": 1}]), "struct<a: int64>"),
    "a map": ("month", pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())), "map<string, int32 ('month')>"),
    "a time of day": ("month", pa.array([dt.time(1)]), "time64[us]"),
    "a duration": ("units", pa.array([1], pa.duration("us")), "duration[us]"),
    "bytes of a fixed length": ("sku", pa.array([b"ab"], pa.binary(2)), "fixed_size_binary[2]"),
    "a float of 16 bits": ("units", pa.array(np.array([1], "f2")), "halffloat"),
    "a decimal of 50 digits": ("units", pa.array([Decimal(1)], pa.decimal256(50, 0)), "decimal256(50, 0)"),
    "units as true": ("units", pa.array([True]), "bool"),
    "units as a date": ("units", pa.array([dt.date(2024, 6, 1)]), "date32[day]"),
    "a sku as true": ("sku", pa.array([True]), "bool"),
    "a sku as a date": ("sku", pa.array([dt.date(2024, 6, 1)]), "date32[day]"),
    "a month as true": ("month", pa.array([True]), "bool"),
    "a country as a time": ("country", pa.array([JUNE], pa.timestamp("us")), "timestamp[us]"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_type_without_a_meaning_is_refused_with_file_and_column(landing, case):
    column, array, written = REFUSED[case]
    text = message(put(landing, column, array).sell_in("DE,A,2024-06,1\n"))
    assert f"sell_in/FR.parquet, column {column}: found cells of type {written}; expected " in text
    assert len(landing.rows(market="DE")) == 1


@pytest.mark.parametrize("array", [pa.array([7.0]), pa.array([7.0], pa.float32()), pa.array([Decimal("7.0")])])
def test_a_key_with_decimals_is_refused(landing, array):
    text = message(put(landing, "sku", array))
    assert "sell_in/FR.parquet, column sku: found decimal numbers; expected text or whole numbers" in text


def test_bytes_that_are_no_utf_8_are_refused_with_the_column(landing):
    text = message(put(landing, "sku", pa.array([b"caf\xe9"], pa.binary())))
    assert "sell_in/FR.parquet, column sku: found bytes that are not UTF-8; expected text in UTF-8" in text


def net_sales(landing):
    """Return the column as DuckDB has it: pandas shows null and NaN alike."""
    return [value for (value,) in landing.folder.relation("sell_in", "FR", TODAY).select("net_sales").fetchall()]


def test_nan_and_null_are_empty_cells_and_infinity_is_a_bad_one(landing):
    base = {name: values * 3 for name, values in ONE.items()} | {"sku": ["A", "B", "C"]}
    values = np.array([np.nan, np.copysign(np.nan, -1), 2.5])
    put(landing, "net_sales", pa.array(values), base=base)
    assert net_sales(landing) == [None, None, 2.5]
    put(landing, "net_sales", pa.array(values.astype("f4")), base=base)
    assert net_sales(landing) == [None, None, 2.5]
    put(landing, "units", pa.array(values), base=base)
    assert "column units, rows 1, 2: found an empty cell" in message(landing)
    put(landing, "net_sales", pa.array([np.inf, -np.inf, 1]), base=base)
    assert 'column net_sales, rows 1, 2: found "-inf", "inf"; expected a number' in message(landing)


@pytest.mark.parametrize("array", [pa.nulls(1), pa.array([None], pa.float64()), pa.array([None], pa.string())])
def test_an_empty_column_is_empty_whatever_its_type(landing, array):
    product = {"sku": ["A"], "category": ["x"]}
    for column in ("country", "reference_sku", "launch_month", "brand", "known_from", "colour"):
        put(landing, column, array, "products", base=product)
        row = landing.rows("products").iloc[0]
        assert row["sku"] == "A"
        if column != "colour":
            assert pd.isna(row[column])


def test_files_of_one_shape_and_other_types_do_not_round_each_other(landing):
    put(landing, "units", pa.array([Decimal("1.10")], pa.decimal128(9, 2)), name="a.parquet")
    for name, array in {"b": pa.array([1.234567]), "c": pa.array([1.5], pa.float32())}.items():
        put(landing, "units", array, name=f"{name}.parquet", base=ONE | {"sku": [name]})
    put(landing, "units", pa.array([1], pa.int8()), name="d.parquet", base=ONE | {"sku": ["d"]})
    put(landing, "units", pa.array([10**10]), name="e.parquet", base=ONE | {"sku": ["e"]})
    put(landing, "sku", pa.array(["é".encode()], pa.binary()), name="f.parquet")
    rows = landing.rows().set_index("sku")["units"].to_dict()
    assert rows == {"A": 1.1, "b": 1.234567, "c": 1.5, "d": 1.0, "e": 1e10, "é": 1.0}


def test_further_product_columns_are_text_and_a_list_is_refused(landing):
    product = {"sku": ["A"], "category": ["x"]}
    put(landing, "seen", pa.array([PARIS_MIDNIGHT], pa.timestamp("us", "UTC")), "products", base=product)
    assert landing.rows("products")["attributes"].tolist() == ['{"seen":"2024-05-31 22:00:00+00"}']
    put(landing, "tags", pa.array([["a"]]), "products", base=product)
    assert "column tags: found cells of type list<element: string>; expected text" in message(landing, "products")


def test_a_column_that_is_not_read_may_have_any_type(landing):
    assert len(put(landing, "tags", pa.array([["a"]])).rows()) == 1


def test_a_target_of_9999_is_refused_and_one_of_2199_read(landing):
    header = "country,sku,origin_month,target_month,forecast_units,author,reason\n"
    landing.put("overrides/FR.csv", header + "FR,A,2024-06,9999-12-31,1,,\nFR,B,2024-06,2199-12,1,,\n")
    assert "overrides/FR.csv, column target_month, row 1: found 9999-12; expected a month before 2200." in message(
        landing, "overrides"
    )


@pytest.mark.parametrize(("days", "units"), [(["2024-06-03"], {"A": 5.0}), (["2024-05-31"], {"A": 5.0})])
def test_a_period_in_the_path_yields_to_the_files_own(landing, days, units):
    rows = "".join(f"FR,A,{day},5\n" for day in days)
    landing.put("sell_in/year=2024/month=06/p.csv", "country,sku,date,units\n" + rows)
    table = landing.rows()
    assert table.set_index("sku")["units"].to_dict() == units
    assert table["date"].tolist() == [pd.Timestamp(days[0])]
    assert table["month"].isna().all()


@pytest.mark.parametrize("path", ["year=2024/month=06", "month=2024-06", "Year=2024/MONTH=6", "month=202406"])
def test_a_month_in_the_path_is_the_month_where_the_file_has_none(landing, path):
    landing.put(f"sell_in/{path}/p.csv", "country,sku,units\nFR,A,5\n")
    assert landing.rows()["month"].tolist() == [JUNE]


def test_a_day_in_the_path_is_the_date(landing):
    for day in (3, 4):
        landing.put(f"sell_in/year=2024/month=6/day={day}/p.csv", "country,sku,units\nFR,A,5\n")
    assert sorted(landing.rows()["date"]) == [pd.Timestamp("2024-06-03"), pd.Timestamp("2024-06-04")]


def test_a_key_above_the_landing_folder_means_nothing(tmp_path):
    landing = Deliveries(tmp_path / "country=DE" / "landing")
    landing.put("sell_in/country=FR/p.csv", "sku,month,units\nA,2024-06,5\n")
    assert landing.rows()["units"].tolist() == [5.0]


def test_the_null_of_spark_in_the_path_is_no_country(landing):
    landing.put("sell_in/country=__HIVE_DEFAULT_PARTITION__/p.csv", "sku,month,units\nA,2024-06,5\n")
    assert "expected the column country" in message(landing)
    landing.put("products/country=__HIVE_DEFAULT_PARTITION__/p.csv", "sku,category\nA,x\n")
    assert landing.rows("products")["country"].isna().tolist() == [True]


def test_text_keeps_every_spelling_that_looks_like_a_number(landing):
    landing.put("sell_in/a.csv", SELL_IN + "FR,1.250,2024-06,5\nFR,1e5,2024-06,5\n")
    assert sorted(landing.rows()["sku"]) == ["1.250", "1e5"]


UNSEEN = {
    "tab": "A\t",
    "zero-width space": "A\u200b",
    "byte order mark": "\ufeffA",
    "NUL": "A\x00",
    "soft hyphen": "A\u00adB",
    "right-to-left mark": "A\u200f",
    "delete": "A\x7f",
}


@pytest.mark.parametrize("case", UNSEEN)
def test_a_key_with_an_invisible_character_is_refused(landing, case):
    put(landing, "sku", pa.array([UNSEEN[case]])).sell_in("DE,A,2024-06,1\n", "DE.csv")
    assert "FR.parquet, column sku, row 1: found an invisible character in a cell" in message(landing)
    assert landing.rows(market="DE")["sku"].tolist() == ["A"]


def test_keys_of_every_script_and_emoji_are_read(landing):
    keys = ["中文", "ñ-1", "e\u0301", "م‌ه", "👨\u200d👩", "~!@#$%^&*()", "\u00a0A 1\u3000"]
    base = {name: values * len(keys) for name, values in ONE.items()}
    rows = put(landing, "sku", pa.array(keys), base=base).rows()
    assert rows["sku"].tolist() == [*keys[:-1], "A 1"]
