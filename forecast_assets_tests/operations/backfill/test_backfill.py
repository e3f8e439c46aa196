"""Backfills of a small company: skipped months, bad months, frozen months, and continuing after a stop."""

import shutil
from importlib import import_module

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.operations.backfill.asset_nodes import SelectionError, selected_assets
from forecast_assets.operations.backfill.durations import PastDurations, estimated, job_seconds, past_durations
from forecast_assets.operations.cycle.sqlite_commits import commit_without_waiting
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.operations.backfill.backfill_company import DAGSTER_YAML, LAST, MONTHS, BackfillCompany

pytestmark = pytest.mark.heavy

STALENESS = import_module("forecast_assets.operations.backfill.staleness")
SOURCES = ("covid_policy", "overrides", "promotions", "sell_out", "products", "sell_in")


@pytest.fixture
def company(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    commit_without_waiting()
    return BackfillCompany(tmp_path)


@pytest.fixture(scope="module")
def first_backfill(tmp_path_factory):
    """Folder, outcomes and launched runs of three backfills: other sources of FR, of DE, then sell-in and baseline."""
    base = tmp_path_factory.mktemp("backfilled")
    commit_without_waiting()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(base))
        company = BackfillCompany(base, DAGSTER_YAML)
        others, first_runs = company.run([source for source in SOURCES if source != "sell_in"], countries=["FR"])
        products, second_runs = company.run(["products"], countries=["DE"])
        work, runs = company.run(["sell_in", "baseline_forecasts"])
        return base, [others, products, work], [*first_runs, *second_runs, *runs]


