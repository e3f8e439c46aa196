"""Pooling through the graph: rows and model by month alone, and the markets' models made with them."""

import json
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.operations.cycle.launch import failures_of
from forecast_assets_tests.defs.assets.company import (
    CODES,
    DECEMBER,
    MADE_FROM,
    NOVEMBER,
    OF_POOLED_MARKET,
    Company,
    succeeded,
)

pytestmark = pytest.mark.heavy

PAGE = (Path(__file__).parents[3] / "docs" / "bad-input.md").read_text(encoding="utf-8")


def test_rows_of_a_month_are_those_of_the_features_of_all_markets_with_the_months_sell_in(pooling):
    rows = pooling.read("pooled_rows", None, NOVEMBER)
    for code in CODES:
        features = pooling.read("features", code, NOVEMBER)
        own = rows[rows["market"] == code]
        assert sorted(own["sku"]) == sorted(features["sku"])
        sold = pooling.read("sell_in", code, NOVEMBER).set_index("sku")["sell_in_units"]
        assert own.set_index("sku")["sell_in_units"].dropna().to_dict() == sold.reindex(own["sku"]).dropna().to_dict()


def test_each_market_gives_its_part_of_the_skus_that_the_company_allows(pooling, tmp_path):
    copy = pooling.copied_to(tmp_path / "copy", "features", "sell_in")
    succeeded(copy.run("pool_rows", None, NOVEMBER, FORECAST_POOLED_SKUS="15"))
    assert copy.read("pooled_rows", None, NOVEMBER)["market"].value_counts().to_dict() == dict.fromkeys(CODES, 5)


def test_the_model_is_made_from_months_before_its_own_and_a_later_one_changes_nothing(pooling, tmp_path):
    place = next(iter(pooling.store.list_partitions("pooled_model")))
    read = sorted(pooling.store.provenance("pooled_model", place).inputs["pooled_rows"])
    assert read[-1] == NOVEMBER
    assert pooling.has("pooled_rows", None, DECEMBER)
    copy = pooling.copied_to(tmp_path / "copy", "pooled_rows")
    for file in (tmp_path / "copy" / "store" / "pooled_rows").glob(f"month={DECEMBER}/*"):
        file.unlink()
    succeeded(copy.run("pool_model", None, DECEMBER))
    assert copy.hashes("pooled_model", None) == pooling.hashes("pooled_model", None)


@pytest.mark.parametrize("of", ["company", "pooling"])
def test_with_the_model_and_where_pooling_is_off_nothing_is_missing(of, request):
    missing = request.getfixturevalue(of).read("forecasts", "NO", DECEMBER)["inputs_missing"]
    assert not missing.str.contains("pooled_model").any()


def test_where_pooling_is_off_a_model_that_is_there_is_not_read(company, pooling, tmp_path):
    copy = pooling.copied_to(tmp_path / "copy", *MADE_FROM, "pooled_model")
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER, assets=["model"], FORECAST_POOLED_SKUS="0"))
    assert copy.hashes("model", "NO")["2024-12"] == company.hashes("model", "NO")["2024-12"]


def test_the_same_inputs_give_the_same_forecasts_again(pooling, tmp_path):
    copy = pooling.copied_to(tmp_path / "copy", *MADE_FROM, "pooled_model")
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER, assets=OF_POOLED_MARKET))
    for table in OF_POOLED_MARKET:
        assert copy.hashes(table, "NO")["2024-12"] == pooling.hashes(table, "NO")["2024-12"]


def forget_features_before_november(copy: Company) -> None:
    """Leave NO a single earlier origin, as a market has in its second year's first months."""
    for partition in (copy.base / "store" / "features" / "country=NO").glob("month=*"):
        if partition.name < f"month={NOVEMBER}":
            next(partition.glob("*.parquet")).unlink()


def test_a_market_too_young_to_train_is_forecast_and_its_forecasts_need_the_stored_model_alone(pooling, tmp_path):
    copy = pooling.copied_to(tmp_path / "copy", *MADE_FROM, "pooled_model")
    forget_features_before_november(copy)
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER, assets=["model"]))
    parts = copy.read("model", "NO", DECEMBER)
    assert parts.loc[parts["part"] != "manifest.json", "part"].str.startswith("pooled_").all()
    assert json.loads(parts.loc[parts["part"] == "manifest.json", "content"].item())["pooled_share"] == 1.0
    for file in (tmp_path / "copy" / "store" / "pooled_model").rglob("*.parquet"):
        file.unlink()
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER, assets=["forecasts"]))
    forecasts = copy.read("forecasts", "NO", DECEMBER)
    assert forecasts.groupby("sku").size().unique().tolist() == [18]
    assert not forecasts["inputs_missing"].str.contains("pooled_model").any()


def test_without_the_model_such_a_market_fails_alone_with_what_to_do(pooling, tmp_path):
    copy = pooling.copied_to(tmp_path / "copy", *MADE_FROM)
    forget_features_before_november(copy)
    (failure,) = failures_of(copy.run("monthly_cycle", "NO", DECEMBER, assets=["model"]))
    advice = "Materialize features of more earlier months first."
    assert advice in failure
    assert advice in PAGE
    assert not copy.has("model", "NO", DECEMBER)


def test_too_little_history_over_all_markets_is_stored_with_its_reason_and_markets_say_so(pooling, tmp_path):
    copy = pooling.copied_to(tmp_path / "copy", *MADE_FROM)
    succeeded(copy.run("pool_rows", None, NOVEMBER))
    succeeded(copy.run("pool_model", None, DECEMBER))
    (manifest,) = copy.read("pooled_model", None, DECEMBER)["content"]
    assert "expected at least 200" in json.loads(manifest)["reason"]
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER, assets=["model", "forecasts"]))
    assert copy.read("forecasts", "NO", DECEMBER)["inputs_missing"].str.contains("pooled_model").all()


def test_a_company_of_one_market_does_without_and_misses_nothing(pooling, tmp_path):
    copy = pooling.copied_to(tmp_path / "copy", *MADE_FROM)
    markets = (tmp_path / "copy" / "markets.yaml").read_text(encoding="utf-8").splitlines()
    (tmp_path / "copy" / "markets.yaml").write_text("\n".join(markets[:2]), encoding="utf-8")
    succeeded(copy.run("monthly_cycle", "FR", DECEMBER, assets=["model", "forecasts"]))
    assert not copy.read("forecasts", "FR", DECEMBER)["inputs_missing"].str.contains("pooled_model").any()
    assert pd.Timestamp(DECEMBER) in {place.month for place in copy.store.list_partitions("model")}
