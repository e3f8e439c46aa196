"""Files of planners' numbers: one per market and month, replaced as a whole, removed without rows."""

import pandas as pd
import pytest

from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.imported_overrides import IN_FORCE, LEDGER, OverrideFiles
from forecast_assets.storage.publish import PublishConflict

JUNE, JULY = (pd.Timestamp(f"2024-0{month}-01") for month in (6, 7))
FR_JUNE = PartitionKey(JUNE, "FR")


def rows(*units: float) -> pd.DataFrame:
    months = {"origin_month": JUNE, "target_month": JULY}
    return pd.DataFrame({"sku": "a", "forecast_units": list(units)}).assign(**months)


@pytest.fixture(params=["folder", "memory"])
def kinds(request, tmp_path) -> tuple[OverrideFiles, OverrideFiles]:
    store = TableStore(str(tmp_path / "store") if request.param == "folder" else f"memory:/{tmp_path}/store")
    return tuple(OverrideFiles(store.files, f"{store.base}/_planning/overrides", kind) for kind in (IN_FORCE, LEDGER))


def test_rows_are_read_as_they_were_written_with_months_as_dates(kinds):
    in_force, ledger = kinds
    assert in_force.read(FR_JUNE) == (None, None)
    in_force.replace(FR_JUNE, rows(120.0), None)
    state, stored = in_force.read(FR_JUNE)
    pd.testing.assert_frame_equal(stored, rows(120.0), check_dtype=False)
    assert stored["target_month"].dt.year.tolist() == [2024]
    assert ledger.read(FR_JUNE) == (None, None)
    assert state is not None


def test_a_file_of_another_state_is_not_replaced_or_removed(kinds):
    in_force, _ = kinds
    in_force.replace(FR_JUNE, rows(120.0), None)
    before, _ = in_force.read(FR_JUNE)
    in_force.replace(FR_JUNE, rows(130.0, 140.0), before)
    for late in (rows(1.0), rows()):
        with pytest.raises(PublishConflict):
            in_force.replace(FR_JUNE, late, before)
    assert in_force.read(FR_JUNE)[1]["forecast_units"].tolist() == [130.0, 140.0]


def test_without_rows_the_file_is_removed_and_its_absence_stays(kinds):
    in_force, _ = kinds
    in_force.replace(FR_JUNE, rows(), None)
    assert in_force.partitions() == []
    in_force.replace(FR_JUNE, rows(120.0), None)
    in_force.replace(FR_JUNE, rows(), in_force.read(FR_JUNE)[0])
    assert in_force.read(FR_JUNE) == (None, None)


def test_partitions_of_one_kind_are_listed_in_order(kinds):
    in_force, ledger = kinds
    partitions = [PartitionKey(JULY, "DE"), FR_JUNE, PartitionKey(JUNE, "DE")]
    for partition in partitions:
        in_force.replace(partition, rows(1.0), None)
    ledger.replace(PartitionKey(JULY, "FR"), rows(1.0), None)
    assert in_force.partitions() == sorted(partitions, key=lambda each: each.sort_key)
    assert ledger.partitions() == [PartitionKey(JULY, "FR")]
