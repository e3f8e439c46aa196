"""Look-ups are noted by partition and content; listings are not."""

from forecast_assets.market_state.lookups import Lookups, Noted, NotingStore
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


def test_a_table_is_noted_by_its_name_however_it_is_asked_for(tmp_path):
    store, noted = TableStore(str(tmp_path)), Noted()
    written = store.write(SELL_IN, JANUARY, sell_in(1.0), run("run-a"))
    frame = NotingStore(store, noted.read).read_with_provenance("sell_in", [JANUARY, FEBRUARY], missing="skip")[0]
    assert len(frame) == len(sell_in(1.0))
    assert noted.inputs == {"sell_in": {"FR|2024-01-01": written.provenance.content_hash}}


def test_the_look_ups_of_sixteen_steps_are_kept_and_the_least_recently_used_is_forgotten():
    lookups = Lookups()
    for number in range(16):
        lookups.of("run", f"asset {number}").read("sell_in", JANUARY, f"hash {number}")
    first = lookups.of("run", "asset 0")
    assert first.inputs == {"sell_in": {"FR|2024-01-01": "hash 0"}}
    assert lookups.of("another run", "asset 0") == Noted()
    # The seventeenth: the one after the first was used least recently.
    assert lookups.of("run", "asset 0") is first
    assert lookups.of("run", "asset 2").inputs == {"sell_in": {"FR|2024-01-01": "hash 2"}}
    assert lookups.of("run", "asset 1") == Noted()
