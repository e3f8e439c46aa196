"""Partitions that an input requires, on months that can be counted in the head: FR and NO, February to April."""

from types import SimpleNamespace

import pytest

from forecast_assets.defs.io_managers.required_inputs import require_declared
from forecast_assets.storage import MissingPartition
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.tags import SET_ASIDE_TAG


def required(
    required: str, stored: str, *, step: str = "FR|03 FR|04", window: tuple[int, int] = (-2, 0), tags=()
) -> list[str]:
    """Return what is reported as missing; months of 2024 are written as FR|03."""
    first, last = (f"{key[:3]}2024-{key[3:]}-01" for key in step.split())
    asked = [key(country, month) for country in ("FR", "NO") for month in (2, 3, 4) if country in step]
    context = SimpleNamespace(
        definition_metadata={"required": required, "first_offset": window[0], "last_offset": window[1]},
        asset_partition_keys=asked,
        step_context=SimpleNamespace(
            partition_key_range=SimpleNamespace(start=first, end=last), dagster_run=SimpleNamespace(tags=dict(tags))
        ),
    )
    loaded = {PartitionKey.from_dagster(f"{each[:3]}2024-{each[3:]}-01") for each in stored.split()}
    try:
        require_declared(context, "sell_in", loaded)
    except MissingPartition as error:
        return [f"{each.country}|{each.month:%m}" for each in error.partitions]
    return []


def key(country: str, month: int) -> str:
    return f"{country}|2024-{month:02}-01"


@pytest.mark.parametrize(
    ("rule", "stored", "missing"),
    [
        ("last", "FR|03 FR|04", []),
        ("last", "FR|02 FR|03", ["FR|04"]),
        ("last", "FR|04", ["FR|03"]),
        ("last_of_cycle", "FR|04", ["FR|03"]),
        ("any", "FR|02", []),
        ("any", "FR|04", ["FR|02", "FR|03"]),
        ("any", "", ["FR|02", "FR|03"]),
        ("", "", []),
    ],
)
def test_each_month_of_a_step_has_what_its_window_requires(rule, stored, missing):
    assert required(rule, stored) == missing


def test_a_window_before_the_start_of_history_requires_nothing():
    assert required("any", "", step="FR|02 FR|02", window=(-3, -1)) == []


def test_only_a_commanded_fallback_goes_without_what_a_cycle_requires():
    fallback = {SET_ASIDE_TAG: "the cycle failed"}
    assert required("last_of_cycle", "", tags=fallback) == []
    assert required("last", "", tags=fallback) == ["FR|03"]


def test_one_market_is_enough_for_a_table_over_all():
    both = "FR|04 NO|04"
    assert required("any", "NO|04", step=both, window=(0, 0)) == []
    assert required("any", "NO|03", step=both, window=(0, 0)) == ["FR|04", "NO|04"]
