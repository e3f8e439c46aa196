"""Tables for analysis: one line gives a typed frame of the partitions asked for, or an error with the next step."""

import datetime
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import forecast_assets as fa
from forecast_assets.storage import PartitionKey, TableSpec, TableStore
from forecast_assets.storage.company_tables import CompanyTables, NothingStored
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.publish import Files
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.storage.blobs_in_memory import BlobsInMemory
from forecast_assets_tests.storage.examples import run

MONTHS = ["2024-01-01", "2024-02-01", "2024-03-01"]


def fill(store: TableStore) -> None:
    """Units of two markets and three months; products of one market and month."""
    specs = table_specs()
    for country in ("DE", "FR"):
        for number, month in enumerate(MONTHS):
            rows = {"sku": ["A", "B"], "sell_in_units": [float(number), np.nan], "reason": ["delivered", "unknown"]}
            write(store, specs["sell_in"], country, month, rows)
    launched = pd.to_datetime(["2023-05-01", None])
    write(store, specs["products"], "FR", MONTHS[0], {"sku": ["A", "B"], "category": "Tea", "launch_month": launched})


def write(store: TableStore, spec: TableSpec, country: str, month: str, rows: dict[str, object]) -> None:
    frame = pd.DataFrame(rows).reindex(columns=spec.arrow_schema.names)
    store.write(spec, PartitionKey(pd.Timestamp(month), country), frame, run())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("store")
    fill(TableStore(str(base)))
    return base


@pytest.fixture
def tables(folder) -> CompanyTables:
    return CompanyTables(TableStore(str(folder)), str(folder))


def test_the_package_opens_the_store_of_the_environment_in_one_line(folder, monkeypatch):
    monkeypatch.setenv("FORECAST_STORE", str(folder))
    frame = fa.open_store().table("sell_in", country="FR", since="2024-02")
    assert list(frame.columns[:2]) == ["country", "month"]
    assert frame["month"].dtype == "datetime64[ns]"
    assert frame[["country", "sku"]].to_numpy().tolist() == [["FR", "A"], ["FR", "B"], ["FR", "A"], ["FR", "B"]]
    assert frame["month"].dt.strftime("%Y-%m").tolist() == ["2024-02", "2024-02", "2024-03", "2024-03"]
    assert frame["sell_in_units"].fillna(-1).tolist() == [1.0, -1.0, 2.0, -1.0]


def test_dates_come_as_timestamps_even_without_a_value(tables):
    frame = tables.table("products")
    assert {str(frame[column].dtype) for column in ("month", "launch_month", "end_month")} == {"datetime64[ns]"}
    assert frame["launch_month"].tolist()[0] == pd.Timestamp("2023-05-01")
    assert frame["end_month"].isna().all()


@pytest.mark.parametrize(
    ("options", "partitions"),
    [
        ({}, 6),
        ({"country": ["FR", "DE"]}, 6),
        ({"country": "DE", "until": "2024-02"}, 2),
        ({"since": datetime.date(2024, 3, 17)}, 2),
        ({"since": pd.Timestamp("2024-02-01"), "until": "2024-02-01"}, 2),
    ],
)
def test_only_the_partitions_asked_for_are_read(tables, options, partitions):
    assert len(tables.table("sell_in", **options)) == 2 * partitions


def test_only_files_and_columns_asked_for_are_read(folder, monkeypatch):
    paths = []
    original = Files.read_many
    monkeypatch.setattr(Files, "read_many", lambda files, wanted: paths.extend(wanted) or original(files, wanted))
    frame = fa.open_store(str(folder)).table("sell_in", country="FR", until="2024-01", columns=["sku", "month"])
    assert list(frame.columns) == ["country", "month", "sku"]
    assert [path.split("sell_in/")[1] for path in paths] == ["country=FR/month=2024-01-01/sell_in.parquet"]


