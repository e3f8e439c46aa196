"""Runs of a market with ``machine: large`` carry the tags of large runs, by schedule and sensors alike."""

import pandas as pd
import pytest

from forecast_assets.defs.schedules import cycle_request
from forecast_assets.defs.sensors import fallback_publication, override_workbooks, retune
from forecast_assets.defs.sensors.markets_to_retune import AlarmedMarket
from forecast_assets.operations.overrides.workbook_folder import TakenIn
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")
MARKETS = """markets:
  - {code: "US", name: U, iso2: "US", iso3: USA, region: America, since: 2019-01-01, machine: large}
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2019-01-01}
"""


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    return loaded(FORECAST_MARKETS=str(tmp_path / "markets.yaml"), FORECAST_LARGE_RUN_TAGS='{"pool": "large"}')


def requests_of(settings, code):
    market, workbook = settings.market_table[code], TakenIn("a.xlsx", "digest", PartitionKey(JUNE, code), 1, True, "")
    return {
        "cycle": cycle_request(settings, market, JUNE, "schedule"),
        "fallback": fallback_publication._request(settings, "publish_fallback", "run", market, JUNE),
        "tuning": retune._request(settings, AlarmedMarket(code, (), None), JUNE, 1),
        "workbook": override_workbooks._request(settings, workbook),
    }


def test_each_run_of_a_large_market_goes_to_the_large_queue(settings):
    tags = {name: request.tags.get("pool") for name, request in requests_of(settings, "US").items()}
    assert tags == dict.fromkeys(tags, "large")


def test_a_run_of_another_market_has_no_such_tag(settings):
    assert not [each for each in requests_of(settings, "FR").values() if "pool" in each.tags]


@pytest.mark.parametrize("value", ["[1]", '{"a": 1}', "large"])
def test_tags_that_are_no_texts_by_name_are_refused(value):
    with pytest.raises(ValueError, match="expected tags as JSON"):
        loaded(FORECAST_LARGE_RUN_TAGS=value)
