"""Steps that a cycle still has to run, by what is stored: what is missing is built, what was built from it again."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.steps import CycleSteps, Present
from forecast_assets.operations.stages import CYCLES, FEATURES, HISTORY, POOLING, TOTALS
from forecast_assets.tags import SOURCES
from forecast_assets_tests.operations.cycle.stored_partitions import (
    FR,
    JUNE,
    MONTHS,
    NO,
    ORIGINS,
    Stored,
    with_sources,
)


def steps_of(store, markets=None, **request) -> CycleSteps:
    return CycleSteps(store, markets or {"FR": FR}, CycleRequest(JUNE, history=12, **request))


def words(steps) -> list[str]:
    return [f"{step.job} {step.months.first:%Y-%m}..{step.months.last:%Y-%m}" for step in steps]


def test_with_everything_stored_neither_sources_nor_features_are_built_again():
    steps = steps_of(with_sources())
    assert words(steps.history("FR")) == words(steps.features("FR")) == []


@pytest.mark.parametrize("source", SOURCES)
def test_a_month_that_lacks_one_source_is_ingested_and_origins_from_it_on_are_built_again(source):
    steps = steps_of(with_sources(without={source: ["2024-02-01"]}))
    assert words(steps.history("FR")) == ["ingest 2024-02..2024-02"]
    assert words(steps.features("FR")) == ["market_features 2024-02..2024-05"]


def test_a_gap_in_the_first_month_makes_every_origin_again():
    steps = steps_of(with_sources(without={"sell_in": ["2023-01-01"]}))
    assert words(steps.history("FR")) == ["ingest 2023-01..2023-01"]
    assert words(steps.features("FR")) == ["market_features 2023-12..2024-05"]


@pytest.mark.parametrize("table", ["features", "history_marks"])
def test_an_origin_without_its_features_or_the_marks_that_they_were_built_with_is_built(table):
    steps = steps_of(with_sources(without={table: ["2024-03-01"]}))
    assert words(steps.history("FR")) == []
    assert words(steps.features("FR")) == ["market_features 2024-03..2024-03"]


def test_closed_months_are_neither_ingested_nor_built_again():
    # February and April are published, so February is closed; the gap of January is before both.
    published = {"published_forecasts": {"FR": ["2024-02-01", "2024-04-01"]}}
    steps = steps_of(with_sources(without={"sell_in": ["2024-01-01", "2024-03-01"]}, **published))
    assert words(steps.history("FR")) == ["ingest 2024-01..2024-01", "ingest 2024-03..2024-03"]
    assert words(steps.features("FR")) == ["market_features 2024-01..2024-01", "market_features 2024-03..2024-05"]


def test_a_market_that_starts_with_the_month_or_lacks_a_year_of_data_has_nothing_to_prepare():
    young = {"FR": dataclasses.replace(FR, since=JUNE)}
    steps = steps_of(Stored(), young)
    assert words(steps.history("FR")) == words(steps.features("FR")) == words(steps.totals(["FR"])) == []


def with_totals(totals_of: dict[str, list[str]], known=(), **more) -> Stored:
    """Totals of months with the markets in them, and the months with what was known of totals."""
    store = Stored(demand_totals={None: list(totals_of)}, demand_totals_known={None: list(known)}, **more)
    store.totals_of = {pd.Timestamp(month): codes for month, codes in totals_of.items()}
    return store


ALL_KNOWN = [*ORIGINS, JUNE]


def test_totals_reach_back_as_far_as_any_market_and_what_is_known_from_the_first_origin_on():
    both = {"FR": FR, "NO": NO}
    built = ["totals 2023-01..2024-05", "totals_known 2023-12..2024-06"]
    assert words(steps_of(Stored(), both).totals(["NO", "FR"])) == built
    assert words(steps_of(Stored(), both).totals(["NO"])) == [
        "totals 2023-03..2024-05",
        "totals_known 2024-02..2024-06",
    ]
    short = {"FR": dataclasses.replace(FR, since=pd.Timestamp("2024-03-01"))}
    # No origin has a year of data: only the month itself needs what is known.
    assert words(steps_of(Stored(), short).totals(["FR"])) == [
        "totals 2024-03..2024-05",
        "totals_known 2024-06..2024-06",
    ]


def test_totals_without_a_market_that_has_delivered_the_month_are_made_again():
    totals_of = {f"{month:%Y-%m-%d}": ["FR"] for month in MONTHS}
    fresh = with_totals(totals_of, ALL_KNOWN, sell_in={"FR": list(MONTHS)})
    assert words(steps_of(fresh).totals(["FR"])) == []
    fresh.damaged = [pd.Timestamp("2024-05-01")]
    assert words(steps_of(fresh).totals(["FR"])) == ["totals 2024-05..2024-05", "totals_known 2024-06..2024-06"]
    fresh.damaged = [JUNE]
    assert words(steps_of(fresh).totals(["FR"])) == ["totals_known 2024-06..2024-06"]
    late = with_totals(totals_of, ALL_KNOWN, sell_in={"FR": list(MONTHS), "NO": ["2024-03-01"]})
    # What was known at the end of March was known before the totals of March were made again.
    assert words(steps_of(late).totals(["FR"])) == ["totals 2024-03..2024-03", "totals_known 2024-04..2024-06"]


def test_what_was_known_of_totals_at_a_closed_month_stays():
    totals_of = {f"{month:%Y-%m-%d}": ["FR"] for month in MONTHS if month != pd.Timestamp("2024-02-01")}
    published = {"published_forecasts": {"FR": ["2024-04-01", "2024-05-01"]}}
    store = with_totals(totals_of, ALL_KNOWN, sell_in={"FR": list(MONTHS)}, **published)
    assert words(steps_of(store).totals(["FR"])) == [
        "totals 2024-02..2024-02", "totals_known 2024-03..2024-03", "totals_known 2024-05..2024-06",
    ]  # fmt: skip
    gap = with_totals({f"{month:%Y-%m-%d}": ["FR"] for month in MONTHS}, ALL_KNOWN[1:], sell_in={"FR": list(MONTHS)})
    assert words(steps_of(gap).totals(["FR"])) == ["totals_known 2023-12..2023-12"]


def cycles(published=(), measured=(), **request) -> list[str]:
    stored = Stored(published_forecasts={"FR": list(published)}, performance={"FR": list(measured)})
    return words(steps_of(stored, **request).cycles("FR"))


def test_closed_months_since_the_first_publication_are_measured_before_the_cycle():
    assert cycles() == ["monthly_cycle 2024-06..2024-06"]
    assert cycles(["2024-05-01"]) == ["monthly_cycle 2024-06..2024-06"]
    assert cycles(["2024-04-01"]) == ["measure 2024-05..2024-05", "monthly_cycle 2024-06..2024-06"]
    published = ["2024-01-01", "2024-03-01"]
    assert cycles(published) == ["measure 2024-02..2024-05", "monthly_cycle 2024-06..2024-06"]
    assert cycles(published, ["2024-02-01", "2024-04-01"])[0] == "measure 2024-03..2024-05"
    measured = [f"2024-0{month}-01" for month in (2, 3, 4, 5)]
    assert cycles(published, measured) == ["monthly_cycle 2024-06..2024-06"]


def test_months_that_the_month_before_restates_are_measured_again():
    measured = [f"2024-0{month}-01" for month in (2, 3, 4, 5)]
    stored = with_sources(published_forecasts={"FR": ["2024-01-01"]}, performance={"FR": measured})
    # What April restated was measured by the cycle after April.
    stored.restated = {pd.Timestamp("2024-04-01"): ["2024-02-01"]}
    assert words(steps_of(stored).cycles("FR")) == ["monthly_cycle 2024-06..2024-06"]
    stored.restated = {pd.Timestamp("2024-05-01"): ["2024-03-01"]}
    assert words(steps_of(stored).cycles("FR")) == ["measure 2024-03..2024-03", "monthly_cycle 2024-06..2024-06"]


def test_a_closed_origin_is_passed_over_and_the_next_ones_run():
    steps = cycles(["2024-04-01", "2024-05-01"], ["2024-05-01"], origins=3)
    assert steps == ["monthly_cycle 2024-05..2024-05", "monthly_cycle 2024-06..2024-06"]
    assert cycles(["2024-06-01"], ["2024-05-01"]) == ["monthly_cycle 2024-06..2024-06"]
    assert cycles(["2024-06-01", "2024-07-01"]) == []
    # An earlier origin that was never published is open.
    assert cycles(["2024-07-01"]) == ["monthly_cycle 2024-06..2024-06"]


def test_each_stage_has_its_steps():
    steps = steps_of(Stored())
    assert words(steps.of_market(HISTORY, "FR")) == ["ingest 2023-01..2024-05"]
    assert words(steps.of_market(FEATURES, "FR")) == ["market_features 2023-12..2024-05"]
    assert words(steps.of_market(CYCLES, "FR")) == ["monthly_cycle 2024-06..2024-06"]
    assert words(steps.over_all_markets(TOTALS, ["FR"]))[0] == "totals 2023-01..2024-05"
    assert words(steps.over_all_markets(POOLING, ["FR"])) == [
        "pool_rows 2023-12..2024-05", "pool_model 2024-06..2024-06",
    ]  # fmt: skip
    assert words(steps.over_all_markets(POOLING, [])) == []


def test_months_and_features_are_those_of_the_market_asked_for():
    present = Present(
        Stored(features={"NO": ["2024-05-01"], "FR": ["2024-04-01"]}, pooled_model={None: ["2024-05-01"]})
    )
    assert present.months("features", "FR") == {pd.Timestamp("2024-04-01")}
    assert present.months("pooled_model", None) == {pd.Timestamp("2024-05-01")}
    assert present.skus_of_features("FR", pd.Timestamp("2024-05-01")) == 0
