"""From an alarm to the gate, every run real: the request is run, its outcome stored, the next cycle judges it."""

import json
import shutil

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.definitions import build_definitions
from forecast_assets.domain.contest import recipe_id
from forecast_assets.domain.tuning import parameters_in_force
from forecast_assets.jobs import BY_RECIPE
from forecast_assets.recipes import recipe_of
from forecast_assets.runs.launch import QUIET
from forecast_assets.sensors.retune import retunes
from forecast_assets_tests.assets.company import DECEMBER, IN_MEMORY, succeeded
from forecast_assets_tests.assets.test_champion import SOURCE_TABLES

JANUARY = "2025-01-01"
TENTH = pd.Timestamp("2025-01-10T12:00Z")
CYCLE = ["sell_in", "sell_out", "products", "promotions", "overrides", "covid_policy", "history_marks", "features"]


def deliver_january(company) -> None:
    """What FR delivers of January: its December again."""
    for source in ("sell_in", "sell_out"):
        december = pd.read_parquet(company.landing / source / "FR_2024-12.parquet")
        (when,) = {"month", "date"} & set(december)
        january = pd.to_datetime(december[when]) + pd.DateOffset(months=1)
        kind = december[when].iloc[0]
        as_before = january.dt.strftime("%Y-%m-%d"[: len(kind)]) if isinstance(kind, str) else january.dt.date
        december.assign(**{when: as_before}).to_parquet(company.landing / source / "FR_2025-01.parquet")
        (company.landing / source / "_SUCCESS").touch()


def test_an_alarm_leads_to_a_tuned_recipe_that_the_next_cycle_puts_to_the_rule(company, tmp_path, monkeypatch):
    # The sample is so small that hardly a recipe passes; here the best of the trials does.
    monkeypatch.setattr("forecast_assets.domain.tuning._in_force", lambda made, _: min(made[1:], key=lambda t: t.loss))
    copy = company.copied_to(
        tmp_path / "copy", *SOURCE_TABLES, "sell_out", "history_marks", "covid_policy", "promotions", "champion",
        "published_forecasts", "demand_totals", "demand_totals_known",
    )  # fmt: skip
    settings = copy.settings(FORECAST_RETUNE_TRIALS="3")
    alarm = Incident("wape", "FR", "published", pd.Timestamp(DECEMBER), "warning", "France: WAPE 80.0 %, limit 60.0 %")
    Outbox.of(settings).report([alarm], "dev-2024-12")
    with dg.instance_for_test() as instance:
        ((request,), _) = retunes(settings, instance, TENTH)
        tuned = build_definitions(settings, mlflow_tracking=IN_MEMORY).resolve_job_def(request.job_name)
        result = tuned.execute_in_process(
            instance=instance, run_config=QUIET | request.run_config, partition_key=request.partition_key,
            tags={**request.tags, "dagster/run_key": request.run_key}, raise_on_error=False,
        )  # fmt: skip
        succeeded(result)
        assert retunes(settings, instance, TENTH)[0] == []
    (event,) = result.get_asset_materialization_events()
    said = {name: value.value for name, value in event.materialization.metadata.items()}
    assert said["alarms"] == "France: WAPE 80.0 %, limit 60.0 %"
    assert (said["retunes_of_the_month"], said["trials"]) == ("1 of 4", 3)

    tried = copy.read("tuned_recipe", "FR", DECEMBER)
    challenger = recipe_id(recipe_of(settings, parameters_in_force(tried)))
    in_force = copy.read("champion", "FR", DECEMBER).iloc[0]["recipe_id"]
    assert challenger != in_force
    before = copy.hashes("published_forecasts", "FR")
    assert before["2024-12"] == company.hashes("published_forecasts", "FR")["2024-12"]

    deliver_january(copy)
    succeeded(copy.run("monthly_cycle", "FR", JANUARY, assets=[*CYCLE, "baseline_forecasts", *BY_RECIPE]))
    row = copy.read("champion", "FR", JANUARY).iloc[0]
    assert (row["challenger_id"], row["champion_before_id"]) == (challenger, in_force)
    holds = [each["holds"] for each in json.loads(row["conditions"])]
    assert holds
    assert row["outcome"] == ("promoted" if all(holds) else "held")
    assert row["recipe_id"] == (challenger if all(holds) else in_force)
    shutil.rmtree(copy.base)