@pytest.fixture
def backfilled(first_backfill, tmp_path, monkeypatch):
    """A company with sell-in, products and baseline of all months, and with the other sources of FR."""
    shutil.copytree(first_backfill[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return BackfillCompany(tmp_path)


@pytest.fixture
def ingested(backfilled):
    """A company with sell-in and products of all months, the other sources of FR, and nothing computed from them."""
    shutil.rmtree(backfilled.base / "store" / "baseline_forecasts")
    return backfilled


def rebuilt_by(plan) -> dict[str, dict[str | None, list[str]]]:
    """Return the months to rebuild by asset and market, without those that have none."""
    rebuilt = {
        asset: {country: [f"{month:%Y-%m}" for month in months] for country, months in by.items() if months}
        for asset, by in plan.rebuilt.items()
    }
    return {asset: by for asset, by in rebuilt.items() if by}


def reasons(work) -> dict[tuple[str, str, str], str]:
    return {(each.asset, each.country, f"{each.month:%Y-%m}"): each.failure for each in work.outcomes if each.failure}


def test_many_months_of_a_market_are_one_run_and_are_built_once(first_backfill, backfilled):
    _, works, submitted = first_backfill
    assert [(job, code, f"{months.first:%Y-%m}", f"{months.last:%Y-%m}") for job, code, months, *_ in submitted] == [
        ("ingest", "FR", "2023-04", "2024-06"),
        ("ingest", "DE", "2023-04", "2024-06"),
        ("ingest", "FR", "2023-04", "2024-06"),
        ("ingest", "DE", "2023-04", "2024-06"),
        ("monthly_cycle", "FR", "2024-03", "2024-06"),
        ("monthly_cycle", "DE", "2024-03", "2024-06"),
    ]
    assert [reasons(work) for work in works] == [{}, {}, {}]
    assert backfilled.plan([*SOURCES, "baseline_forecasts"], countries=["FR"]).partitions == 0
    assert backfilled.plan(["sell_in", "baseline_forecasts"]).partitions == 0
    assert backfilled.run(["sell_in", "baseline_forecasts"])[1] == []


def test_a_restated_month_makes_the_months_in_its_window_stale(backfilled):
    backfilled.deliver("FR", m2024_05=11)
    assert rebuilt_by(backfilled.plan(["sell_in", "baseline_forecasts"])) == {
        "sell_in": {"FR": ["2024-05"]},
        "baseline_forecasts": {"FR": ["2024-05", "2024-06"]},
    }
    _, submitted = backfilled.run(["sell_in", "baseline_forecasts"])
    assert [(job, code) for job, code, *_ in submitted] == [("ingest", "FR"), ("monthly_cycle", "FR")]
    assert backfilled.plan(["sell_in", "baseline_forecasts"]).partitions == 0


def test_the_runs_rebuild_the_marks_that_the_plan_names(backfilled):
    backfilled.deliver("FR", m2024_05=11)
    requested = {"assets": ["sell_in", "history_marks"], "countries": ["FR"]}
    planned = rebuilt_by(backfilled.plan(**requested))
    assert planned == {
        "sell_in": {"FR": ["2024-05"]},
        "history_marks": {"FR": [f"{month:%Y-%m}" for month in MONTHS[11:]]},
    }
    work, submitted = backfilled.run(**requested)
    assert [(job, f"{months.first:%Y-%m}", f"{months.last:%Y-%m}") for job, _, months, *_ in submitted] == [
        ("ingest", "2024-05", "2024-05"),
        ("market_features", "2024-03", "2024-06"),
    ]
    assert not reasons(work)
    assert backfilled.plan(**requested).partitions == 0


def test_a_new_delivery_with_the_same_rows_changes_nothing(backfilled):
    backfilled.deliver("FR")
    assert backfilled.plan(["sell_in"]).partitions == 0


@pytest.mark.parametrize("part", ["code_version", "configuration_of"])
def test_other_code_or_configuration_rebuilds_all_but_sources(backfilled, monkeypatch, part):
    monkeypatch.setattr(STALENESS, part, lambda *_: "another")
    rebuilt = rebuilt_by(backfilled.plan(["sell_in", "baseline_forecasts"], countries=["FR"]))
    assert list(rebuilt) == ["baseline_forecasts"]
    assert len(rebuilt["baseline_forecasts"]["FR"]) == 4


def test_a_bad_month_fails_alone_and_the_other_market_goes_on(ingested):
    for code, missing in (("FR", MONTHS[10:13]), ("DE", MONTHS[11:13])):
        for month in missing:
            shutil.rmtree(ingested.base / "store" / "sell_in" / PartitionKey(month, code).folder)
    ingested.deliver("FR", m2024_02="n/a")
    request = {"first": MONTHS[10], "last": MONTHS[12]}
    planned = ingested.plan(["sell_in", "baseline_forecasts"], **request)
    assert planned.rebuilt["sell_in"]["FR"][pd.Timestamp("2024-02-01")] == "not stored"
    work, submitted = ingested.run(["sell_in", "baseline_forecasts"], **request)
    launched = [(code, months.first == months.last) for job, code, months, *_ in submitted if job == "ingest"]
    assert launched == [("FR", False), *[("FR", True)] * 3, ("DE", False)]
    failed = reasons(work)
    assert list(failed) == [("sell_in", "FR", "2024-02")]
    assert "column units" in failed["sell_in", "FR", "2024-02"]
    stored = {partition.month for partition in ingested.store.list_partitions("sell_in") if partition.country == "FR"}
    assert stored == set(MONTHS) - {pd.Timestamp("2024-02-01")}


def test_a_month_is_not_built_if_one_of_its_inputs_failed(ingested):
    ingested.deliver("FR", m2024_05="n/a")
    work, submitted = ingested.run(
        ["sell_in", "baseline_forecasts"], countries=["FR"], first=pd.Timestamp("2024-04-01")
    )
    assert reasons(work)["baseline_forecasts", "FR", "2024-05"] == "not built: sell_in of the month failed"
    months = [f"{run[2].first:%Y-%m}" for run in submitted if run[0] == "monthly_cycle"]
    assert months == ["2024-04", "2024-06"]
    assert not ingested.store.exists("baseline_forecasts", PartitionKey(pd.Timestamp("2024-05-01"), "FR"))


def test_a_killed_backfill_continues_with_the_remaining_runs(ingested):
    with pytest.raises(KeyboardInterrupt):
        ingested.run(["sell_in", "baseline_forecasts"], dies_before=1)
    _, submitted = ingested.run(["sell_in", "baseline_forecasts"])
    assert [(job, code) for job, code, *_ in submitted] == [("monthly_cycle", "DE")]


def test_frozen_months_are_listed_and_reopened_as_revisions(ingested):
    ingested.publish("2024-04-01", "2024-05-01", "2024-06-01")
    request = {"countries": ["FR"], "first": pd.Timestamp("2024-03-01")}
    planned = ingested.plan(["baseline_forecasts"], **request)
    assert {code: [f"{month:%Y-%m}" for month in months] for code, months in planned.frozen.items()} == {
        "FR": ["2024-04", "2024-05"]
    }
    _, submitted = ingested.run(["baseline_forecasts"], **request)
    tags = [run[3].get("forecast/cycle_id") for run in submitted]
    assert sorted(tags, key=str) == [".r2", None, None]
    cycles = {
        f"{partition.month:%Y-%m}": ingested.store.provenance("baseline_forecasts", partition).cycle_id
        for partition in ingested.store.list_partitions("baseline_forecasts")
    }
    assert cycles == {
        "2024-03": "dev-2024-03", "2024-04": "dev-2024-04.r2", "2024-05": "dev-2024-05.r2", "2024-06": "dev-2024-06",
    }  # fmt: skip


def test_performance_is_planned_only_after_a_published_origin(ingested):
    ingested.publish("2024-03-01")
    rebuilt = rebuilt_by(ingested.plan(["performance"], countries=["FR"]))
    assert rebuilt == {"performance": {"FR": ["2024-04", "2024-05", "2024-06"]}}


def test_history_missing_before_the_request_is_listed(company):
    planned = company.plan(["baseline_forecasts"], countries=["FR"], first=MONTHS[3])
    assert planned.history_missing == {"FR": MONTHS[:3]}


def test_past_durations_are_read_from_recorded_runs(first_backfill, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(first_backfill[0]))
    with dg.DagsterInstance.get() as instance:
        past, jobs = past_durations(instance), job_seconds(instance)
    assert past.runs == 6
    assert jobs["ingest", True] > 0
    assert ("ingest", False) not in jobs
    assert past.of("sell_in", in_range=True) == past.seconds["sell_in", True]
    assert past.of("model", in_range=False) is None


def test_estimated_minutes_spread_the_partitions_over_processes(company):
    past = PastDurations({("sell_in", True): 2.0, ("model", False): 60.0}, 5.0, 9)
    months = dict.fromkeys(MONTHS[:3], "not stored")
    months_by_table = {"sell_in": {"FR": months, "DE": months}, "model": {"FR": months}, "forecasts": {"FR": months}}
    # FR: 3 x 2 s and a run of 5 s, then 3 x 60 s and three runs of 5 s: 206 s. DE: 11 s.
    estimate = estimated(months_by_table, company.nodes, past, processes=2)
    assert estimate.minutes == pytest.approx(206 / 60)
    assert estimate.unknown == ("forecasts",)
    assert estimated(months_by_table, company.nodes, past, processes=1).minutes == pytest.approx(217 / 60)


def test_a_bare_name_selects_as_in_the_ui(company):
    chosen = selected_assets(company.definitions, "features+")
    assert {"features", "model", "published_forecasts", "performance", "market_report"} <= set(chosen)
    assert "sell_in" not in chosen
    assert selected_assets(company.definitions, "sell_in or covid_policy") == ["covid_policy", "sell_in"]
    assert "sell_in" in selected_assets(company.definitions, "+published_forecasts")
    with pytest.raises(SelectionError, match="Known: "):
        selected_assets(company.definitions, "sell_inn")


def test_every_asset_can_be_planned_except_those_on_demand(ingested):
    planned = ingested.plan(selected_assets(ingested.definitions, "*"), countries=["FR"], first=LAST)
    assert {"model", "published_forecasts", "market_report"} <= set(rebuilt_by(planned))
    assert not {"tuned_recipe", "refused_recipe", "delivery"} & set(rebuilt_by(planned))
    assert not set(SOURCES) & set(rebuilt_by(planned))
