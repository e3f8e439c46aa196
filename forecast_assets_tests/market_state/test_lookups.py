"""Look-ups are noted by partition and content; listings are not."""

from forecast_assets.market_state.lookups import Noted, NotingStore
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.storage.examples import SELL_IN, run, sell_in

JANUARY, FEBRUARY = (PartitionKey.from_dagster(f"FR|2024-0{month}-01") for month in (1, 2))


def test_what_is_read_is_noted_by_table_and_partition(tmp_path):
    store, noted = TableStore(str(tmp_path)), Noted()
    written = [store.write(SELL_IN, partition, sell_in(1.0), run("run-a")) for partition in (JANUARY, FEBRUARY)]
    tables = NotingStore(store, noted.read)
    assert tables.list_partitions("sell_in") == [JANUARY, FEBRUARY]
    assert tables.exists("sell_in", JANUARY)
    assert noted.inputs == {}
    tables.read(SELL_IN, [JANUARY])
    assert noted.inputs == {"sell_in": {"FR|2024-01-01": written[0].provenance.content_hash}}
    tables.provenance("sell_in", FEBRUARY)
    assert list(noted.inputs["sell_in"]) == ["FR|2024-01-01", "FR|2024-02-01"]
