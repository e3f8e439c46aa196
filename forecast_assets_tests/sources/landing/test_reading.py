"""Rows of a good delivery: keys as text, casts, shapes united, files and rows kept."""

import pandas as pd
import pytest
from upath import UPath

from forecast_assets.sources.landing import LandingFolder, source_named
from forecast_assets_tests.sources.landing.deliveries import SELL_IN, TODAY, Deliveries

JUNE = pd.Timestamp("2024-06-01")
ODD_SKUS = ["NULL", "NA", "nan", "None", "007", "it's", 'say ""hi""', "a/b\\c", "🍫"]


@pytest.mark.parametrize("market", ["NO", "NA"])
def test_a_market_called_no_or_na_is_a_market(landing, market):
    landing.sell_in(f"{market},A,2024-06,5\nFR,A,2024-06,1\n")
    assert landing.rows(market=market)["units"].tolist() == [5.0]


@pytest.mark.parametrize("sku", ODD_SKUS)
def test_odd_skus_are_kept_letter_by_letter(landing, sku):
    landing.sell_in(f'FR,"{sku}",2024-06,5\n')
    assert landing.rows()["sku"].tolist() == [sku.replace('""', '"')]
    plain = sku.replace('""', '"')
    other = Deliveries(landing.base / "parquet")
    other.put("sell_in/a.parquet", pd.DataFrame({"country": "FR", "sku": [plain], "month": [JUNE], "units": [1]}))
    assert other.rows()["sku"].tolist() == [plain]


@pytest.mark.parametrize("cells", ["FR,A ", "FR, A", "FR ,A", " FR,  A  "])
def test_blanks_around_codes_do_not_count(landing, cells):
    landing.sell_in(f"{cells},2024-06,5\n")
    assert landing.rows()[["country", "sku", "units"]].to_numpy().tolist() == [["FR", "A", 5.0]]
    other = Deliveries(landing.base / "parquet")
    country, sku = cells.split(",")
    other.put("sell_in/a.parquet", pd.DataFrame({"country": [country], "sku": [sku], "month": [JUNE], "units": [1]}))
    assert other.rows()[["country", "sku"]].to_numpy().tolist() == [["FR", "A"]]


@pytest.mark.parametrize("month", ["2024-06", "2024-06-01", "2024-06-30", "202406", "20240601", "2024-06-01 00:00:00"])
def test_months_are_read_in_the_usual_spellings(landing, month):
    landing.sell_in(f"FR,A,{month},5\n")
    assert landing.rows()["month"].tolist() == [JUNE]


def test_files_of_different_types_are_united(landing):
    landing.put("sell_in/a.parquet", pd.DataFrame({"country": "FR", "sku": [1], "month": [JUNE], "units": [2]}))
    landing.put(
        "sell_in/b.parquet", pd.DataFrame({"COUNTRY": "FR", "Sku": ["2"], "month": ["2024-06"], " units": ["3.5"]})
    )
    landing.put("sell_in/deep/er/c.csv", "units,country,month,sku,net_sales,remark\n4,FR,202406,3,9.5,x\n")
    rows = landing.rows().sort_values("sku")
    assert rows["sku"].tolist() == ["1", "2", "3"]
    assert rows["units"].tolist() == [2.0, 3.5, 4.0]
    assert rows["net_sales"].fillna(-1).tolist() == [-1, -1, 9.5]


def test_every_row_names_its_file_and_its_place_in_it(landing):
    landing.sell_in("DE,A,2024-06,1\nFR,A,2024-06,1\n", "x.csv").sell_in("FR,B,2024-06,1\nFR,C,2024-06,1\n", "y.csv")
    month = {"month": [JUNE] * 2, "units": [1, 1]}
    landing.put("sell_in/z.parquet", pd.DataFrame({"country": ["DE", "FR"], "sku": ["D", "D"]} | month))
    rows = landing.rows()
    assert list(zip(rows["sku"], rows["_file"], rows["_row"], strict=True)) == [
        ("A", "sell_in/x.csv", 2),
        ("B", "sell_in/y.csv", 1),
        ("C", "sell_in/y.csv", 2),
        ("D", "sell_in/z.parquet", 2),
    ]


