"""A store that an earlier release has written is migrated, read and verified by this one.

``stores/2c248ec.tar.xz`` was written by that commit: a simulated market of five SKUs, its cycles of 2024-11 and
2024-12; of other months nothing is kept. The sums were read from its files by pandas when it was made.
"""

import tarfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from forecast_assets.domain.models.market_model_storage import model_from_parts
from forecast_assets.operations.health.integrity import verify_store
from forecast_assets.schemas import TABLES
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.layout import LAYOUT, migrate, require_layout, stored_layout
from forecast_assets.storage.table_specs import table_specs

ARCHIVE = Path(__file__).parent / "stores" / "2c248ec.tar.xz"
DECEMBER = PartitionKey(pd.Timestamp("2024-12-01"), "FR")
# Tables that came later are not there.
WRITTEN = {
    "backtest", "baseline_forecasts", "champion", "covid_policy", "demand_totals", "demand_totals_known", "features",
    "forecasts", "history_marks", "model", "overrides", "performance", "products", "promotions", "published_forecasts",
    "sell_in", "sell_out",
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return TableStore(str(tmp_path))


def test_it_is_brought_to_this_layout_and_no_table_changes(store, tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    assert stored_layout(store) == 0
    assert migrate(store) == list(range(1, LAYOUT + 1))
    assert require_layout(store) == LAYOUT
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == before


def test_no_file_of_it_is_damaged_or_foreign(store):
    verified = verify_store(store)
    assert verified.files >= 60
    assert verified.findings == ()


def test_every_table_is_read_with_the_columns_of_today(store):
    stored = {table: store.list_partitions(table) for table in TABLES}
    assert {table for table, partitions in stored.items() if partitions} == WRITTEN
    for table in sorted(WRITTEN):
        columns = TABLES[table].fixed_columns()
        rows = store.read(table_specs()[table], stored[table], columns)
        written = {name for path in Path(store.base, table).rglob("*.parquet") for name in pq.read_schema(path).names}
        assert set(columns) <= set(rows), table
        assert rows[sorted(set(columns) - written)].isna().all(axis=None), table


def test_its_published_numbers_are_those_that_it_published(store):
    rows = store.read("published_forecasts", [DECEMBER])
    assert (len(rows), rows["sku"].nunique(), set(rows["status"])) == (90, 5, {"published"})
    assert rows["forecast_units"].sum() == pytest.approx(122655.84102923278, rel=1e-12)
    assert store.provenance("published_forecasts", DECEMBER).git_sha.startswith("2c248ec")


def test_its_model_is_read(store):
    trained = model_from_parts(store.read("model", [DECEMBER]))
    assert trained.rows > 0
    assert trained.columns
