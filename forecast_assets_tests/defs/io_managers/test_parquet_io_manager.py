import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.io_managers import ParquetIOManager
from forecast_assets.storage import MissingPartition, SchemaViolation, TableStore
from forecast_assets_tests.defs.io_managers.example_assets import (
    FEATURES,
    MONTH_X_COUNTRY,
    MONTHS,
    SELL_IN,
    demand_totals,
    demand_totals_known,
    features,
    market_report,
    materialize,
    sell_in,
)
from forecast_assets_tests.defs.io_managers.multiprocess_job import sell_in_and_features
from forecast_assets_tests.storage.examples import key

HALF_A_YEAR = ("FR|2024-01-01", "FR|2024-06-01")


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def store(folder):
    return TableStore(str(folder))


def units_of(store: TableStore, *partitions: str) -> list[float]:
    table = store.read(FEATURES, [key(partition) for partition in partitions], ["sku", "sell_in_sum_3"])
    return table.loc[table["sku"] == "1", "sell_in_sum_3"].tolist()


def events(instance: dg.DagsterInstance, asset: str) -> dict[str, dict]:
    """Metadata values of an asset's materializations in the event log, by partition."""
    records = instance.fetch_materializations(dg.AssetKey(asset), limit=100).records
    events = [record.asset_materialization for record in records]
    return {event.partition: {name: value.value for name, value in event.metadata.items()} for event in events}


def test_single_partitions_and_a_range_store_the_same_tables(instance, folder, store, tmp_path):
    materialize(instance, folder, [sell_in, features], months=HALF_A_YEAR)
    for month in range(1, 7):
        partition = f"FR|2024-0{month}-01"
        materialize(instance, tmp_path / "single", [sell_in], partition=partition)
        materialize(instance, tmp_path / "single", [features], partition=partition)
    single = TableStore(str(tmp_path / "single"))
    partitions = store.list_partitions("features")
    assert len(partitions) == 6
    assert partitions == single.list_partitions("features")
    for partition in partitions:
        one, other = single.provenance("features", partition), store.provenance("features", partition)
        assert (one.content_hash, one.inputs) == (other.content_hash, other.inputs)


def test_the_window_reaches_back_and_stops_where_history_starts(instance, folder, store):
    materialize(instance, folder, [sell_in, features], months=HALF_A_YEAR)
    # sell-in is the number of the month: 1, 1+2, 1+2+3, 2+3+4.
    months = [f"FR|2024-0{month}-01" for month in (1, 2, 3, 4)]
    assert units_of(store, *months) == [1.0, 3.0, 6.0, 9.0]


def test_namibia_and_norway_are_markets(instance, folder, store):
    for market in ("NA", "NO"):
        materialize(instance, folder, [sell_in, features], partition=f"{market}|2024-01-01")
    table = store.read(SELL_IN, store.list_partitions("sell_in"))
    assert table["country"].tolist() == ["NA", "NA", "NO", "NO"]
    assert table["sku"].tolist() == ["1", "NA", "1", "NA"]


def test_the_recorded_inputs_are_those_in_the_window_of_each_partition(instance, folder, store):
    materialize(instance, folder, [sell_in, features], months=HALF_A_YEAR)
    inputs = store.provenance("features", key("FR|2024-04-01")).inputs
    assert inputs == {
        "sell_in": {
            f"FR|2024-0{month}-01": store.provenance("sell_in", key(f"FR|2024-0{month}-01")).content_hash
            for month in (2, 3, 4)
        }
    }
    assert list(store.provenance("features", key("FR|2024-01-01")).inputs["sell_in"]) == ["FR|2024-01-01"]


def test_an_asset_over_all_markets_records_each_of_them(instance, folder, store):
    for market in ("FR", "NO"):
        materialize(instance, folder, [sell_in], partition=f"{market}|2024-01-01")
    materialize(instance, folder, [demand_totals], partition="2024-01-01")
    inputs = store.provenance("demand_totals", key("2024-01-01")).inputs
    assert list(inputs["sell_in"]) == ["FR|2024-01-01", "NO|2024-01-01"]
    totals = store.read("demand_totals", [key("2024-01-01")])
    assert totals["sell_in_units"].tolist() == [1.5, 1.5]