def test_transactions_may_repeat_a_key_even_where_they_carry_their_month(landing):
    landing.put("sell_in/a.csv", "country,sku,month,date,units\nFR,A,2024-06,2024-06-03,1\nFR,A,2024-06,2024-06-03,1\n")
    assert len(landing.rows()) == 2


def test_hidden_and_temporary_files_are_not_deliveries(landing):
    landing.sell_in("FR,A,2024-06,1\n")
    for name in ("_SUCCESS.csv", ".a.csv", "b.csv.tmp", "_temporary/c.csv", "notes.txt"):
        landing.put(f"sell_in/{name}", "broken")
    assert [file.relative for file in landing.folder.files("sell_in")] == ["sell_in/all.csv"]
    assert len(landing.rows()) == 1


def test_a_column_may_stand_in_the_path(landing):
    landing.put("sell_in/country=FR/a.csv", "sku,month,units\nA,2024-06,1\n")
    landing.put("sell_in/country=DE/a.csv", "sku,month,units\nA,2024-06,2\n")
    assert landing.rows(market="DE")["units"].tolist() == [2.0]
    assert landing.folder.unknown_countries("sell_in", ["FR"]) == {"DE": 1}


def test_a_file_name_does_not_decide_whose_rows_it_holds(landing):
    landing.sell_in("FR,A,2024-06,1\n", "DE_2024.csv")
    assert len(landing.rows(market="FR")) == 1


def test_a_restated_file_replaces_what_it_held(landing):
    folder = landing.sell_in("FR,A,2024-06,1\n").folder
    assert folder.relation("sell_in", "FR", TODAY).df()["units"].tolist() == [1.0]
    landing.sell_in("FR,A,2024-06,2.5\nFR,B,2024-06,1\n")
    assert folder.relation("sell_in", "FR", TODAY).df()["units"].tolist() == [2.5, 1.0]


def test_a_source_that_was_never_delivered_is_an_empty_relation(landing):
    landing.sell_in("FR,A,2024-06,1\n")
    rows = landing.rows("sell_out")
    assert rows.empty
    assert set(source_named("sell_out").column_names) <= set(rows.columns)
    assert not landing.folder.has_source("sell_out")


def test_further_product_columns_are_attributes(landing):
    landing.put("products/p.csv", 'sku,category,Pack size,name\nA,x,1 l,"it\'s"\n')
    landing.put("products/q.parquet", pd.DataFrame({"sku": ["B"], "category": ["y"], "vegan": [True]}))
    assert landing.rows("products")["attributes"].tolist() == [
        '{"name":"it\'s","pack size":"1 l","vegan":null}',
        '{"name":null,"pack size":null,"vegan":"true"}',
    ]


def test_missing_numbers_of_a_float_column_are_empty_not_bad(landing):
    frame = {"country": "FR", "sku": ["A", "B"], "month": [JUNE] * 2, "units": [1, 2], "net_sales": [float("nan"), 3]}
    landing.put("sell_in/a.parquet", pd.DataFrame(frame))
    assert landing.rows()["net_sales"].fillna(-1).tolist() == [-1, 3]


def test_a_landing_on_another_file_system_reads_the_same():
    base = UPath("memory://landing-of-a-company/main")
    (base / "sell_in").mkdir(parents=True, exist_ok=True)
    (base / "sell_in" / "a.csv").write_text(SELL_IN + "FR,A,2024-06,1\nFR,B,2024-06,2\n")
    frame = pd.DataFrame({"country": ["FR"], "sku": ["C"], "month": [JUNE], "units": [3]})
    (base / "sell_in" / "b.parquet").write_bytes(frame.to_parquet(index=False))
    folder = LandingFolder(str(base))
    rows = folder.relation("sell_in", "FR", TODAY).df()
    assert rows["units"].tolist() == [1.0, 2.0, 3.0]
    assert rows["_file"].tolist() == ["sell_in/a.csv", "sell_in/a.csv", "sell_in/b.parquet"]


def test_an_unknown_source_lists_the_known_ones(landing):
    with pytest.raises(KeyError, match="overrides, products, promotions, sell_in, sell_out"):
        landing.folder.files("sellin")
