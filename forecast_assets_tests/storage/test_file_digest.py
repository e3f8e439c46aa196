"""A damaged file never reads as other numbers: it is an error that names the path, or reads as it was written."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from forecast_assets.storage import TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.file_digest import READ_AT_ONCE, token_of
from forecast_assets.storage.provenance import METADATA_KEY
from forecast_assets_tests.storage.examples import FEATURES, SELL_IN, key, run, sell_in

FR, BE = key("FR|2024-01-01"), key("BE|2024-01-01")
FLIPS_TRIED = 160


@pytest.fixture
def store(tmp_path):
    store = TableStore(str(tmp_path / "store"))
    store.write(SELL_IN, FR, sell_in(1.0, np.nan, 2.5), run())
    return store


@pytest.fixture
def path(store):
    return Path(store.path("sell_in", FR))


def outcome(read, path):
    """Return what a read gives, or the word "named" if it is an error that names the path."""
    try:
        return read()
    except DamagedFile as error:
        return "named" if str(path) in str(error) else str(error)


def test_a_flipped_byte_is_an_error_or_changes_nothing(store, path):
    sound = path.read_bytes()
    draw = random.Random(20241130)
    positions = {*draw.sample(range(len(sound)), FLIPS_TRIED), *range(4), *range(len(sound) - 8, len(sound))}
    expected, provenance = store.read(SELL_IN, [FR]), store.provenance("sell_in", FR)
    named = 0
    for position in sorted(positions):
        flipped = bytearray(sound)
        flipped[position] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        table = outcome(lambda: store.read(SELL_IN, [FR]), path)
        footer = outcome(lambda: store.provenance("sell_in", FR), path)
        named += isinstance(table, str)
        assert table == "named" if isinstance(table, str) else table.equals(expected), f"byte {position}"
        assert footer in ("named", provenance), f"byte {position}"
    # Only a flip in the name of the digest's own key hides the digest; the values are then untouched.
    assert named >= len(positions) * 0.95


def test_a_byte_that_no_page_holds_is_in_the_digest_too(store, path):
    path.write_bytes(b"Q" + path.read_bytes()[1:])
    with pytest.raises(DamagedFile, match="the digest of its data is not"):
        store.read(SELL_IN, [FR])


@pytest.mark.parametrize("length", [0, 3, 8, 200, -9, -1])
def test_a_file_that_was_cut_off_is_named(store, path, length):
    path.write_bytes(path.read_bytes()[:length] if length else b"")
    assert outcome(lambda: store.read(SELL_IN, [FR]), path) == "named"
    assert outcome(lambda: store.provenance("sell_in", FR), path) == "named"


def test_a_file_with_bytes_added_is_named(store, path):
    path.write_bytes(path.read_bytes() + b"PAR1")
    assert outcome(lambda: store.read(SELL_IN, [FR]), path) == "named"


def test_a_file_of_another_partition_is_named_with_its_own(store, path):
    copied = Path(store.path("sell_in", BE))
    copied.parent.mkdir(parents=True)
    copied.write_bytes(path.read_bytes())
    with pytest.raises(
        DamagedFile, match=r"country=BE.* was written as sell_in/country=FR/month=2024-01-01 and copied"
    ):
        store.read(SELL_IN, [FR, BE])
    with pytest.raises(DamagedFile, match="restore sell_in BE 2024-01"):
        store.provenance("sell_in", BE)


def test_the_error_survives_the_way_between_processes():
    import pickle

    error = DamagedFile("store/sell_in/country=FR/month=2024-01-01/sell_in.parquet", "it is empty")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - bytes of this test


def test_a_file_of_a_release_without_digests_is_read(store, path):
    table, metadata = pq.read_table(path, partitioning=None), pq.read_metadata(path).metadata
    expected, provenance = store.read(SELL_IN, [FR]), store.provenance("sell_in", FR)
    with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({METADATA_KEY: metadata[METADATA_KEY]})
    pd.testing.assert_frame_equal(store.read(SELL_IN, [FR]), expected)
    assert store.provenance("sell_in", FR) == provenance
    path.write_bytes(path.read_bytes()[:-4])
    assert outcome(lambda: store.read(SELL_IN, [FR]), path) == "named"


def test_pages_carry_the_checksums_that_other_readers_verify(path):
    content = bytearray(path.read_bytes())
    content[path.read_bytes().index(b"NA")] ^= 1
    path.write_bytes(content)
    assert pq.read_table(path, partitioning=None).num_rows == 3
    with pytest.raises(OSError, match="could not verify page integrity"):
        pq.read_table(path, partitioning=None, page_checksum_verification=True)


def test_a_footer_longer_than_one_read_is_checked(store):
    columns = {f"sell_in_lag_{number:04}": [float(number)] for number in range(1_500)}
    frame = pd.DataFrame({"sku": ["1"], "origin_month": [FR.month], "category": ["tea"], **columns})
    written = store.write(FEATURES, FR, frame, run())
    path = Path(written.path)
    content = bytearray(path.read_bytes())
    footer_bytes = int.from_bytes(content[-8:-4], "little")
    assert footer_bytes > READ_AT_ONCE
    assert store.provenance("features", FR) == written.provenance
    content[-footer_bytes + 10] ^= 1
    path.write_bytes(content)
    assert outcome(lambda: store.provenance("features", FR), path) == "named"


def test_a_footer_that_was_changed_is_named_with_the_digest_that_it_should_have(path):
    content = bytearray(path.read_bytes())
    named = content.partition(b" footer=")[2][:32].decode()
    position = len(content) - 8 - int.from_bytes(content[-8:-4], "little") + 4
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=f"the digest of its footer is not {named}, which the footer names"):
        TableStore(str(path.parents[3])).provenance("sell_in", FR)


def test_a_file_of_a_writer_without_a_lease_has_the_lowest_token(path):
    assert token_of(path.read_bytes()) == 0
