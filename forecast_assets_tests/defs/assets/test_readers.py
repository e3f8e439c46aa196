"""Rights of readers: forecasts of live markets, and none of a shadow market."""

import duckdb
import pandas as pd
import pytest

from forecast_assets.sources.sql.project import DEFAULT_FOLDER
from forecast_assets.storage import TableStore
from forecast_assets_tests.market_state.publications import publish

MONTH = pd.Timestamp("2024-05-01")


def read_from(store: TableStore) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("set variable store = ?", [store.base])
        return connection.execute((DEFAULT_FOLDER / "readers" / "published.sql").read_text(encoding="utf-8")).df()


@pytest.fixture
def read_by_readers(company):
    return read_from(company.store)


def test_a_shadow_market_is_written_but_not_for_readers(company, read_by_readers):
    assert set(company.read("published_forecasts", "NA", "2024-12-01")["status"]) == {"shadow"}
    assert set(read_by_readers["country"]) == {"FR", "NO"}
    assert set(read_by_readers["status"]) == {"published"}


def test_readers_get_every_published_row_with_its_number(company, read_by_readers):
    stored = company.read("published_forecasts", "NO", "2024-12-01").sort_values(["sku", "target_month"])
    read = read_by_readers[read_by_readers["country"] == "NO"].sort_values(["sku", "target_month"])
    assert read["forecast_units"].tolist() == stored["forecast_units"].tolist()
    assert len(read) == len(stored) > 0


@pytest.mark.parametrize(
    ("status", "is_read"),
    [("published", True), ("stale", True), ("held", False), ("shadow", False), ("backfilled", False)],
)
def test_readers_get_the_forecasts_that_stand_and_no_others(tmp_path, status, is_read):
    store = TableStore(str(tmp_path))
    publish(store, MONTH, status=status)
    publish(store, MONTH, country="NO", status="published")
    assert ("FR" in set(read_from(store)["country"])) == is_read
