import errno

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from forecast_assets.storage import (
    MissingPartition,
    PublishConflict,
    SchemaViolation,
    TableStore,
    content_hash,
)
from forecast_assets_tests.storage.examples import FEATURES, SELL_IN, TOTALS, key, run, sell_in


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    """A store in a local folder, and one in a remote file system in memory, which publishes differently."""
    return TableStore(str(tmp_path / "store") if request.param == "folder" else f"memory:/{tmp_path}/store")


@pytest.fixture
def folder(tmp_path):
    return TableStore(str(tmp_path / "store"))


def features(month: str, **columns: float) -> pd.DataFrame:
    return pd.DataFrame({"sku": ["1"], "origin_month": [pd.Timestamp(month)], "category": ["tea"], **columns})


def read_all(store: TableStore) -> pd.DataFrame:
    return store.read(SELL_IN, store.list_partitions("sell_in"))


def test_a_partition_is_one_file_in_hive_folders_with_its_versions_apart(folder, tmp_path):
    folder.write(SELL_IN, key("NA|2024-01-01"), sell_in(1.0), run("run-a"))
    folder.write(TOTALS, key("2024-01-01"), pd.DataFrame({"entity": ["world"], "sell_in_units": [1.0]}), run("run-a"))
    files = sorted(str(path.relative_to(tmp_path / "store")) for path in tmp_path.rglob("*") if path.is_file())
    assert files == [
        "_versions/demand_totals/month=2024-01-01/run-a.parquet",
        "_versions/sell_in/country=NA/month=2024-01-01/run-a.parquet",
        "demand_totals/month=2024-01-01/demand_totals.parquet",
        "sell_in/country=NA/month=2024-01-01/sell_in.parquet",
    ]


def test_what_was_written_is_read_with_market_and_month_restored(store):
    store.write(SELL_IN, key("NO|2024-02-01"), sell_in(3.0, np.nan, skus=("NULL", "NA")), run())
    store.write(SELL_IN, key("NA|2024-01-01"), sell_in(1.0), run())
    expected = pd.DataFrame(
        {
            "sku": ["1", "NA", "NULL"],
            "sell_in_units": [1.0, np.nan, 3.0],
            "reason": "delivered",
            "country": ["NA", "NO", "NO"],
            "month": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-02-01"]).astype("datetime64[ns]"),
        }
    )
    pd.testing.assert_frame_equal(read_all(store), expected)


def test_columns_are_returned_in_the_requested_order(store):
    store.write(SELL_IN, key("FR|2024-01-01"), sell_in(1.0), run())
    assert list(store.read("sell_in", [key("FR|2024-01-01")], ["reason", "sku"])) == [
        "reason",
        "sku",
        "country",
        "month",
    ]


def test_columns_that_a_partition_lacks_are_null_in_its_rows(store):
    store.write(FEATURES, key("FR|2024-01-01"), features("2024-01-01", lag_1=1.0), run())
    store.write(FEATURES, key("FR|2024-02-01"), features("2024-02-01", lag_2=2.0), run())
    table = store.read(FEATURES, store.list_partitions("features"))
    assert table["origin_month"].dtype == "datetime64[ns]"
    assert table[["lag_1", "lag_2"]].fillna(-1).to_numpy().tolist() == [[1.0, -1.0], [-1.0, 2.0]]
    chosen = store.read("features", store.list_partitions("features"), ["lag_2"])
    assert chosen["lag_2"].fillna(-1).tolist() == [-1.0, 2.0]


def test_a_column_that_no_partition_has_is_an_error(store):
    store.write(FEATURES, key("FR|2024-01-01"), features("2024-01-01", lag_1=1.0), run())
    with pytest.raises(KeyError, match="lag_99"):
        store.read(FEATURES, [key("FR|2024-01-01")], ["sku", "lag_99"])


def test_missing_partitions_are_one_error_that_names_them_all(store):
    store.write(SELL_IN, key("FR|2024-01-01"), sell_in(1.0), run())
    wanted = [key(f"FR|2024-0{month}-01") for month in (1, 2, 3, 5)]
    with pytest.raises(
        MissingPartition, match=r"sell_in has no partitions FR: 2024-02 to 2024-03 \(2 months\), 2024-05"
    ):
        store.read(SELL_IN, wanted)
    assert store.read(SELL_IN, wanted, missing="skip")["month"].tolist() == [pd.Timestamp("2024-01-01")]


def test_reading_nothing_gives_the_columns_of_the_table(store):
    empty = store.read(SELL_IN, [key("FR|2024-01-01")], missing="skip")
    assert empty.empty
    assert list(empty) == ["sku", "sell_in_units", "reason", "country", "month"]
    assert empty["sell_in_units"].dtype == float
    assert empty["month"].dtype == "datetime64[ns]"
    assert list(store.read(TOTALS, [], ["entity"])) == ["entity", "month"]