def test_a_relation_has_dates_and_texts_and_joins_in_sql(tables):
    import duckdb

    relation = tables.relation("products")
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert (kinds["month"], kinds["launch_month"], kinds["brand"]) == ("DATE", "DATE", "VARCHAR")
    units = tables.relation("sell_in", country="FR", columns=["sku", "sell_in_units"])
    joined = duckdb.sql(
        "select sum(sell_in_units) from units join relation using (country, sku) where category = 'Tea'"
    )
    assert joined.fetchall() == [(3.0,)]
    del units, relation


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("sel_in",), ValueError, r"no table 'sel_in'\. Did you mean sell_in\? Tables: sell_in, "),
        (("sell_in", "fr"), ValueError, r"no market 'fr'\. Did you mean FR\? Markets: DE, FR"),
        (("sell_in", ["DE", "XX"]), ValueError, r"no market 'XX'\. Markets: DE, FR"),
        (("sell_in", "FR", "2024-13"), ValueError, "since: expected a month like 2019-01, got '2024-13'"),
        (("sell_in", "FR", "2024-03", "2024-01"), ValueError, "since 2024-03 is after until 2024-01"),
        (
            ("sell_in", "FR", None, None, ["unit"]),
            ValueError,
            "sell_in has no column 'unit'",
        ),
        (("demand_totals", "FR"), ValueError, "over all markets: leave country out"),
        (("sell_in", "FR", "2030-01"), NothingStored, r"no month from 2030-01\. Stored: 2024-01 to 2024-03"),
        (("forecasts",), NothingStored, r"no forecasts in the store .*Run forecast-assets cycle first"),
    ],
)
def test_an_error_names_what_was_asked_and_the_next_step(tables, arguments, error, message):
    with pytest.raises(error, match=message):
        tables.table(*arguments)


def test_a_listed_market_without_a_partition_is_told_from_an_unknown_one(tables):
    listed = CompanyTables(tables.reader, tables.address, ["FR", "NO"])
    with pytest.raises(NothingStored, match=r"nothing of NO; it has DE, FR\. Run forecast-assets cycle --country NO"):
        listed.table("sell_in", "NO")


def test_a_feature_that_no_partition_has_is_named(tmp_path):
    spec = table_specs()["features"]
    store = TableStore(str(tmp_path))
    row = {"sku": "A", "origin_month": pd.Timestamp(MONTHS[0]), "category": "Tea", "abc_class": "A", "xyz_class": "X"}
    frame = pd.DataFrame([row | {"inputs_missing": "", "scale_units": 1.0, "adi": np.float32(2)}])
    store.write(spec, PartitionKey(pd.Timestamp(MONTHS[0]), "FR"), frame, run())
    tables = fa.open_store(str(tmp_path))
    assert tables.table("features", columns=["adi"])["adi"].tolist() == [2.0]
    with pytest.raises(ValueError, match=r"features: no column \['sell_in_lag_3'\]"):
        tables.table("features", columns=["sell_in_lag_3"])


def test_a_missing_folder_is_named_with_its_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_STORE", str(tmp_path / "nowhere"))
    with pytest.raises(NothingStored, match=r"no store .*nowhere: set FORECAST_STORE"):
        fa.open_store()


def test_a_damaged_file_is_an_error_with_its_path(tmp_path):
    store = TableStore(str(tmp_path))
    fill(store)
    path = tmp_path / "sell_in/country=FR/month=2024-02-01/sell_in.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    tables = fa.open_store(str(tmp_path))
    assert len(tables.table("sell_in", "FR", until="2024-01")) == 2
    with pytest.raises(DamagedFile, match="country=FR/month=2024-02-01"):
        tables.table("sell_in", "FR")


def test_the_stored_months_are_listed(tables):
    months = tables.months("products")
    assert months.to_dict("records") == [{"country": "FR", "month": pd.Timestamp(MONTHS[0])}]


def test_a_store_on_azure_reads_as_a_folder_does(tables):
    store = TableStore("abfs://container/science")
    store.files = Files(BlobsInMemory())
    fill(store)
    on_azure = CompanyTables(store, store.address).table("sell_in", "FR", "2024-02")
    pd.testing.assert_frame_equal(on_azure, tables.table("sell_in", "FR", "2024-02"))
    store.files.fs.rm("/container", recursive=True)


def test_importing_the_package_imports_no_library_for_data():
    code = "import sys, forecast_assets as fa; print(*{name.partition('.')[0] for name in sys.modules}); fa.open_store"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "pyarrow", "duckdb", "dagster", "numpy"} & set(result.stdout.split())


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'open_stor'"):
        fa.open_stor  # noqa: B018
