"""A damaged file of one market among the inputs of tables over all: the market is left out as a whole, and named."""

import re

import pandas as pd
import pytest

from forecast_assets.operations.cycle.steps import Present
from forecast_assets.storage import PartitionKey
from forecast_assets.validation.damage_checks import INPUTS_SOUND
from forecast_assets_tests.defs.assets.company import DECEMBER, Company, succeeded

MONTH = pd.Timestamp(DECEMBER)


@pytest.fixture
def copy(company, tmp_path) -> Company:
    return company.copied_to(tmp_path / "copy", "sell_in", "sell_out", "products", "features")


def damage(company: Company, table: str, country: str) -> str:
    path = company.store.path(table, PartitionKey(MONTH, country))
    company.store.files.replace(path, b"PAR1", company.store.files.state(path))
    return path


@pytest.mark.parametrize(
    ("job", "made", "damaged"),
    [("totals", "demand_totals", "sell_out"), ("totals", "demand_totals", "products"),
     ("pool_rows", "pooled_rows", "sell_in")],
)  # fmt: skip
def test_a_market_with_a_damaged_file_is_left_out_named_and_made_up_for(copy, job, made, damaged):
    key = PartitionKey(MONTH, "FR")
    sound = copy.store.files.read(copy.store.path(damaged, key))
    path = damage(copy, damaged, "FR")
    result = copy.run(job, None, DECEMBER)
    succeeded(result)
    (check,) = [each for each in result.get_asset_check_evaluations() if each.check_name == INPUTS_SOUND.name]
    assert (check.passed, check.severity.value) == (False, "WARN")
    assert f"without FR, whose stored files are damaged: {path}." in check.description
    assert f"forecast-assets restore {damaged} FR 2024-12; then rebuild the month" in check.description
    assert markets(copy, made) == {"NO", "NA"}
    copy.store.files.replace(path, sound, copy.store.files.state(path))
    present = Present(copy.store)
    assert MONTH not in (present.totals_over_all_markets() | present.pooled_over_all_markets())


def markets(company: Company, table: str) -> set[str]:
    rows = company.read(table, None, DECEMBER)
    return set(rows.loc[rows["level"] == "market", "entity"] if table == "demand_totals" else rows["market"])


def test_totals_of_damaged_files_alone_fail_with_their_path(copy):
    paths = [damage(copy, "products", code) for code in ("FR", "NO", "NA")]
    result = copy.run("totals", None, DECEMBER)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert re.search("|".join(map(re.escape, paths)), str(failure.step_failure_data.error))
    assert not copy.has("demand_totals", None, DECEMBER)