def test_a_table_by_month_alone_has_no_country(store):
    totals = pd.DataFrame({"entity": ["world"], "sell_in_units": [5.0]})
    store.write(TOTALS, key("2024-01-01"), totals, run())
    assert list(store.read("demand_totals", [key("2024-01-01")])) == ["entity", "sell_in_units", "month"]


def test_partitions_of_several_batches_are_complete_and_in_order(folder, monkeypatch):
    monkeypatch.setattr("forecast_assets.storage.partition_files.FILES_READ_AT_ONCE", 2)
    for month in range(1, 6):
        folder.write(SELL_IN, key(f"FR|2024-0{month}-01"), sell_in(float(month)), run())
    assert read_all(folder)["sell_in_units"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_provenance_is_read_back_with_the_additions_of_the_store(store):
    partition = key("FR|2024-01-01")
    given = run("run-a", sell_out={"FR|2024-01-01": "f" * 64})
    written = store.write(SELL_IN, partition, sell_in(2.0, 1.0, skus=("b", "a")), given)
    stored = store.provenance("sell_in", partition)
    assert stored == written.provenance
    assert (stored.run_id, stored.cycle_id, stored.git_sha) == ("run-a", "dev-2024-01", "abc123")
    assert stored.inputs == {"sell_out": {"FR|2024-01-01": "f" * 64}}
    assert (stored.schema_version, stored.rows, stored.version, stored.previous_version) == (
        1,
        2,
        "run-a.parquet",
        None,
    )


def test_the_hash_in_the_footer_is_the_hash_of_the_file(folder):
    written = folder.write(SELL_IN, key("FR|2024-01-01"), sell_in(2.0, np.nan, skus=("b", "a")), run())
    in_file = pq.ParquetFile(written.path).read()
    assert content_hash(in_file, SELL_IN.keys) == written.provenance.content_hash


def test_only_published_partitions_exist_and_are_listed(store):
    partition = key("FR|2024-01-01")
    assert not store.exists("sell_in", partition)
    assert store.list_partitions("sell_in") == []
    store.write(SELL_IN, partition, sell_in(1.0), run())
    assert store.exists("sell_in", partition)
    assert store.list_partitions("sell_in") == [partition]
    with pytest.raises(MissingPartition, match="FR: 2024-02"):
        store.provenance("sell_in", key("FR|2024-02-01"))


def test_every_version_stays_readable_and_the_last_one_is_published(store):
    partition = key("FR|2024-01-01")
    for number, run_id in enumerate(["run-a", "run-b", "run-c"]):
        store.write(SELL_IN, partition, sell_in(float(number)), run(run_id))
    versions = store.versions("sell_in", partition)
    assert [(version.name, version.is_published) for version in versions] == [
        ("run-a.parquet", False),
        ("run-b.parquet", False),
        ("run-c.parquet", True),
    ]
    assert all(version.was_published for version in versions)
    assert store.read_version(SELL_IN, partition, "run-b.parquet")["sell_in_units"].tolist() == [1.0]
    assert store.read(SELL_IN, [partition])["sell_in_units"].tolist() == [2.0]


def test_a_retried_step_with_the_same_result_has_one_version(store):
    partition = key("FR|2024-01-01")
    first = store.write(SELL_IN, partition, sell_in(1.0, 2.0), run("run-a"))
    again = store.write(SELL_IN, partition, sell_in(1.0, 2.0).iloc[::-1], run("run-a"))
    assert again == first
    assert len(store.versions("sell_in", partition)) == 1


def test_a_retried_step_with_another_result_or_inputs_gets_a_new_version(store):
    partition = key("FR|2024-01-01")
    store.write(SELL_IN, partition, sell_in(1.0), run("run-a"))
    store.write(SELL_IN, partition, sell_in(2.0), run("run-a"))
    store.write(SELL_IN, partition, sell_in(2.0), run("run-a", sell_out={"FR|2024-01-01": "0"}))
    names = [version.name for version in store.versions("sell_in", partition)]
    assert names == ["run-a.parquet", "run-a-2.parquet", "run-a-3.parquet"]
    assert store.provenance("sell_in", partition).version == "run-a-3.parquet"
    assert store.read_version("sell_in", partition, "run-a.parquet")["sell_in_units"].tolist() == [1.0]


def test_an_unpublished_version_is_an_orphan_until_a_retry_publishes_it(store, monkeypatch):
    partition = key("FR|2024-01-01")
    store.write(SELL_IN, partition, sell_in(1.0), run("run-a"))
    with monkeypatch.context() as killed_before_publishing:
        killed_before_publishing.setattr(TableStore, "_publish", lambda *arguments: None)
        store.write(SELL_IN, partition, sell_in(2.0), run("run-b"))
    orphan = store.versions("sell_in", partition)[1]
    assert (orphan.name, orphan.is_published, orphan.was_published) == ("run-b.parquet", False, False)
    assert store.read(SELL_IN, [partition])["sell_in_units"].tolist() == [1.0]
    store.write(SELL_IN, partition, sell_in(2.0), run("run-b"))
    assert [version.is_published for version in store.versions("sell_in", partition)] == [False, True]


def test_the_published_file_is_byte_for_byte_its_version(store):
    partition = key("FR|2024-01-01")
    store.write(SELL_IN, partition, sell_in(1.0), run("run-a"))
    version = store.versions("sell_in", partition)[0]
    assert store.files.read(store.path("sell_in", partition)) == store.files.read(version.path)


def test_a_partition_published_meanwhile_is_not_overwritten(store, monkeypatch):
    partition = key("FR|2024-01-01")
    store.write(SELL_IN, partition, sell_in(1.0), run("run-a"))
    create_version = TableStore._create_version

    def other_run_publishes_first(self, spec, partition, table, stored, token):
        if stored.run_id == "slow":
            store.write(SELL_IN, partition, sell_in(2.0), run("fast"))
        return create_version(self, spec, partition, table, stored, token)

    monkeypatch.setattr(TableStore, "_create_version", other_run_publishes_first)
    with pytest.raises(PublishConflict, match=r"/sell_in\.parquet was published by run fast while run slow"):
        store.write(SELL_IN, partition, sell_in(3.0), run("slow"))
    assert store.read(SELL_IN, [partition])["sell_in_units"].tolist() == [2.0]
    assert store.read_version(SELL_IN, partition, "slow.parquet")["sell_in_units"].tolist() == [3.0]


def test_one_month_that_does_not_fit_stores_nothing_of_the_range(store):
    frames = {key("FR|2024-01-01"): sell_in(1.0), key("FR|2024-02-01"): sell_in(1.0).assign(sku=None)}
    with pytest.raises(SchemaViolation, match=r"FR\|2024-02-01"):
        store.write_all(SELL_IN, frames, dict.fromkeys(frames, run()))
    assert store.list_partitions("sell_in") == []
    assert store.versions("sell_in", key("FR|2024-01-01")) == []


def test_versions_are_create_only_without_hard_links_too(folder, monkeypatch):
    def no_links(source, target):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr("os.link", no_links)
    partition = key("FR|2024-01-01")
    folder.write(SELL_IN, partition, sell_in(1.0), run("run-a"))
    folder.write(SELL_IN, partition, sell_in(2.0), run("run-a"))
    assert folder.read_version(SELL_IN, partition, "run-a.parquet")["sell_in_units"].tolist() == [1.0]
    assert folder.provenance("sell_in", partition).version == "run-a-2.parquet"


def test_a_run_id_that_is_no_file_name_is_rejected(store):
    with pytest.raises(ValueError, match="run id"):
        store.write(SELL_IN, key("FR|2024-01-01"), sell_in(1.0), run("../run"))


def test_a_foreign_file_in_place_of_a_partition_is_named(folder, tmp_path):
    place = tmp_path / "store/sell_in/country=FR/month=2024-01-01"
    place.mkdir(parents=True)
    pq.write_table(pa.table({"sku": ["1"]}), place / "sell_in.parquet")
    with pytest.raises(ValueError, match=r"sell_in\.parquet is damaged: it carries no provenance"):
        folder.read(SELL_IN, [key("FR|2024-01-01")])


class TestReadersWithoutOurCode:
    """The folder of a table is enough for a reader; versions and temporary files do not double its rows."""

    @pytest.fixture
    def table(self, folder, tmp_path):
        for partition in ("NA|2024-01-01", "NO|2024-01-01", "NO|2024-02-01"):
            folder.write(SELL_IN, key(partition), sell_in(1.0, 2.0), run("run-a"))
            folder.write(SELL_IN, key(partition), sell_in(3.0, 4.0), run("run-b"))
        left_by_a_killed_run = tmp_path / "store/sell_in/country=NO/month=2024-01-01/.sell_in.parquet.0a1b2c3d.tmp"
        left_by_a_killed_run.write_bytes(b"PAR1 half a file")
        return tmp_path / "store" / "sell_in"

    EXPECTED = (("NA", "2024-01-01", 7.0), ("NO", "2024-01-01", 7.0), ("NO", "2024-02-01", 7.0))

    def test_duckdb(self, table):
        query = f"""
            select country, month::varchar, sum(sell_in_units)
            from read_parquet('{table}/**/*.parquet', hive_partitioning = true, union_by_name = true,
                              hive_types = {{'country': varchar, 'month': date}})
            group by all order by all
        """
        assert tuple(duckdb.sql(query).fetchall()) == self.EXPECTED

    def test_pandas(self, table):
        frame = pd.read_parquet(table).astype({"country": str, "month": str})
        sums = frame.groupby(["country", "month"])["sell_in_units"].sum()
        assert tuple((country, month, total) for (country, month), total in sums.items()) == self.EXPECTED

    def test_pyarrow(self, table):
        frame = ds.dataset(table, partitioning="hive").to_table().to_pandas()
        sums = frame.groupby(["country", "month"])["sell_in_units"].sum()
        assert tuple((country, month, total) for (country, month), total in sums.items()) == self.EXPECTED
