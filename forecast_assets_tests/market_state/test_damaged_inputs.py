"""Damaged inputs as steps note them, and the markets that are left out for them."""

import pandas as pd

from forecast_assets.market_state.damaged_inputs import DamagedInput, DamagedInputs, without_markets_of
from forecast_assets.storage import PartitionKey

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
FR = DamagedInput("sell_out", PartitionKey(JUNE, "FR"), "/store/a")
NO = DamagedInput("sell_in", PartitionKey(JUNE, "NO"), "/store/b")


def test_files_are_noted_by_run_and_asset():
    damaged = DamagedInputs()
    damaged.note("run", "demand_totals", FR)
    damaged.note("run", "demand_totals", NO)
    damaged.note("run", "pooled_rows", NO)
    assert damaged.of("run", "demand_totals") == [FR, NO]
    assert damaged.of("run", "pooled_rows") == [NO]
    assert damaged.of("another", "demand_totals") == []
    damaged.of("run", "pooled_rows").clear()
    assert damaged.of("run", "pooled_rows") == [NO]


def test_files_of_sixteen_steps_are_kept_and_those_noted_longest_ago_are_forgotten():
    damaged = DamagedInputs()
    for number in range(16):
        damaged.note("run", f"asset {number}", FR)
    assert damaged.of("run", "asset 0") == [FR]
    damaged.note("run", "asset 0", NO)
    damaged.note("run", "asset 16", FR)
    assert damaged.of("run", "asset 0") == [FR, NO]
    assert damaged.of("run", "asset 1") == []
    assert damaged.of("run", "asset 2") == [FR]


def test_a_market_is_left_out_of_the_month_of_its_damaged_file_alone():
    rows = pd.DataFrame({"country": ["FR", "FR", "NO"], "month": [JUNE, MAY, JUNE], "units": [1.0, 2.0, 3.0]})
    assert without_markets_of(rows, [FR])["units"].tolist() == [2.0, 3.0]
    assert without_markets_of(rows, [FR, NO])["units"].tolist() == [2.0]
    assert without_markets_of(rows, []) is rows
