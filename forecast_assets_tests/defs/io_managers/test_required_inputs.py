"""Partitions that an input requires, on months that can be counted in the head: FR and NO, February to April."""

import pandas as pd
import pytest

from forecast_assets.defs.io_managers.required_inputs import MissingInput, absent_partitions
from forecast_assets.storage.partition_key import PartitionKey


def keys(text: str) -> list[PartitionKey]:
    """Read partitions written as FR|03, all of 2024."""
    return [PartitionKey(pd.Timestamp(f"2024-{each[3:]}-01"), each[:2]) for each in text.split()]


def absent(required: str, stored: str, *, last: int = 0, step: str = "FR|03 FR|04", fallback: bool = False) -> str:
    """Return what is reported as missing for an input of FR's three months."""
    requested = keys("FR|04 FR|03 FR|02")
    declared = {"required": required, "last_offset": last}
    partitions = absent_partitions(declared, requested, keys(stored), keys(step), is_fallback=fallback)
    return " ".join(f"{each.country}|{each.month:%m}" for each in partitions)


@pytest.mark.parametrize(
    ("required", "stored", "missing"),
    [
        ("last", "FR|03 FR|04", ""),
        ("last", "FR|02 FR|03", "FR|04"),
        ("last", "", "FR|03 FR|04"),
        ("last_unless_fallback", "FR|04", "FR|03"),
        ("any", "FR|02", ""),
        ("any", "", "FR|02 FR|03 FR|04"),
        ("none", "", ""),
    ],
)
def test_each_month_of_a_step_has_what_it_requires(required, stored, missing):
    assert absent(required, stored) == missing


def test_the_required_month_is_the_last_of_the_window():
    assert absent("last", "FR|03", last=-1) == "FR|02"


def test_nothing_is_required_of_months_before_the_first_partition():
    assert absent("last", "", last=-2, step="FR|03") == ""


@pytest.mark.parametrize(("required", "missing"), [("last_unless_fallback", ""), ("last", "FR|04"), ("none", "")])
def test_a_commanded_fallback_goes_without_what_a_cycle_requires(required, missing):
    assert absent(required, "FR|03", fallback=True) == missing


def test_one_market_is_enough_for_a_table_over_all():
    declared = {"required": "any", "last_offset": 0}
    step = [PartitionKey(pd.Timestamp("2024-04-01"))]
    both = keys("NO|04 FR|04")
    assert absent_partitions(declared, both, keys("NO|04"), step, is_fallback=False) == []
    assert absent_partitions(declared, both, [], step, is_fallback=False) == keys("FR|04 NO|04")


def test_the_error_names_asset_partition_table_and_next_step():
    error = MissingInput("model", keys("FR|03 FR|04"), "sell_in", keys("FR|04"))
    assert error.partitions == keys("FR|04")
    assert str(error) == (
        "model stores nothing for partitions FR: 2024-03 to 2024-04 (2 months): it requires sell_in, which has no "
        "partition FR: 2024-04. Materialize sell_in first, or run the whole month: "
        "forecast-assets cycle --month 2024-04 --country FR"
    )


def test_the_error_of_a_table_over_all_markets_names_no_country():
    error = MissingInput("pooled_model", [PartitionKey(pd.Timestamp("2024-04-01"))], "pooled_rows", keys("FR|03"))
    assert str(error).endswith("forecast-assets cycle --month 2024-04")
