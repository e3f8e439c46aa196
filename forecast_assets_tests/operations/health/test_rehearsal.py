"""A delivery before its cycle: all checks of the month, and nothing is stored."""

import pandas as pd
import pytest

from forecast_assets.config.settings import load_settings
from forecast_assets.market_state.delivery_findings import DeliveryFindings
from forecast_assets.operations.health.rehearsal import rehearsed_findings
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.opened import open_store

JUNE = pd.Timestamp("2024-06-01")
HEADER = "country,sku,month,units\n"
SKUS = [f"R{number:02d}" for number in range(10)]
MARKETS = """markets:
  - {code: "FR", name: "France", iso2: "FR", iso3: "FRA", region: "Europe", since: 2024-01-01}
"""


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "landing" / "sell_in").mkdir(parents=True)
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    rows = [f"FR,{sku},2024-{month:02d},100\n" for month in range(1, 7) for sku in SKUS]
    deliver(tmp_path, "".join(rows))
    variables = {"STORE": "store", "LANDING": "landing", "MARKETS": "markets.yaml"}
    return load_settings({f"FORECAST_{name}": str(tmp_path / path) for name, path in variables.items()})


def deliver(base, rows: str) -> None:
    (base / "landing" / "sell_in" / "FR.csv").write_text(HEADER + rows, encoding="utf-8")


def add(base, rows: str) -> None:
    (base / "landing" / "sell_in" / "more.csv").write_text(HEADER + rows, encoding="utf-8")


def rehearsed(settings) -> list[tuple[str, str, str]]:
    return [(each.source, each.name, each.effect) for each in rehearsed_findings(settings, "FR", JUNE)]


def test_a_delivery_without_a_fault_has_no_finding_of_the_rules_and_nothing_is_written(settings, tmp_path):
    assert rehearsed(settings) == []
    assert not (tmp_path / "store").exists()


def test_a_finding_blocks_until_it_is_accepted(settings, tmp_path):
    add(tmp_path, "FR,TOTAL,2024-06,1000\n")
    assert ("sell_in", "total_as_sku", "blocks") in rehearsed(settings)
    assert not (tmp_path / "store").exists()
    partition = PartitionKey(JUNE, "FR")
    DeliveryFindings(open_store(settings)).accept(partition, "sell_in", "total_as_sku", "Ann", "a bundle")
    assert ("sell_in", "total_as_sku", "accepted") in rehearsed(settings)


def test_a_delivery_that_cannot_be_used_is_a_finding_with_the_file(settings, tmp_path):
    add(tmp_path, "FR,R00,2024-06,many\n")
    (first, *_) = rehearsed_findings(settings, "FR", JUNE)
    assert (first.source, first.name, first.effect) == ("sell_in", "delivery", "blocks")
    assert 'sell_in/more.csv, column units, row 1: found "many"' in first.message


def put(base, source: str, text: str) -> None:
    (base / "landing" / source).mkdir(exist_ok=True)
    (base / "landing" / source / "FR.csv").write_text(text, encoding="utf-8")


def test_a_delivery_that_cannot_be_used_hides_no_other(settings, tmp_path):
    add(tmp_path, "FR,R00,2024-06,many\n")
    put(tmp_path, "promotions", "country,sku,month,is_promoted\nFr,R00,2024-06,1\n")
    # Products are read beside the SKUs that are sold.
    assert rehearsed(settings) == [
        ("sell_in", "delivery", "blocks"), ("products", "delivery", "blocks"),
        ("promotions", "country_spelling", "blocks"),
    ]  # fmt: skip


def test_plans_of_skus_that_the_market_does_not_have_are_named_before_the_cycle(settings, tmp_path):
    header = "country,sku,origin_month,target_month,forecast_units,author,reason\n"
    put(tmp_path, "overrides", f"{header}FR,R00,2024-06,2024-09,5,Ann,x\nFR,NOPE,2024-06,2024-09,5,Bo,x\n")
    put(tmp_path, "promotions", "country,sku,month,is_promoted\nFR,R00,2024-06,1\nFR,r01,2024-06,1\n")
    put(tmp_path, "products", "sku,country,category,reference_sku\nR00,FR,Soups,R99\n")
    findings = {each.name: each for each in rehearsed_findings(settings, "FR", JUNE)}
    assert findings.keys() == {"unknown_skus", "overrides_unused", "promotions_unused", "products_unmatched"}
    assert {each.effect for name, each in findings.items() if name != "unknown_skus"} == {"warns"}
    assert "SKU NOPE for 2024-09 by Bo (never sold and in no product list)" in findings["overrides_unused"].message
    assert "SKU r01 in 2024-06" in findings["promotions_unused"].message
    assert "did you mean R01?" in findings["promotions_unused"].message
    assert "SKU R00 and R99 (its reference_sku is unknown)" in findings["products_unmatched"].message


def test_rows_under_another_spelling_of_the_country_block_in_every_source(settings, tmp_path):
    put(tmp_path, "promotions", "country,sku,month,is_promoted\nFr,R00,2024-06,1\nXX,R00,2024-06,1\n")
    add(tmp_path, "France,R00,2024-06,100\n")
    assert rehearsed(settings) == [
        ("sell_in", "country_spelling", "blocks"),
        ("promotions", "country_spelling", "blocks"),
        ("promotions", "unknown_countries", "warns"),
    ]
