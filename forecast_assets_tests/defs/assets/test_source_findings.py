"""A delivery with a finding through the real graph: it blocks, a person accepts it, people are told and it is over."""

import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.market_state.delivery_findings import DeliveryFindings
from forecast_assets.operations.cycle.launch import failures_of
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.assets.company import DECEMBER, succeeded

pytestmark = pytest.mark.heavy

FR = PartitionKey(pd.Timestamp(DECEMBER), "FR")


@pytest.fixture
def delivery(company, tmp_path):
    return company.copied_to(tmp_path / "company", "sell_in", "products", "promotions")


def add_total(delivery) -> None:
    """Add the sum of December's SKUs as a SKU."""
    file = delivery.landing / "sell_in" / "FR_2024-12.parquet"
    rows = pq.read_table(file)
    frame = rows.to_pandas()
    total = frame.iloc[:1].assign(sku="TOTAL", units=frame["units"].sum(), net_sales=frame["net_sales"].sum())
    pq.write_table(pa.concat_tables([rows, pa.Table.from_pandas(total, rows.schema, preserve_index=False)]), file)


def incidents(delivery) -> list[tuple[str, str]]:
    open_incidents = Outbox(delivery.store).open_incidents()
    return [(each.subject, each.severity) for each in open_incidents if each.kind == "delivery_finding"]


def test_a_total_among_the_skus_blocks_until_a_person_accepts_it_for_the_month(delivery):
    before = delivery.hashes("sell_in", "FR")
    add_total(delivery)
    (failure,) = failures_of(delivery.run("ingest", "FR", DECEMBER, assets=["sell_in"]))
    assert "total_as_sku: 2024-12: TOTAL has" in failure
    assert delivery.hashes("sell_in", "FR") == before
    findings = DeliveryFindings(delivery.store)
    stored = {each.name: each.effect for each in findings.of(FR)}
    assert stored["total_as_sku"] == "blocks"
    assert ("sell_in total_as_sku", "critical") in incidents(delivery)
    for name in stored:
        findings.accept(FR, "sell_in", name, "Ann", "a bundle that is sold as one")
    succeeded(delivery.run("ingest", "FR", DECEMBER, assets=["sell_in"]))
    assert "TOTAL" in delivery.read("sell_in", "FR", DECEMBER)["sku"].tolist()
    (accepted,) = (each for each in findings.of(FR) if each.name == "total_as_sku")
    assert accepted.effect == "accepted"
    assert "accepted by Ann" in accepted.message
    assert incidents(delivery) == []


def test_promotions_of_one_market_or_of_all_that_are_gone_stop_the_market(delivery):
    before = delivery.hashes("promotions", "FR")
    for file in (delivery.landing / "promotions").glob("FR*"):
        file.unlink()
    (failure,) = failures_of(delivery.run("ingest", "FR", DECEMBER, assets=["promotions"]))
    assert "source_gone: 2024-12: promotions has no row of FR, beside those of other markets; 2024-11 had" in failure
    assert delivery.hashes("promotions", "FR") == before
    shutil.rmtree(delivery.landing / "promotions")
    (failure,) = failures_of(delivery.run("ingest", "FR", DECEMBER, assets=["promotions"]))
    assert "promotions is gone altogether" in failure


def test_rows_that_products_adds_do_not_hide_that_it_is_gone(delivery):
    shutil.rmtree(delivery.landing / "products")
    (failure,) = failures_of(delivery.run("ingest", "FR", DECEMBER, assets=["products"]))
    assert "products is gone altogether: its folder is empty or missing; 2024-11 had" in failure


JUNE_FILE = "FR_2024-06.parquet"


def changed_june(delivery, units: float) -> tuple[str, pd.DataFrame]:
    """Return a SKU of June's file, and its row with other units."""
    rows = pq.read_table(delivery.landing / "sell_in" / JUNE_FILE).to_pandas()
    row = rows.sort_values("units").iloc[[-1]]
    return str(row["sku"].iloc[0]), row.assign(units=row["units"] + units)


def test_an_old_month_that_changed_is_told_with_the_command_and_stays_as_it_is(delivery):
    before = delivery.hashes("sell_in", "FR")
    sku, row = changed_june(delivery, 50.0)
    file = delivery.landing / "sell_in" / JUNE_FILE
    rows = pq.read_table(file)
    others = rows.to_pandas().query("sku != @sku")
    changed = pa.Table.from_pandas(pd.concat([others, row]), rows.schema, preserve_index=False)
    pq.write_table(changed, file)
    succeeded(delivery.run("ingest", "FR", DECEMBER, assets=["sell_in"]))
    (finding,) = (each for each in DeliveryFindings(delivery.store).of(FR) if each.name == "restated_history")
    assert finding.effect == "warns"
    assert finding.message.startswith(f"2024-06 (1 SKUs, +50 units) differ from what is stored; SKU {sku} in 2024-06: ")
    assert finding.message.endswith("backfill --country FR --from 2024-06 --to 2024-06 --assets sell_in+")
    assert delivery.hashes("sell_in", "FR") == before
