"""Plans that a delivery holds no more, against a store with those of earlier months."""

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.validation.delivery_checks import (
    COLUMNS_VANISHED,
    OVERRIDES_LAPSED,
    OVERRIDES_UNUSED,
    PROMOTIONS_STALE,
    PROMOTIONS_UNUSED,
)
from forecast_assets.validation.plan_checks import known_skus, lapsed_check, plan_check, stale_check, vanished_check
from forecast_assets.validation.table_checks import Finding

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
HEADER = "country,sku,origin_month,target_month,forecast_units,author,reason\n"
MARKETS = {code: Market(code, code, code, f"{code}X", "Europe", pd.Timestamp("2023-01-01")) for code in ("FR", "NO")}


@pytest.fixture
def store(tmp_path) -> TableStore:
    """A store in which SKU A of FR was overridden for September, at the origin of May."""
    rows = pd.DataFrame(
        {"sku": ["A"], "target_month": pd.to_datetime(["2024-09-01"]), "forecast_units": 9.0, "author": "Ann",
         "reason": "listing"}
    )  # fmt: skip
    store = TableStore(str(tmp_path / "store"))
    store.write(table_specs()["overrides"], PartitionKey(MAY, "FR"), rows, Provenance("run", "dev-2024-05", "sha"))
    return store


def lapsed(base, store, months=(JUNE,), **files: str) -> tuple[int, str]:
    """Deliver files of overrides by market and return the violations and the message of FR's check."""
    folder = base / "landing" / "overrides"
    folder.mkdir(parents=True)
    for code, rows in files.items():
        (folder / f"{code}.csv").write_text(HEADER + rows, encoding="utf-8")
    sources = SourceTables(str(base / "landing"), MARKETS)
    check = lapsed_check(OVERRIDES_LAPSED, sources, store, "FR", {month: pd.DataFrame() for month in months})
    finding = check.find(pd.DataFrame(), JUNE)
    return finding.violations, finding.message


MINE, OF_MAY = "FR,A,2024-05,2024-09,9,Ann,listing\n", "NO,Z,2024-05,2024-09,9,Ann,listing\n"


def test_a_folder_without_overrides_is_found_by_what_was_in_force(tmp_path, store):
    violations, message = lapsed(tmp_path, store)
    assert violations == 1
    assert "SKU A for 2024-09 by Ann, of origin 2024-05 (its row is no longer delivered)" in message


def test_a_file_that_is_gone_beside_files_that_keep_earlier_origins_is_found(tmp_path, store):
    assert lapsed(tmp_path, store, NO=OF_MAY)[0] == 1


def test_a_row_that_left_a_file_with_earlier_origins_is_found(tmp_path, store):
    assert lapsed(tmp_path, store, FR="FR,B,2024-05,2024-09,9,Ann,listing\n")[0] == 1


def test_files_of_the_month_alone_replace_those_of_the_month_before(tmp_path, store):
    assert lapsed(tmp_path, store, NO="NO,Z,2024-06,2024-09,9,Ann,listing\n") == (0, "")


def test_a_row_that_is_still_delivered_or_a_run_over_months_is_no_finding(tmp_path, store):
    assert lapsed(tmp_path, store, FR=MINE) == (0, "")
    assert lapsed(tmp_path / "again", store, months=(MAY, JUNE)) == (0, "")


def test_promotions_of_stored_months_show_that_plans_ahead_are_expected(store):
    rows = pd.DataFrame({"sku": ["A"], "is_promoted": 1.0, "discount_pct": 0.2})
    for month in pd.date_range("2023-12-01", MAY, freq="MS"):
        ahead = rows.assign(promotion_month=month + pd.DateOffset(months=1))
        written = Provenance("run", f"dev-{month:%Y-%m}", "sha")
        store.write(table_specs()["promotions"], PartitionKey(month, "FR"), ahead, written)
    now = rows.assign(promotion_month=JUNE)
    assert stale_check(PROMOTIONS_STALE, store, "FR", {JUNE: now}).find(now, JUNE).violations == 6
    assert stale_check(PROMOTIONS_STALE, store, "NO", {JUNE: now}).find(now, JUNE).violations == 0
    assert stale_check(PROMOTIONS_STALE, store, "FR", {MAY: now, JUNE: now}).find(now, JUNE).violations == 0


def test_products_without_the_ends_that_were_stored_are_found(store):
    spec = table_specs()["products"]
    rows = pd.DataFrame({name: [None, None] for name in spec.arrow_schema.names}).assign(
        sku=["A", "B"], end_month=pd.Timestamp("2024-12-01")
    )
    store.write(spec, PartitionKey(MAY, "FR"), rows, Provenance("run", "dev-2024-05", "sha"))
    now = rows.assign(end_month=pd.NaT)
    check = vanished_check(COLUMNS_VANISHED, "products", store, "FR", {JUNE: now})
    assert "end_month (of 2 rows)" in check.find(now, JUNE).message
    assert vanished_check(COLUMNS_VANISHED, "products", store, "FR", {JUNE: rows}).find(rows, JUNE).violations == 0
    both = {MAY: now, JUNE: now}
    assert vanished_check(COLUMNS_VANISHED, "products", store, "FR", both).find(now, JUNE).violations == 0


