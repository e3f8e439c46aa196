"""An announced SKU on its way through the graph: known by its product row alone, forecast, published and reported."""

import io

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.assets.company import DECEMBER, succeeded

pytestmark = pytest.mark.heavy

STORED = [
    "sell_in",
    "sell_out",
    "promotions",
    "overrides",
    "features",
    "history_marks",
    "model",
    "backtest",
    "champion",
]
MADE = ["products", "baseline_forecasts", "forecasts", "published_forecasts", "market_report"]
LAUNCH = pd.Timestamp("2025-03-01")


@pytest.fixture(scope="module")
def copy(company, tmp_path_factory):
    """December of FR made again with two more products: one announced by then, one only announced later."""
    with_announced = company.copied_to(tmp_path_factory.mktemp("announced"), *STORED)
    file = with_announced.landing / "products" / "FR.parquet"
    rows = pq.read_table(file)
    sold = company.read("features", "FR", DECEMBER)["sku"].iloc[0]
    category = company.read("features", "FR", DECEMBER)["category"].iloc[0]
    later = [("ANNOUNCED", "2024-12-05"), ("SECRET", "2025-01-05")]
    added = [
        {"sku": sku, "category": category, "reference_sku": sold, "launch_month": LAUNCH.date(),
         "known_from": pd.Timestamp(known).date()}
        for sku, known in later
    ]  # fmt: skip
    if "country" in rows.column_names:
        added = [row | {"country": "FR"} for row in added]
    pq.write_table(pa.concat_tables([rows, pa.Table.from_pylist(added, rows.schema)]), file)
    succeeded(with_announced.run("monthly_cycle", "FR", DECEMBER, assets=MADE))
    return with_announced


@pytest.mark.parametrize("table", ["forecasts", "published_forecasts"])
def test_a_sku_announced_by_the_origin_is_forecast_from_its_launch_month_on(copy, table):
    rows = copy.read(table, "FR", DECEMBER)
    assert "SECRET" not in set(rows["sku"])
    announced = rows[rows["sku"] == "ANNOUNCED"].sort_values("horizon_months")
    assert announced["horizon_months"].tolist() == list(range(1, 19))
    assert set(announced["rule"]) == {"new_with_reference"}
    before = announced["target_month"] < LAUNCH
    units = ["forecast_units", "forecast_units_p10", "forecast_units_p90"]
    assert not announced.loc[before, units].to_numpy().any()
    assert (announced.loc[~before, "forecast_units"] > 0).all()
    assert (announced.loc[~before, "forecast_units_p90"] > announced.loc[~before, "forecast_units"]).all()
    assert not announced[["baseline_units", "naive_units"]].to_numpy().any()


def test_the_other_skus_are_forecast_as_without_it(copy, company):
    rows, before = (one.read("forecasts", "FR", DECEMBER) for one in (copy, company))
    others = rows[rows["sku"] != "ANNOUNCED"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, before[before["sku"] != "ANNOUNCED"].reset_index(drop=True))


def test_it_stands_in_the_workbook(copy):
    place = PartitionKey(pd.Timestamp(DECEMBER), "FR")
    book = openpyxl.load_workbook(io.BytesIO(copy.store.read_document("market_report", place, "market_report.xlsx")))
    cells = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert "ANNOUNCED" in cells
