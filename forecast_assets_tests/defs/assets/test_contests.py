"""A fallback run that waited behind the cycle it was to replace: it changes nothing, and every check says why."""

from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.config.settings import TrainingSettings
from forecast_assets.defs.assets.contests import contest_of_run, skipped_if_superseded
from forecast_assets.storage import PartitionKey

MAY, JUNE, JULY = (pd.Timestamp(f"2024-0{month}-01") for month in (5, 6, 7))
OF_PLATFORM = {"forecast/challenger_set_aside": "the cycle failed", "forecast/started_by": "fallback_publication"}
WHY = "FR 2024-06 has been published since this run was requested: it changes nothing"


def context(tags=OF_PLATFORM):
    """A run of FR's June of an asset with two checks."""
    return SimpleNamespace(
        run=SimpleNamespace(tags=tags, run_id="run-1"), log=SimpleNamespace(info=lambda text: None),
        partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})],
        assets_def=SimpleNamespace(check_specs=[SimpleNamespace(name="schema"), SimpleNamespace(name="horizon")]),
        asset_key=dg.AssetKey(["model"]),
    )  # fmt: skip


def recipes(*published):
    listed = [PartitionKey(month, country) for country, month in published]
    return SimpleNamespace(store=SimpleNamespace(list_partitions=lambda table: listed))


@skipped_if_superseded
def built(context, *, recipes_in_force):
    yield "the table"


def results(*published, **changed):
    return list(built(context(**changed), recipes_in_force=recipes(*published)))


@pytest.mark.parametrize("month", [JUNE, JULY])
def test_a_fallback_run_changes_nothing_once_its_month_or_a_later_one_is_published(month):
    given = results(("FR", month))
    assert [(each.check_name, each.passed, each.description) for each in given] == [
        ("schema", True, WHY), ("horizon", True, WHY),
    ]  # fmt: skip


@pytest.mark.parametrize("published", [(), [("FR", MAY)], [("DE", JUNE)]])
def test_a_fallback_run_builds_what_nobody_has_published(published):
    assert results(*published) == ["the table"]


@pytest.mark.parametrize("tag", OF_PLATFORM)
def test_neither_a_cycle_nor_a_run_that_a_person_starts_is_skipped(tag):
    assert results(("FR", JUNE), tags={tag: OF_PLATFORM[tag]}) == ["the table"]
    assert results(("FR", JUNE), tags={}) == ["the table"]


@pytest.mark.parametrize(("tags", "recorded"), [(OF_PLATFORM, {"challenger_set_aside": "the cycle failed"}), ({}, {})])
def test_a_challenger_that_was_set_aside_is_recorded_with_the_step(tags, recorded):
    noted = {("run-1", "model"): SimpleNamespace(answers={})}
    in_force = SimpleNamespace(
        noted_for=lambda *step: SimpleNamespace(before=lambda *_: None) if step in noted else None,
        lookups=SimpleNamespace(of=lambda *step: noted[step]),
    )
    nothing = pd.DataFrame(columns=["month", "role", "parameters", "recipe_id", "recipe", "reason", "author"])
    settings = SimpleNamespace(training=TrainingSettings())
    contest_of_run(context(tags), settings, in_force, nothing, nothing)
    assert noted["run-1", "model"].answers == recorded