def test_a_window_between_assets_by_month_alone_ends_before_the_month(instance, folder, store):
    for month in (1, 2, 3):
        materialize(instance, folder, [sell_in], partition=f"FR|2024-0{month}-01")
        materialize(instance, folder, [demand_totals], partition=f"2024-0{month}-01")
    materialize(instance, folder, [demand_totals_known], partition="2024-03-01")
    known = store.read("demand_totals_known", [key("2024-03-01")])
    assert known["total_month"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]
    inputs = store.provenance("demand_totals_known", key("2024-03-01")).inputs
    assert list(inputs["demand_totals"]) == ["2024-01-01", "2024-02-01"]


def test_the_first_month_of_history_has_an_empty_window_and_no_inputs(instance, folder, store):
    materialize(instance, folder, [demand_totals_known], partition="2024-01-01")
    assert store.provenance("demand_totals_known", key("2024-01-01")).inputs == {"demand_totals": {}}


def test_each_partition_of_a_range_has_its_own_metadata_in_the_event_log(instance, folder, store):
    materialize(instance, folder, [sell_in, features], months=HALF_A_YEAR)
    logged = events(instance, "features")
    assert sorted(logged) == [f"FR|2024-0{month}-01" for month in range(1, 7)]
    for partition, metadata in logged.items():
        stored = store.provenance("features", key(partition))
        assert metadata["content_hash"] == stored.content_hash
        assert metadata["version"] == stored.version
        assert metadata["run_id"] == stored.run_id
        assert metadata["git_sha"] == stored.git_sha
        assert metadata["cycle_id"] == f"dev-{partition[3:10]}"
        assert metadata["path"] == store.path("features", key(partition))
        assert metadata["dagster/row_count"] == 2
        assert metadata["schema_version"] == 1
        assert metadata["inputs"]["sell_in"]["partitions"] == len(stored.inputs["sell_in"])
    assert logged["FR|2024-01-01"]["inputs"]["sell_in"]["partitions"] == 1
    assert len({metadata["content_hash"] for metadata in logged.values()}) == 6


def test_the_event_shows_the_first_rows_and_the_columns(instance, folder):
    materialize(instance, folder, [sell_in, features], partition="FR|2024-03-01")
    metadata = events(instance, "features")["FR|2024-03-01"]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in metadata["preview"].splitlines()]
    assert [cells[0], *cells[2:]] == [
        ["sku", "sell_in_sum_3", "origin_month"],
        ["1", "3", "2024-03-01"],
        ["NA", "0.5", "2024-03-01"],
    ]
    columns = metadata["dagster/column_schema"].columns
    assert [(column.name, column.type) for column in columns] == [
        ("sku", "string"),
        ("origin_month", "date32[day]"),
        ("sell_in_sum_3", "double"),
    ]


def test_the_run_tag_overrides_the_cycle_derived_from_the_month(instance, folder, store):
    materialize(instance, folder, [sell_in], partition="FR|2024-01-01", tags={"forecast/cycle_id": "dev-2024-01.r2"})
    assert store.provenance("sell_in", key("FR|2024-01-01")).cycle_id == "dev-2024-01.r2"
    assert events(instance, "sell_in")["FR|2024-01-01"]["cycle_id"] == "dev-2024-01.r2"


def test_documents_are_stored_with_what_the_report_was_made_from(instance, folder, store):
    materialize(instance, folder, [sell_in, features], partition="FR|2024-01-01")
    materialize(instance, folder, [market_report], partition="FR|2024-01-01")
    partition = key("FR|2024-01-01")
    assert store.read_document("market_report", partition, "market_report.html") == b"<p>2 SKUs, 0 totals</p>"
    stored = store.document_provenance("market_report", partition)
    assert stored.inputs["features"] == {
        "FR|2024-01-01": store.provenance("features", partition).content_hash,
    }
    logged = events(instance, "market_report")["FR|2024-01-01"]
    assert logged["documents"]["market_report.html"]["bytes"] == len(b"<p>2 SKUs, 0 totals</p>")


