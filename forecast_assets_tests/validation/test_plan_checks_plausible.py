"""Products and overrides of a run against its sell-in and the month before: what is read, and when."""

from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.domain.month_tables import by_month
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.validation.delivery_checks import OVERRIDES_PLAUSIBLE, PRODUCTS_PLAUSIBLE
from forecast_assets.validation.plan_checks import plausible_check

MARKETS = {"FR": Market("FR", "France", "FR", "FRA", "Europe", pd.Timestamp("2023-01-01"))}
MAY, JUNE, APRIL = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01"), pd.Timestamp("2024-04-01")
# 300 units in June 2023, 200 in July 2023, then 100.
UNITS = dict.fromkeys(pd.date_range("2023-08-01", JUNE, freq="MS"), 100)
UNITS |= {pd.Timestamp("2023-06-01"): 300, pd.Timestamp("2023-07-01"): 200}


@pytest.fixture
def landing(tmp_path) -> Path:
    """Sell-in of A, B and C; their launch in 2025 is known, and an override of A is delivered."""
    sold = "".join(f"FR,{sku},{month:%Y-%m},{units}\n" for month, units in UNITS.items() for sku in "ABC")
    launches = "".join(f"FR,{sku},Tea,100,2025-01-01,2023-01-01\n" for sku in "ABC")
    columns = "country,sku,origin_month,target_month,forecast_units,author,reason"
    files = {
        "sell_in": f"country,sku,month,units\n{sold}",
        "products": f"country,sku,category,list_price,launch_month,known_from\n{launches}",
        "overrides": f"{columns}\nFR,A,2024-06,2024-09,800,Ann,x\nFR,B,2024-06,2024-09,799,Ann,x\n",
    }
    for source, text in files.items():
        (tmp_path / "landing" / source).mkdir(parents=True)
        (tmp_path / "landing" / source / "FR.csv").write_text(text, encoding="utf-8")
    return tmp_path / "landing"


@pytest.fixture
def store(tmp_path) -> TableStore:
    return TableStore(str(tmp_path / "store"))


def judged(landing: Path, store: TableStore, source: str, *months: pd.Timestamp):
    """Return the finding of the last of the months."""
    sources = SourceTables(str(landing), MARKETS)
    declaration = PRODUCTS_PLAUSIBLE if source == "products" else OVERRIDES_PLAUSIBLE
    tables = by_month(sources.rows(source, "FR", list(months)), list(months))
    check = plausible_check(declaration, source, sources, store, "FR", tables)
    return check.find(tables[months[-1]], months[-1])


def store_products(landing: Path, store: TableStore, month: pd.Timestamp) -> None:
    """Store the products of a month with a list price of 1; 100 is delivered."""
    rows = SourceTables(str(landing), MARKETS).rows("products", "FR", [month]).drop(columns="month")
    provenance = Provenance("run", f"{month:%Y-%m}", "sha")
    store.write(table_specs()["products"], PartitionKey(month, "FR"), rows.assign(attribute_list_price="1"), provenance)


def test_products_are_compared_with_sell_in_and_with_the_stored_month_before_alone(landing, store):
    launches = ["SKU A", "SKU B", "SKU C"]
    for month, found in ((APRIL, launches), (JUNE, launches), (MAY, [*launches, "list_price"])):
        store_products(landing, store, month)
        assert judged(landing, store, "products", JUNE).rows["subject"].tolist() == found


def test_overrides_are_compared_with_the_best_of_twelve_months(landing, store):
    finding = judged(landing, store, "overrides", JUNE)
    assert finding.rows["sku"].tolist() == ["A"]
    assert "its best month of the year has 200" in finding.message


@pytest.mark.parametrize("source", ["products", "overrides"])
def test_several_months_and_no_sell_in_find_nothing(landing, store, source):
    assert judged(landing, store, source, MAY, JUNE).violations == 0
    (landing / "sell_in" / "FR.csv").write_text("country,sku,month,units\nFR,A,2024-07,5\n", encoding="utf-8")
    assert judged(landing, store, source, JUNE).violations == 0


def test_sell_in_that_cannot_be_used_fails_in_its_own_asset_alone(landing, store):
    (landing / "sell_in" / "FR.csv").write_text("country,sku\nFR,A\n", encoding="utf-8")
    assert judged(landing, store, "overrides", JUNE).violations == 0
