"""The checks that a run of a source has: by source, and for one month or several."""

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.validation.run_checks import tables_and_checks
from forecast_assets.validation.source_checks import sql_declarations
from forecast_assets_tests.repository_settings import loaded

MARKETS = {"FR": Market("FR", "France", "FR", "FRA", "Europe", pd.Timestamp("2024-01-01"))}
MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
FILES = {
    "sell_in": "country,sku,month,units,net_sales\n"
    + "".join(f"FR,{sku},2024-{month:02d},100,200\n" for month in range(1, 7) for sku in "ABC"),
    "sell_out": "country,sku,month,units\nFR,A,2024-05,9\nFR,A,2024-06,9\n",
    "products": "country,sku,category\nFR,A,Tea\nFR,B,Tea\n",
    "promotions": "country,sku,month,discount_pct\nFR,NADA,2024-06,10\n",
    "overrides": "country,sku,origin_month,target_month,forecast_units,author,reason\n"
    "FR,NADA,2024-06,2024-09,5,Ann,x\n",
}
FORM = ["schema", "files_read", "country_spelling", "unknown_countries"]
RULES = [
    "respelled_skus", "vanished_skus", "total_as_sku", "repeated_rows", "days_missing", "market_volume",
    "category_volume", "sku_volume", "large_skus", "price_level", "column_level", "copied_month", "copied_column",
    "vanished_columns",
]  # fmt: skip


@pytest.fixture
def store(tmp_path) -> TableStore:
    """A store with the sell-in of May at 70 units, and sell-out and promotions of May."""
    store = TableStore(str(tmp_path / "store"))
    sell_in = pd.DataFrame({"sku": ["A", "B", "C"], "sell_in_units": 70.0, "net_sales": 200.0, "reason": "delivered"})
    sell_in["restated_month"] = pd.Series(pd.NaT, index=sell_in.index, dtype="datetime64[ns]")
    promotions = pd.DataFrame({"sku": ["A"], "promotion_month": [JUNE], "is_promoted": 1.0, "discount_pct": 0.2})
    for table, rows in (("sell_in", sell_in), ("promotions", promotions)):
        store.write(table_specs()[table], PartitionKey(MAY, "FR"), rows, Provenance("run", "dev-2024-05", "sha"))
    return store


def landing(tmp_path, *sources: str) -> SourceTables:
    for source in sources or FILES:
        folder = tmp_path / "landing" / source
        folder.mkdir(parents=True)
        (folder / "FR.csv").write_text(FILES[source], encoding="utf-8")
    return SourceTables(str(tmp_path / "landing"), MARKETS)


def checks_of(sources: SourceTables, store: TableStore, source: str, *months: pd.Timestamp):
    tables, checks = tables_and_checks(sources, store, loaded().checks, source, "FR", list(months))
    assert list(tables) == list(months)
    return tables, {check.name: check for check in checks}


def violations(sources, store, source: str, *months: pd.Timestamp) -> dict[str, int]:
    """Return the checks that fail in the last of the months, with the number of violations."""
    tables, checks = checks_of(sources, store, source, *months)
    found = {name: check.find(tables[months[-1]], months[-1]).violations for name, check in checks.items()}
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize(
    ("source", "further"),
    [
        ("sell_in", ["market_total_plausible", "returns_plausible", "unknown_skus", *RULES, "restated_history"]),
        ("sell_out", [*RULES, "restated_history", "copied_source", "source_gone"]),
        ("products", ["source_gone", "products_unmatched", "vanished_columns", "products_plausible"]),
        ("promotions", ["source_gone", "promotions_unused", "vanished_columns", "promotions_stale"]),
        ("overrides", ["source_gone", "overrides_unused", "overrides_lapsed", "overrides_plausible"]),
    ],
)
def test_each_source_has_the_checks_of_form_and_its_own(tmp_path, store, source, further):
    of_sql = {each.name for each in sql_declarations(source)}
    names = checks_of(landing(tmp_path), store, source, JUNE)[1]
    assert [name for name in names if name not in of_sql] == [*FORM, *further]


def test_sell_in_of_one_month_is_compared_with_what_is_stored(tmp_path, store):
    sources = landing(tmp_path)
    assert violations(sources, store, "sell_in", JUNE)["restated_history"] == 3
    assert "restated_history" not in violations(sources, store, "sell_in", MAY, JUNE)
    # The stored month is judged again: nothing earlier is stored.
    assert "restated_history" not in violations(sources, store, "sell_in", MAY)


def test_products_of_the_run_show_which_skus_are_unknown(tmp_path, store):
    """C is a third of the units and in no product list."""
    assert violations(landing(tmp_path), store, "sell_in", JUNE)["unknown_skus"] == 1


def test_sell_out_that_repeats_sell_in_is_found(tmp_path, store):
    """Six SKUs with units of their own; sell-in has them too, or one more of each."""
    units = {f"S{number}": 10 + number for number in range(6)}
    for source, more in (("sell_in", 0), ("sell_out", 0), ("sell_in", 1)):
        rows = "".join(f"FR,{sku},2024-06,{each + more}\n" for sku, each in units.items())
        (tmp_path / "landing" / source).mkdir(parents=True, exist_ok=True)
        (tmp_path / "landing" / source / "FR.csv").write_text(f"country,sku,month,units\n{rows}", encoding="utf-8")
        if source == "sell_out":
            sources = SourceTables(str(tmp_path / "landing"), MARKETS)
            assert violations(sources, store, "sell_out", JUNE)["copied_source"] == 6
    sources = SourceTables(str(tmp_path / "landing"), MARKETS)
    assert "copied_source" not in violations(sources, store, "sell_out", JUNE)


def test_plans_are_judged_in_runs_of_one_month(tmp_path, store):
    sources = landing(tmp_path)
    assert violations(sources, store, "overrides", JUNE) == {"overrides_unused": 1}
    assert violations(sources, store, "overrides", MAY, JUNE) == {}
    assert violations(sources, store, "promotions", JUNE) == {"promotions_unused": 1}


def test_a_source_that_is_gone_is_found_by_its_stored_month(tmp_path, store):
    sources = landing(tmp_path, "sell_in", "products")
    found = violations(sources, store, "promotions", JUNE)
    assert found == {"source_gone": 1}
    tables, checks = checks_of(sources, store, "promotions", JUNE)
    assert "promotions is gone altogether" in checks["source_gone"].find(tables[JUNE], JUNE).message
    # What came before the first month of the run counts, and what is stored for it does not.
    assert violations(sources, store, "promotions", MAY) == {}


@pytest.mark.parametrize("source", ["sell_out", "promotions"])
def test_a_source_that_is_delivered_has_rows_of_the_market(tmp_path, store, source):
    tables, checks = checks_of(landing(tmp_path), store, source, JUNE)
    assert checks["source_gone"].find(tables[JUNE], JUNE).figures == {"state": "delivered"}
