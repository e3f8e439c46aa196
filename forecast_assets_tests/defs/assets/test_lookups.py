"""Look-ups of an earlier champion and of the last published forecast: stored as inputs, judged when work is skipped."""

import os

import pandas as pd
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.market_state.lookups import LOOKED_UP
from forecast_assets.operations.backfill.asset_nodes import asset_nodes
from forecast_assets.operations.backfill.deliveries import Deliveries
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER, Company, succeeded

MONTH = pd.Timestamp(DECEMBER)
PLACE = PartitionKey(MONTH, "FR")
BY_CHAMPION = ["backtest", "model", "champion"]


def judge(company: Company) -> Staleness:
    nodes = asset_nodes(build_definitions(company.settings()))
    return Staleness(company.store, company.settings(), nodes, Deliveries(company.settings()))


def stale(company: Company, assets=(*BY_CHAMPION, "published_forecasts"), planned=None) -> dict[str, str]:
    """Reason for which each asset of FR's December would be rebuilt."""
    judged = judge(company)
    reasons_by_asset = {asset: judged.stale(asset, "FR", [MONTH], planned) for asset in assets}
    return {asset: reasons[MONTH] for asset, reasons in reasons_by_asset.items() if reasons}


@pytest.fixture
def copy(company, tmp_path) -> Company:
    return company.copied_whole_to(tmp_path / "copy")


def republished(company: Company, table: str, **values: object) -> None:
    """Another version of November."""
    rows = company.read(table, "FR", NOVEMBER).drop(columns=["country", "month"]).assign(**values)
    place = PartitionKey(pd.Timestamp(NOVEMBER), "FR")
    company.store.write(table_specs()[table], place, rows, Provenance("later", "dev-later", "none"))


def test_what_a_cycle_has_made_is_fresh_and_names_the_champion_it_looked_up(company):
    assert stale(company) == {}
    for asset in BY_CHAMPION:
        november = company.hashes("champion", "FR")["2024-11"]
        assert company.store.provenance(asset, PLACE).inputs["champion"] == {f"FR|{NOVEMBER}": november}
    # With forecasts of its own a month does not read the one before.
    assert "published_forecasts" not in company.store.provenance("published_forecasts", PLACE).inputs
    first = company.store.provenance("champion", PartitionKey(pd.Timestamp(NOVEMBER), "FR"))
    assert "champion" not in first.inputs


def test_no_look_up_shares_its_name_with_a_declared_input(company):
    nodes = asset_nodes(build_definitions(company.settings()))
    assert [asset for asset, table in LOOKED_UP.items() if table in {w.table for w in nodes[asset].windows}] == []


def test_another_champion_before_makes_again_what_was_made_beside_it_and_nothing_else(copy):
    republished(copy, "champion", reason="another")
    assert stale(copy) == dict.fromkeys(BY_CHAMPION, "champion changed")
    republished(copy, "published_forecasts", forecast_units=1.0)
    assert "published_forecasts" not in stale(copy)


def test_a_plan_counts_with_another_champion_where_an_earlier_one_is_made_again(company):
    november = pd.Timestamp(NOVEMBER)
    planned = {"champion": {"FR": [november]}}
    assert stale(company, BY_CHAMPION, planned) == dict.fromkeys(BY_CHAMPION, "champion of 2024-11 is rebuilt")
    assert stale(company, BY_CHAMPION, {"champion": {"NO": [november]}}) == {}
    in_order = judge(company).stale("model", "FR", [pd.Timestamp("2024-10-01"), MONTH])
    assert in_order == {pd.Timestamp("2024-10-01"): "not stored", MONTH: "champion of 2024-10 is rebuilt"}


def test_a_champion_that_people_refused_is_looked_past_as_the_run_did(copy):
    october = PartitionKey(pd.Timestamp("2024-10-01"), "FR")
    row = copy.read("champion", "FR", NOVEMBER).drop(columns=["country", "month"])
    earlier = row.assign(recipe='{"leaves": 7}', recipe_id="earlier")
    copy.store.write(table_specs()["champion"], october, earlier, Provenance("planted", "dev", "none"))
    refused = row[["recipe_id", "recipe"]].assign(author="Ann", reason="orders")
    copy.store.write(table_specs()["refused_recipe"], PLACE, refused, Provenance("planted", "dev", "none"))
    assert stale(copy, ["champion"]) == {"champion": "refused_recipe changed"}
    succeeded(copy.run("publish_fallback", "FR", DECEMBER, assets=["champion"]))
    read = copy.store.provenance("champion", PLACE).inputs["champion"]
    assert sorted(read) == [october.to_dagster(), f"FR|{NOVEMBER}"]
    assert stale(copy, ["champion"]) == {}
    other = earlier.assign(reason="another")
    copy.store.write(table_specs()["champion"], october, other, Provenance("later", "dev-later", "none"))
    assert stale(copy, ["champion"]) == {"champion": "champion changed"}


def test_where_nothing_was_forecast_the_month_before_counts(copy):
    for table in ("forecasts", "baseline_forecasts"):
        os.unlink(copy.store.path(table, PLACE))
    succeeded(copy.run("publish_fallback", "FR", DECEMBER))
    november = copy.hashes("published_forecasts", "FR")["2024-11"]
    provenance = copy.store.provenance("published_forecasts", PLACE)
    assert provenance.inputs["published_forecasts"] == {f"FR|{NOVEMBER}": november}
    assert stale(copy, ["published_forecasts"]) == {}
    republished(copy, "published_forecasts", forecast_units=1.0)
    assert stale(copy, ["published_forecasts"]) == {"published_forecasts": "published_forecasts changed"}
