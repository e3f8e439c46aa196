"""Through the graph: a fallback that comes too late changes nothing, a cycle replaces one, a refusal is taken back."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.domain.selection.contest import recipe_id
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets_tests.defs.assets.challengers import OTHER, SOURCE_TABLES, with_challenger
from forecast_assets_tests.defs.assets.company import DECEMBER, IN_MEMORY, Company, succeeded

BY_SENSOR = {"forecast/started_by": "fallback_publication", "forecast/market": "FR"}
BY_SCHEDULE = {"forecast/started_by": "monthly_cycle_schedule", "forecast/market": "FR"}


@pytest.fixture
def unpublished(company, tmp_path):
    """FR before its December, whose forecasts are not made yet."""
    return with_challenger(company, tmp_path / "copy", OTHER)


def run(company: Company, instance: dg.DagsterInstance, job: str, tags: dict, assets=()) -> dg.ExecuteInProcessResult:
    definitions = build_definitions(company.settings(), mlflow_tracking=IN_MEMORY)
    return definitions.resolve_job_def(job).execute_in_process(
        instance=instance, run_config=QUIET, tags=tags, raise_on_error=False,
        asset_selection=[dg.AssetKey(name) for name in assets] or None,
        partition_key=dg.MultiPartitionKey({"month": DECEMBER, "country": "FR"}),
    )  # fmt: skip


def stored(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.path[-1] for event in result.get_asset_materialization_events()}


def test_a_fallback_that_a_sensor_asked_for_changes_nothing_once_the_month_is_published(unpublished):
    with dg.instance_for_test() as instance:
        first = run(unpublished, instance, "publish_fallback", BY_SENSOR)
        succeeded(first)
        assert stored(first) == {
            "champion",
            "published_forecasts",
            "forecast_reasons",
            "forecast_exceptions",
            "forecast_levels",
        }
        hashes = unpublished.hashes("published_forecasts", "FR"), unpublished.hashes("champion", "FR")
        for job in ("publish_fallback", "champion_cycle"):
            late = run(unpublished, instance, job, BY_SENSOR)
            succeeded(late)
            assert stored(late) - {"mlflow_run"} == set()
        assert hashes == (unpublished.hashes("published_forecasts", "FR"), unpublished.hashes("champion", "FR"))
        # A person who starts it means it.
        assert stored(run(unpublished, instance, "publish_fallback", {})) == stored(first)


def test_a_cycle_requested_before_the_fallback_published_still_replaces_it_but_no_other_cycle(unpublished, monkeypatch):
    """Both waited in the queue: requested first, the cycle runs last."""
    with dg.instance_for_test() as instance:
        look_up, long_ago = instance.get_run_record_by_id, pd.Timestamp("2020-01-01", tz="UTC")
        requested_first = lambda _, run_id: look_up(run_id)._replace(create_timestamp=long_ago)  # noqa: E731
        monkeypatch.setattr(type(instance), "get_run_record_by_id", requested_first)
        succeeded(run(unpublished, instance, "publish_fallback", BY_SENSOR))
        cycle = run(unpublished, instance, "monthly_cycle", BY_SCHEDULE, ["delivery"])
        assert not arrived(cycle).startswith("nothing")
        place = next(p for p in unpublished.store.list_partitions("published_forecasts") if f"{p.month:%m}" == "12")
        monkeypatch.setattr("forecast_assets.market_state.fallback_runs.FALLBACK_JOBS", ("champion_cycle", "none"))
        again = run(unpublished, instance, "monthly_cycle", BY_SCHEDULE, ["delivery"])
        by = unpublished.store.provenance("published_forecasts", place).run_id
        assert arrived(again) == f"nothing: run {by} has published the month since this run was requested"


def arrived(result: dg.ExecuteInProcessResult) -> str:
    (evaluation,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "arrived"]
    return evaluation.description


def refuse(company: Company, **config: str) -> dg.ExecuteInProcessResult:
    return company.run("refuse_recipe", "FR", DECEMBER, config={"refused_recipe": {"config": config}})


def test_a_refusal_is_taken_back_by_its_id_and_others_of_the_month_stay(company, tmp_path):
    copy = company.copied_to(tmp_path / "copy", *SOURCE_TABLES, "champion")
    usual = recipe_id(recipe_of(company.settings().training))
    succeeded(refuse(copy, reason="orders", author="Ann"))
    assert copy.read("refused_recipe", "FR", DECEMBER)["recipe_id"].tolist() == [usual]
    assert not refuse(copy, reason="sorry", author="Bob", accepted="unknown").success
    assert copy.read("refused_recipe", "FR", DECEMBER)["recipe_id"].tolist() == [usual]
    result = refuse(copy, reason="sorry", author="Bob", accepted=usual)
    succeeded(result)
    assert copy.read("refused_recipe", "FR", DECEMBER).empty
    (event,) = result.get_asset_materialization_events()
    metadata = {name: value.value for name, value in event.materialization.metadata.items()}
    assert (metadata["accepted"], metadata["author"], metadata["reason"]) == (usual, "Bob", "sorry")
