"""The same deliveries as files and as tables in Dremio become the same tables of ours, to the last bit."""

import pandas as pd
import pytest

from forecast_assets.config.markets import load_markets
from forecast_assets.sample import write_sample_company
from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import PartitionKey, content_hash
from forecast_assets.storage.table_spec import to_arrow
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.integration.flight_company import load, tables_of
from forecast_assets_tests.integration.flight_server import DremioStandIn
from forecast_assets_tests.sources.landing.deliveries import Deliveries

TABLES = ("sell_in", "sell_out", "products", "promotions", "overrides")
MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2024-01-01}
  - {code: "NO", name: N, iso2: "NO", iso3: NOR, region: Europe, since: 2024-01-01, missing_month: unknown}
  - {code: "NA", name: N, iso2: "NA", iso3: NAM, region: Africa, since: 2024-01-01}
"""
ODD = 'O\'Neil ""x"" / 50%_\\'
SELL_IN = f"""country,sku,month,units,net_sales
FR,NULL,2024-01,5,9.5
FR,NA,2024-01,-2,-3.25
FR,"{ODD}",2024-01,1e3,
FR,NULL,2024-04,0.1,0.3
FR,NA,2024-04-01,7,
FR,007,202404,3,1
NO,NULL,2024-01,3,
NO,NULL,2024-04,4,
NO,B,2024-04,1,
NA,NA,2024-01,3,1
NA,NULL,2024-04,2,1
"""
DAYS = """country,sku,date,units
FR,D,2024-01-03,3
FR,D,2024-01-03,0.5
FR,D,2024-01-31,-1
FR,D,20240430,2
NO,D,2024-04-30,2
"""
LATE = """country,sku,month,units,net_sales,known_from
FR,NULL,2024-01,6,11.5,2024-04-30
FR,NULL,2024-01,7,12.5,20240501
FR,SINCE APRIL,2024-01,4,,2024-04-03
FR,D,2024-01,9,,2024-04-05
NO,NULL,2024-04,40,,2024-05-01
NA,NA,2024-01,3,1,2024-04-04
"""
LATE_DAYS = """country,sku,date,units,price,known_from
FR,NULL,2024-01-09,3,4.5,2024-04-02
"""
SELL_OUT = """country,sku,date,units,stock_units,distribution_pct,price,is_promoted
FR,NULL,2024-01-05,2,50,40,1.5,0
FR,NULL,2024-01-09,2,40,50,2.5,true
FR,NULL,2024-01-20,1,,,,
FR,NULL,2024-04-20,1,7,12.5,1.25,1
"""
PRODUCTS = """sku,country,category,brand,pack,launch_month,end_month,reference_sku,known_from,Shelf life (days),tone
NULL,,Soups,Rivella,,,,NA,,30,"say ""hi"" \\ there"
NULL,FR,Soups,Rivella,6 x 0.5 l,2024-01,2200-01,,2024-02-15,40,
NULL,FR,Broths,Rivella,6 x 0.5 l,2024-01,2200-01,,2024-04-01,41,
NA,FR,Teas,,,2023-12,2024-02,,,,dark
B,NO,Teas,,,2024-03,,,2024-03-31,,
LATER,FR,Teas,,,2024-09,,NULL,2024-03-01,,
007,,Teas,,,,,,,,
"""
PROMOTIONS = """country,sku,month,is_promoted,discount_pct,known_from
FR,NULL,2024-03,1,0.25,2024-01-20
FR,NULL,2024-03,0,0.1,2024-04-02
FR,NA,2024-04,,0.3,
FR,NA,2024-06,true,,
"""
OVERRIDES = """country,sku,origin_month,target_month,forecast_units,author,reason,known_from
FR,NULL,2024-01,2024-03,900,A. Martin,listing,
FR,NULL,2024-04,2024-05,10,,,2024-04-20
FR,NULL,2024-04,2024-05,12,B,corrected,2024-04-30
FR,NULL,2024-04,2024-06,99,B,too late,2024-05-02
"""


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    """Returns, missing months, days, codes that look like nothing, rows known later, in three markets."""
    base = tmp_path_factory.mktemp("awkward")
    landing = Deliveries(base / "landing")
    landing.put("sell_in/late.csv", LATE).put("sell_out/late.csv", LATE_DAYS)
    landing.put("sell_in/months.csv", SELL_IN).put("sell_in/days.csv", DAYS).put("sell_in/again.csv", DAYS)
    landing.put("sell_out/all.csv", SELL_OUT).put("products/all.csv", PRODUCTS)
    landing.put("promotions/all.csv", PROMOTIONS).put("overrides/all.csv", OVERRIDES)
    (base / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    return base, list(pd.date_range("2024-01-01", "2024-04-01", freq="MS"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Two markets of the sample company with 15 SKUs, 26 months."""
    base = tmp_path_factory.mktemp("sample")
    write_sample_company(base / "landing", markets=2, skus=15, months=26, markets_file=base / "markets.yaml")
    return base, list(pd.date_range("2024-09-01", "2024-12-01", freq="MS"))


