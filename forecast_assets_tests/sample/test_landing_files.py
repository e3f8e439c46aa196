"""The files of the sample keep the landing contract: names, columns, types, keys."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from forecast_assets.config.markets import load_markets
from forecast_assets.sample import SAMPLE_MARKETS, write_sample_company
from forecast_assets.sample.countries import FIRST_MARKETS
from forecast_assets.sample.files import write_oxcgrt

TEXT, DATE, NUMBER = pa.string(), pa.date32(), pa.float64()
KEY = {"country": TEXT, "sku": TEXT, "month": DATE}
COLUMNS = {
    "sell_in": KEY | {"units": NUMBER, "net_sales": NUMBER},
    "sell_out": KEY
    | {"units": NUMBER, "stock_units": NUMBER, "distribution_pct": NUMBER, "price": NUMBER, "is_promoted": NUMBER},
    "products": dict.fromkeys(["country", "sku", "category", "brand", "pack", "price_tier", "channel"], TEXT)
    | {"case_units": NUMBER, "list_price": NUMBER, "launch_month": DATE, "end_month": DATE}
    | {"reference_sku": TEXT, "known_from": DATE},
    "promotions": KEY | {"is_promoted": NUMBER, "discount_pct": NUMBER, "known_from": DATE},
}

OVERRIDE_COLUMNS = [
    "country",
    "sku",
    "origin_month",
    "target_month",
    "forecast_units",
    "author",
    "reason",
    "known_from",
]


@pytest.mark.parametrize("source", COLUMNS)
def test_every_parquet_file_has_the_columns_and_types_of_the_contract(company, source):
    files = list((company.landing / source).glob("*.parquet"))
    assert files
    for file in files:
        schema = pq.read_schema(file)
        assert dict(zip(schema.names, schema.types, strict=True)) == COLUMNS[source], file.name


def test_the_last_calendar_year_comes_in_monthly_files_and_earlier_years_in_yearly_ones(company):
    names = sorted(path.stem for path in (company.landing / "sell_in").glob("FR_*.parquet"))
    assert names == ["FR_2019", "FR_2020", "FR_2021", "FR_2022", "FR_2023", *[f"FR_2024-{m:02d}" for m in range(1, 13)]]


def test_each_file_holds_only_the_market_and_months_of_its_name(company):
    for file in (company.landing / "sell_out").glob("*.parquet"):
        code, period = file.stem.split("_")
        rows = pd.read_parquet(file)
        assert set(rows["country"]) == {code}
        assert {f"{month}"[: len(period)] for month in rows["month"]} == {period}


@pytest.mark.parametrize("source", ["sell_in", "sell_out"])
def test_a_sku_has_one_row_a_month_at_most(company, source):
    assert not company.read(source).duplicated(["country", "sku", "month"]).any()


def test_months_are_the_first_of_the_month_and_all_asked_for_are_there(company):
    months = company.read("sell_in")["month"]
    assert sorted(months.unique()) == list(pd.date_range("2019-01-01", "2024-12-01", freq="MS"))


def test_a_month_of_zero_sell_in_has_no_row_and_a_month_of_zero_sell_out_has_one(company):
    assert (company.read("sell_in")["units"] != 0).all()
    assert (company.read("sell_out")["units"] == 0).any()


def test_norway_and_namibia_survive_as_text(company):
    for source in COLUMNS:
        assert {"NO", "NA"} <= set(company.read(source)["country"])
    overrides = pd.read_csv(company.landing / "overrides" / "NA.csv", dtype=str, keep_default_na=False)
    assert set(overrides["country"]) == {"NA"}


def test_skus_keep_their_leading_zeros(company):
    skus = company.read("sell_in")["sku"]
    assert (skus.str.len() == 6).all()
    assert skus.str.startswith("0").any()


def test_each_market_lists_as_many_skus_as_asked_for_less_those_not_announced_yet(company):
    listed = company.read("products").groupby("country")["sku"].nunique()
    assert (listed <= 60).all()
    assert (listed >= 57).all()


def test_facts_have_no_rows_outside_the_life_of_a_sku(company):
    products = company.read("products").sort_values("known_from").groupby(["country", "sku"]).tail(1)
    for source in ("sell_in", "sell_out"):
        rows = company.read(source).merge(products, on=["country", "sku"], validate="m:1")
        assert len(rows) == len(company.read(source))
        assert (rows["month"] >= rows["launch_month"]).all()
        assert (rows["month"] <= rows["end_month"].fillna(pd.Timestamp("2100-01-01"))).all()


def test_a_reference_sku_is_another_sku_of_the_same_market_and_category(company):
    products = company.read("products").drop_duplicates(["country", "sku"])
    named = products.dropna(subset=["reference_sku"])
    assert len(named) > 10
    category = products.set_index(["country", "sku"])["category"]
    of_reference = category.loc[list(zip(named["country"], named["reference_sku"], strict=True))]
    assert list(of_reference) == list(named["category"])
    assert (named["sku"] != named["reference_sku"]).all()


def test_overrides_were_entered_within_their_origin_month_for_later_months(company):
    for code in ("FR", "NA"):
        rows = pd.read_csv(company.landing / "overrides" / f"{code}.csv", dtype=str, keep_default_na=False)
        assert list(rows) == OVERRIDE_COLUMNS
        origin, target, known = (
            pd.to_datetime(rows[name]).dt.to_period("M") for name in ("origin_month", "target_month", "known_from")
        )
        assert len(rows) > 0
        assert (known == origin).all()
        assert (target > origin).all()
        assert (rows["forecast_units"].astype(float) >= 0).all()


@pytest.mark.parametrize("index", ["StringencyIndex", "EconomicSupportIndex"])
def test_the_oxcgrt_file_has_the_official_wide_shape(company, index):
    file = company.landing / "oxcgrt" / f"OxCGRT_timeseries_{index}_v1.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    ids = ["CountryCode", "CountryName", "RegionCode", "RegionName", "CityCode", "CityName", "Jurisdiction"]
    assert list(rows.columns[:9]) == [*ids, "01Jan2020", "02Jan2020"]
    assert rows.columns[-1] == "28Feb2023"
    national = rows[rows["Jurisdiction"] == "NAT_TOTAL"].set_index("CountryCode")
    assert sorted(national.index) == sorted(market.iso3 for market in FIRST_MARKETS)
    assert (rows["Jurisdiction"] == "STATE_TOTAL").sum() >= 5
    values = national.loc[:, "01Jan2020":"31Dec2022"].astype(float)
    assert values.min().min() >= 0
    assert values.max().max() <= 100
    assert (rows.loc[:, "01Jan2023":] == "").all().all()


def test_the_markets_file_can_be_loaded_and_quotes_norway(tmp_path):
    file = tmp_path / "conf" / "markets.yaml"
    summary = write_sample_company(tmp_path / "landing", markets=6, skus=5, months=2, markets_file=file)
    markets = load_markets(file)
    assert list(markets) == ["FR", "DE", "BR", "MX", "NO", "NA"] == list(summary.markets)
    assert markets["NA"].since == pd.Timestamp("2024-11-01")
    assert all(isinstance(entry["code"], str) for entry in yaml.safe_load(file.read_text())["markets"])


def test_the_tracker_also_lists_the_countries_of_a_company_beyond_the_first_forty(tmp_path):
    assert write_oxcgrt(tmp_path, 7, [*SAMPLE_MARKETS[:3], *SAMPLE_MARKETS[40:42]]) == 2
    rows = pd.read_csv(tmp_path / "oxcgrt" / "OxCGRT_timeseries_StringencyIndex_v1.csv", dtype=str)
    listed = set(rows.loc[rows["Jurisdiction"] == "NAT_TOTAL", "CountryCode"])
    assert listed == {market.iso3 for market in FIRST_MARKETS} | {"LUX", "ALB"}


def test_there_are_two_hundred_markets_with_unique_codes_and_the_first_four_lie_in_two_regions():
    assert len({market.code for market in SAMPLE_MARKETS}) == 200
    assert len({market.iso3 for market in SAMPLE_MARKETS}) == 200
    assert len({market.region for market in SAMPLE_MARKETS[:4]}) == 2