def planned(base, store, months=(JUNE,), sell_in: str = "units") -> Finding:
    """Deliver promotions of eleven SKUs that are never sold, and return the finding of June."""
    files = {
        "sell_in": f"country,sku,month,{sell_in}\nFR,A,2024-05,9\nFR,A,2024-06,9\n",
        "promotions": "country,sku,month,discount_pct\n" + "".join(f"FR,X{each},2024-06,10\n" for each in range(11)),
    }
    for source, text in files.items():
        (base / "landing" / source).mkdir(parents=True)
        (base / "landing" / source / "FR.csv").write_text(text, encoding="utf-8")
    sources = SourceTables(str(base / "landing"), MARKETS)
    tables = {month: sources.rows("promotions", "FR", [month]) for month in months}
    check = plan_check(PROMOTIONS_UNUSED, "promotions", sources, store, "FR", tables)
    return check.find(pd.DataFrame(), JUNE)


def test_rows_of_plans_without_a_sku_are_counted_and_ten_are_kept(tmp_path, store):
    finding = planned(tmp_path, store)
    assert (finding.violations, len(finding.rows)) == (11, 10)
    assert finding.message.startswith("11 promotions meet no SKU: SKU X0 in 2024-06")


def test_plans_of_several_months_or_beside_unusable_sell_in_are_not_judged(tmp_path, store):
    assert planned(tmp_path / "months", store, (MAY, JUNE)) == Finding()
    assert planned(tmp_path / "unusable", store, sell_in="units_of_what") == Finding()


def test_a_file_of_the_month_alone_replaces_the_markets_own_of_the_month_before(tmp_path, store):
    assert lapsed(tmp_path, store, FR="FR,B,2024-06,2024-09,9,Ann,listing\n") == (0, "")


@pytest.mark.parametrize(("first", "violations"), [("2023-11-01", 6), ("2023-12-01", 0)])
def test_seven_stored_months_show_that_each_brings_new_promotions(store, first, violations):
    """Each month knows the three after it; June knows no more than May did."""
    rows = pd.DataFrame({"sku": ["A"] * 3, "is_promoted": 1.0, "discount_pct": 0.2})
    for month in pd.date_range(first, MAY, freq="MS"):
        known = rows.assign(promotion_month=[month + pd.DateOffset(months=ahead) for ahead in (1, 2, 3)])
        store.write(
            table_specs()["promotions"],
            PartitionKey(month, "FR"),
            known,
            Provenance("run", f"dev-{month:%Y-%m}", "sha"),
        )
    assert stale_check(PROMOTIONS_STALE, store, "FR", {JUNE: known}).find(known, JUNE).violations == violations


def deliver(base, **files: str) -> SourceTables:
    """Deliver a file of FR by source."""
    for source, text in files.items():
        (base / "landing" / source).mkdir(parents=True)
        (base / "landing" / source / "FR.csv").write_text(text, encoding="utf-8")
    return SourceTables(str(base / "landing"), MARKETS)


B_EACH_MONTH = "".join(f"FR,B,{month:%Y-%m},9\n" for month in pd.date_range("2023-06-01", JUNE, freq="MS"))


PRODUCTS = "country,sku,category,end_month\nFR,B,Tea,\nFR,Z,Tea,\nFR,OLD,Tea,2023-12\n"


def test_skus_that_sell_are_forecast_and_those_that_ended_were_sold(tmp_path):
    sell_in = f"country,sku,month,units\n{B_EACH_MONTH}FR,A,2023-07,9\nFR,OLD,2023-06,9\n"
    sources = deliver(tmp_path, sell_in=sell_in, products=PRODUCTS)
    known = known_skus(sources, "FR", JUNE)
    assert (known.forecast, known.sold) == ({"A", "B"}, {"A", "B", "OLD"})
    assert known.listed == {"B", "Z", "OLD"}
    assert known.ends.to_dict() == {"OLD": pd.Timestamp("2023-12-01")}


def test_an_override_that_came_after_its_origin_is_told_by_the_stored_month(tmp_path, store):
    late = HEADER + "FR,A,2024-05,2024-09,9,Ann,listing\nFR,A,2024-05,2024-10,9,Ann,listing\n"
    sell_in = "country,sku,month,units\nFR,A,2024-05,9\nFR,A,2024-06,9\n"
    sources = deliver(tmp_path, sell_in=sell_in, overrides=late)
    check = plan_check(OVERRIDES_UNUSED, "overrides", sources, store, "FR", {JUNE: pd.DataFrame()})
    finding = check.find(pd.DataFrame(), JUNE)
    assert finding.message.startswith("1 overrides meet no forecast: SKU A for 2024-10 by Ann (delivered after its")
