"""From an alarm to the gate, every run real: the request is run, its outcome stored, the next cycle judges it."""

import json

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.definitions import build_definitions
from forecast_assets.defs.sensors.retune import retunes
from forecast_assets.domain.selection.contest import recipe_id
from forecast_assets.domain.selection.tuning import parameters_in_force
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.sample import write_sample_company
from forecast_assets.tags import FORECAST, SOURCES
from forecast_assets_tests.defs.assets.company import DECEMBER, IN_MEMORY, Company, succeeded

pytestmark = pytest.mark.heavy

JANUARY, TENTH = "2025-01-01", pd.Timestamp("2025-01-10T12:00Z")
MARKETS = """markets:
  - {code: "FR", name: France, iso2: "FR", iso3: FRA, region: Europe, since: 2021-03-01}
"""
CYCLE = [*SOURCES, "history_marks", "features", *FORECAST]


@pytest.fixture
def market(tmp_path):
    """FR with the 22 months more that a search wants, published in December; January is delivered."""
    company = Company(tmp_path)
    write_sample_company(company.landing, markets=1, skus=12, months=47, last_month=JANUARY)
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    for source in company.landing.iterdir():
        (source / "_SUCCESS").touch()
    succeeded(company.run("ingest", "FR", "2021-03-01", DECEMBER))
    succeeded(company.run("market_features", "FR", "2022-02-01", DECEMBER))
    succeeded(company.run("monthly_cycle", "FR", DECEMBER, assets=FORECAST))
    return company


def test_an_alarm_leads_to_a_tuned_recipe_that_the_next_cycle_puts_to_the_rule(market, monkeypatch):
    # In a sample so small hardly a recipe is tested better than the usual one; here the best of the others is taken.
    monkeypatch.setattr(
        "forecast_assets.domain.selection.tuning._in_force", lambda tried, _: min(tried[1:], key=lambda t: t.loss)
    )
    settings = market.settings(FORECAST_RETUNE_TRIALS="2")
    alarm = Incident("wape", "FR", "published", pd.Timestamp(DECEMBER), "warning", "France: WAPE 80.0 %, limit 60.0 %")
    Outbox.of(settings).report([alarm], "dev-2024-12")
    with dg.instance_for_test() as instance:
        ((request,), _) = retunes(settings, instance, TENTH)
        tune = build_definitions(settings, mlflow_tracking=IN_MEMORY).resolve_job_def(request.job_name)
        result = tune.execute_in_process(
            instance=instance, run_config=QUIET | request.run_config, partition_key=request.partition_key,
            tags={**request.tags, "dagster/run_key": request.run_key}, raise_on_error=False,
        )  # fmt: skip
        succeeded(result)
        assert retunes(settings, instance, TENTH)[0] == []
    (event,) = result.get_asset_materialization_events()
    metadata = {name: value.value for name, value in event.materialization.metadata.items()}
    assert metadata["alarms"] == "France: WAPE 80.0 %, limit 60.0 %"
    assert (metadata["retunes_of_the_month"], metadata["trials"]) == ("1 of 4", 2)

    challenger = recipe_id(
        recipe_of(settings.training, parameters_in_force(market.read("tuned_recipe", "FR", DECEMBER)))
    )
    in_force = market.read("champion", "FR", DECEMBER).iloc[0]["recipe_id"]
    assert challenger != in_force
    succeeded(market.run("monthly_cycle", "FR", JANUARY, assets=CYCLE))
    row = market.read("champion", "FR", JANUARY).iloc[0]
    assert (row["challenger_id"], row["champion_before_id"]) == (challenger, in_force)
    holds = [each["holds"] for each in json.loads(row["conditions"])]
    assert len(holds) >= 4
    assert row["outcome"] == ("promoted" if all(holds) else "held")
    assert row["recipe_id"] == (challenger if all(holds) else in_force)
