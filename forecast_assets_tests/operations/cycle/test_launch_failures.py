"""Lines in which a failed run says why: of steps, of blocking checks, and of a run that could not begin."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import RunResult, _range_tags, failures_of, launch, partition_tags

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


class LandingError(ValueError):
    """An error of the package, whose class a planner need not see."""


@dg.asset
def plain():
    raise LandingError("no sell-in of 2024-06\n")


@dg.asset
def caused():
    try:
        raise OSError("disk full")
    except OSError as error:
        raise dg.Failure("could not store") from error


def checked(
    name: str, *results: tuple[str, bool, dg.AssetCheckSeverity], is_blocking: bool = True
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        check_specs=[dg.AssetCheckSpec(check, asset=name, blocking=is_blocking) for check, *_ in results],
        output_required=False,
    )
    def asset() -> Iterator[dg.AssetCheckResult]:
        for check, passed, severity in results:
            yield dg.AssetCheckResult(
                passed=passed, check_name=check, severity=severity, description=f"{check} of {name}"
            )

    return asset


def failures(*assets: dg.AssetsDefinition, **resources: object) -> list[str]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(list(assets), instance=instance, resources=resources, raise_on_error=False)
    return sorted(failures_of(result))


def test_each_failed_step_names_its_cause_without_a_class_of_the_package():
    assert failures(plain) == ["plain: no sell-in of 2024-06"]
    assert failures(plain, caused) == ["caused: OSError: disk full", "plain: no sell-in of 2024-06"]


def test_failed_blocking_checks_of_the_step_explain_it():
    bad = checked(
        "bad", ("volume", False, ERROR), ("names", True, ERROR), ("dates", False, ERROR), ("hint", False, WARN)
    )
    other = checked("other", ("volume", False, ERROR))
    assert failures(bad, other) == ["bad: volume: volume of bad; dates: dates of bad", "other: volume: volume of other"]


def test_a_run_without_a_failed_step_has_no_failures():
    assert failures(checked("fine", ("volume", True, ERROR))) == []
    assert RunResult("ingest", "FR", "run").succeeded
    assert not RunResult("ingest", "FR", "run", ("a",)).succeeded


def test_a_run_that_fails_before_its_first_step_names_the_innermost_reason():
    @dg.resource
    def busy(_):
        raise LandingError("FR: run other is writing")

    @dg.asset(required_resource_keys={"market"})
    def waits(): ...

    assert failures(waits, market=busy) == ["the run failed before its first step: FR: run other is writing"]


def test_a_run_has_the_configuration_tags_and_assets_that_are_asked_for(monkeypatch):
    months, seen = dg.MonthlyPartitionsDefinition(start_date="2024-01-01"), []

    @dg.asset(partitions_def=months, config_schema={"rounds": dg.Field(int, default_value=1)})
    def tuned(context: dg.AssetExecutionContext):
        seen.append((context.op_execution_context.op_config["rounds"], context.run.tags.get("started_by")))

    @dg.asset(partitions_def=months)
    def other():
        raise LandingError("it was asked for")

    june = MonthRange(pd.Timestamp("2024-06-01"), pd.Timestamp("2024-06-01"))
    definitions = dg.Definitions([tuned, other], jobs=[dg.define_asset_job("both")])
    monkeypatch.setattr(dg.DagsterInstance, "get", dg.DagsterInstance.ephemeral)
    result = launch(lambda: definitions, "both", None, june, {"started_by": "me"}, ["tuned"], {"tuned": {"rounds": 7}})
    assert (result.failures, seen) == ((), [(7, "me")])
    assert launch(lambda: definitions, "both", None, june).failures == ("other: it was asked for",)
    assert seen[1:] == [(1, None)]


def test_tags_name_a_month_or_the_ends_of_a_range():
    may, june = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
    assert partition_tags("FR", MonthRange(may, may)) == {"dagster/partition": "FR|2024-05-01"}
    assert _range_tags(MonthRange(may, june), None) == {
        "forecast/months": "all_markets 2024-05 to 2024-06",
        "dagster/asset_partition_range_start": "2024-05-01",
        "dagster/asset_partition_range_end": "2024-06-01",
    }