def hashes(tables: SourceTables, country: str, months: list[pd.Timestamp]) -> dict[str, str]:
    """Content hash by table and month, and a line per SQL test that found something."""
    hashes_by_name, specs = {}, table_specs()
    present = [month for month in months if month in tables.delivered_months("sell_in", country)]
    for table in TABLES:
        rows = tables.rows(
            table, country, months if table not in ("sell_in", "sell_out") else [present[0], present[-1]]
        )
        for month in months:
            frame = rows[rows["month"] == month].drop(columns="month").reset_index(drop=True)
            arrow = to_arrow(specs[table], PartitionKey(month, country), frame)
            hashes_by_name[f"{table} {month:%Y-%m} {len(frame)} rows"] = content_hash(
                arrow, specs[table].keys_of(arrow.column_names)
            )
        failed = [result.name for result in tables.sql_tests(table, country, months) if not result.passed]
        hashes_by_name[f"{table} tests"] = f"failed: {failed}"
    return hashes_by_name


@pytest.mark.integration
@pytest.mark.parametrize("as_text", [False, True], ids=["typed", "all text"])
@pytest.mark.parametrize("company", ["awkward", "sample"])
def test_files_and_tables_give_equal_hashes(company, as_text, request):
    base, months = request.getfixturevalue(company)
    markets = load_markets(str(base / "markets.yaml"))
    files = SourceTables(str(base / "landing"), markets)
    with DremioStandIn() as server:
        load(server, base / "landing", as_text=as_text)
        lake = SourceTables(str(base / "landing"), markets, lake=tables_of(server))
        assert (files.engine_name, lake.engine_name) == ("duckdb", "dremio")
        for country in markets:
            expected = hashes(files, country, months)
            assert any(not name.endswith(" 0 rows") for name in expected if name.startswith("sell_in 2024-"))
            assert hashes(lake, country, months) == expected


def test_what_is_asked_of_folder_and_tables_is_answered_alike(awkward):
    base, _ = awkward
    folder = LandingFolder(str(base / "landing"), known_codes=["FR", "NO", "NA"])
    with DremioStandIn() as server:
        load(server, base / "landing", as_text=True)
        lake = tables_of(server)
        for source in TABLES:
            assert lake.has_source(source) is folder.has_source(source) is True
        for source, market in (("sell_in", "FR"), ("sell_in", "NO"), ("sell_out", "FR"), ("sell_out", "NA")):
            assert lake.delivered_months(source, market) == folder.delivered_months(source, market)
        # The row of a day that two files deliver stands in the table once.
        assert folder.unknown_countries("sell_in", ["FR"]) == {"NA": 3, "NO": 6}
        assert lake.unknown_countries("sell_in", ["FR"]) == {"NA": 3, "NO": 5}