def test_a_missing_input_that_must_be_there_fails_the_step_by_name(instance, folder):
    with pytest.raises(MissingPartition, match=r"market_report stores nothing .* FR: 2024-01: it requires features"):
        materialize(instance, folder, [market_report], partition="FR|2024-01-01")


@pytest.fixture
def materialize_returning(instance, folder):
    """Run a sell_in asset that returns what the test says, for the partitions from ``first`` to ``last``."""

    def run(returned: object, first: str = "FR|2024-01-01", last: str = "FR|2024-01-01"):
        @dg.asset(name="sell_in", partitions_def=MONTH_X_COUNTRY, backfill_policy=dg.BackfillPolicy.single_run())
        def example():
            return returned

        return materialize(instance, folder, [example], months=(first, last), assets=[example])

    yield run
    assert not (folder / "sell_in").exists(), "something was stored although the output was refused"


def one_month(month: str = "2024-01-01", **columns) -> dict:
    return {pd.Timestamp(month): pd.DataFrame({"sku": ["1"], "sell_in_units": [1.0], **columns})}


def test_a_run_over_two_markets_is_refused_by_name(materialize_returning):
    with pytest.raises(ValueError, match="a run writes one market, this one has FR, NA"):
        materialize_returning(one_month(), last="NA|2024-01-01")


def test_a_month_that_the_asset_left_out_is_named_and_nothing_is_stored(materialize_returning):
    with pytest.raises(ValueError, match=r"lacks partitions FR: 2024-02 to 2024-03 \(2 months\)"):
        materialize_returning(one_month(), last="FR|2024-03-01")


def test_a_month_that_was_not_asked_for_is_named(materialize_returning):
    with pytest.raises(ValueError, match="has partition FR: 2024-02; the run is for partition FR: 2024-01"):
        materialize_returning(one_month() | one_month("2024-02-01"))


def test_a_bare_frame_is_refused_with_the_form_expected(materialize_returning):
    with pytest.raises(TypeError, match=r"sell_in must return \{month: value\}, .* got DataFrame"):
        materialize_returning(pd.DataFrame())
    with pytest.raises(TypeError, match=r"sell_in \[FR\|2024-01-01\] must be a DataFrame, got list"):
        materialize_returning({pd.Timestamp("2024-01-01"): [1]})


def test_a_frame_that_does_not_fit_in_one_month_stores_no_month(materialize_returning):
    returned = one_month() | one_month("2024-02-01", colour="red")
    with pytest.raises(SchemaViolation, match=r"sell_in \[FR\|2024-02-01\], column 'colour'"):
        materialize_returning(returned, last="FR|2024-02-01")


def test_an_asset_without_a_spec_is_named_with_the_specs_there_are(instance, folder):
    @dg.asset(partitions_def=MONTHS)
    def unheard_of():
        return {}

    with pytest.raises(KeyError, match="'unheard_of' has no table spec; there are demand_totals, demand_totals_known"):
        materialize(instance, folder, [unheard_of], partition="2024-01-01", assets=[unheard_of])


def test_a_manager_that_was_not_built_with_specs_says_how_to_build_it():
    with pytest.raises(NotImplementedError, match="build_parquet_io_manager"):
        ParquetIOManager.bindings()


def test_inputs_are_recorded_when_steps_run_in_processes_of_their_own(folder, store, tmp_path):
    partition = {"": "FR|2024-01-01", "/month": "2024-01-01", "/country": "FR"}
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        result = dg.execute_job(
            dg.reconstructable(sell_in_and_features),
            instance=instance,
            tags={f"dagster/partition{dimension}": value for dimension, value in partition.items()},
            run_config={"resources": {"io_manager": {"config": {"store": str(folder), "env": "dev"}}}},
        )
        assert result.success
    sell_in_hash = store.provenance("sell_in", key("FR|2024-01-01")).content_hash
    assert store.provenance("features", key("FR|2024-01-01")).inputs == {"sell_in": {"FR|2024-01-01": sell_in_hash}}
