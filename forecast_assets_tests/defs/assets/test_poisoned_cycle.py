"""FR's last half year once more in a store of its own, with everything after December poisoned: delivered, and stored.

What is stored of December and of the months before must have the content that it has in the company. There the history
was run in one range, here in two: that must not matter either.
"""

import dataclasses
import shutil
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.schemas import MONTH_ONLY, ON_DEMAND, TABLES
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import SOURCES
from forecast_assets_tests.defs.assets.another_future import WRONG, deliver_next_month, poisoned
from forecast_assets_tests.defs.assets.company import (
    DECEMBER,
    NOVEMBER,
    POOLED_FROM,
    POOLED_SKUS,
    Company,
    succeeded,
)

pytestmark = pytest.mark.heavy

JANUARY = add_months(pd.Timestamp(DECEMBER), 1)
FIRST, HALF, NEXT_HALF = "2024-07-01", "2024-09-01", "2024-10-01"
HISTORY = [*SOURCES, "history_marks", "features"]
OVER_ALL_MARKETS = ["demand_totals", "demand_totals_known"]
# Of the other markets, read by the sums over markets.
LEVELS = "forecast_levels"
# What December reads of the publication before.
PUBLISHED = ["champion", "published_forecasts"]


@pytest.fixture(scope="module")
def with_another_future(company, tmp_path_factory) -> Company:
    copied = [*HISTORY, *OVER_ALL_MARKETS, *PUBLISHED]
    other = company.copied_to(tmp_path_factory.mktemp("another_future") / "company", *copied)
    forget_last_half_year(other.base / "store")
    shutil.rmtree(other.landing)
    poisoned(company.landing, other.landing, pd.Timestamp(DECEMBER))
    deliver_next_month(other.landing, "FR", pd.Timestamp(DECEMBER))
    succeeded(other.run("ingest", "FR", FIRST, HALF))
    succeeded(other.run("ingest", "FR", NEXT_HALF, NOVEMBER))
    for table in SOURCES:
        store_later(company, other, table, "FR", DECEMBER, JANUARY)
    succeeded(other.run("market_features", "FR", FIRST, HALF))
    succeeded(other.run("market_features", "FR", NEXT_HALF, NOVEMBER))
    succeeded(other.run("totals", None, FIRST, NOVEMBER))
    store_later(company, other, "demand_totals", None, NOVEMBER, pd.Timestamp(DECEMBER))
    succeeded(other.run("totals_known", None, FIRST, DECEMBER))
    for table, country in (("demand_totals_known", None), ("history_marks", "FR"), ("features", "FR")):
        store_later(company, other, table, country, DECEMBER, JANUARY)
    pooled = dataclasses.replace(other, pooled_skus=POOLED_SKUS)
    succeeded(pooled.run("pool_rows", None, POOLED_FROM, NOVEMBER))
    succeeded(pooled.run("pool_model", None, DECEMBER))
    succeeded(other.run("monthly_cycle", "FR", DECEMBER))
    for code in ("NO", "NA"):
        shutil.copytree(
            company.base / "store" / LEVELS / f"country={code}", other.base / "store" / LEVELS / f"country={code}"
        )
    succeeded(other.run("sum_forecasts", None, DECEMBER))
    return other


def forget_last_half_year(store: Path) -> None:
    """Leave what FR published in November, the months before, and the other markets."""
    for table in (*HISTORY, *OVER_ALL_MARKETS, *PUBLISHED):
        partitions = (store / table).glob("month=*" if table in OVER_ALL_MARKETS else "country=FR/month=*")
        kept = f"month={NOVEMBER}" if table in PUBLISHED else None
        for partition in partitions:
            if partition.name >= f"month={FIRST}" and partition.name != kept:
                shutil.rmtree(partition)


def store_later(
    company: Company, other: Company, table: str, country: str | None, like: str, month: pd.Timestamp
) -> None:
    """Write a partition of a later month in which every number with decimals is wrong, past all checks."""
    rows = company.read(table, country, like).drop(columns=["country", "month"], errors="ignore")
    wrong = dict.fromkeys(rows.select_dtypes("float"), WRONG)
    key = PartitionKey(pd.Timestamp(month), country)
    other.store.write(table_specs()[table], key, rows.assign(**wrong), Provenance("later", f"dev-{month:%Y-%m}", ""))


@pytest.mark.parametrize("table", sorted(set(TABLES) - ON_DEMAND))
def test_nothing_stored_up_to_december_depends_on_later_months_or_on_the_ranges_of_the_runs(
    company, pooling, with_another_future, table
):
    country = None if table in MONTH_ONLY else "FR"
    expected = (pooling if table.startswith("pooled") else company).hashes(table, country)
    if table == "pooled_rows":
        # Those of December are no input of its cycle.
        del expected["2024-12"]
    stored = with_another_future.hashes(table, country)
    # Of the tables of a cycle, December alone is built again.
    compared = {month for month in expected if table in (*HISTORY, *MONTH_ONLY) or month == "2024-12"}
    assert {month: stored.get(month) for month in compared} == {month: expected[month] for month in compared}
    # Totals of a month and rows of all markets are built once the month is over.
    assert max(compared) == ("2024-11" if table in ("demand_totals", "pooled_rows") else "2024-12")


def test_the_other_future_is_there_to_be_seen(company, with_another_future):
    january = pd.read_parquet(with_another_future.landing / "sell_in" / "FR_2025-01.parquet")
    assert set(january["units"]) == {WRONG}
    assert set(with_another_future.read("sell_in", "FR", f"{JANUARY:%Y-%m-%d}")["sell_in_units"]) == {WRONG}
    products, before = (
        pd.read_parquet(each.landing / "products" / "FR.parquet") for each in (with_another_future, company)
    )
    assert len(products) > len(before)
    assert set(products["category"]) - set(before["category"]) == {"poison"}
    assert set(products) - set(before) == {"late_attribute"}
