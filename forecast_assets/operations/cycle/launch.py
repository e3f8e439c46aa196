"""One Dagster run in this process, recorded in the instance so that the UI shows it."""

import dataclasses
import re
from collections.abc import Callable, Generator, Mapping, Sequence

import dagster as dg
import pandas as pd

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.dagster_internals import SerializableErrorInfo
from forecast_assets.partitions import range_name
from forecast_assets.tags import MONTHS_TAG, PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclasses.dataclass(frozen=True)
class RunResult:
    """Result of a run. ``failures`` has one line per failed step: its name and the reason."""

    job: str
    country: str | None
    run_id: str
    failures: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """True if every step succeeded."""
        return not self.failures


@dataclasses.dataclass(frozen=True)
class Step:
    """A run to launch for a market, or over all markets.

    Attributes:
        job: Name of a job of the code location.
        months: One month or a range; a range is one run.
        tags: Further run tags.
        assets: Assets of the job to build; all of them by default.
    """

    job: str
    months: MonthRange
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    assets: tuple[str, ...] = ()


# Steps of a market; each is generated when the one before it has ended, and is sent that step's result.
Steps = Generator[Step, RunResult, None]
Loader = Callable[[], dg.Definitions]


def launch(
    load: Loader,
    job: str,
    country: str | None,
    months: MonthRange,
    tags: Mapping[str, str] | None = None,
    assets: Sequence[str] = (),
    config: Mapping[str, Mapping[str, object]] | None = None,
) -> RunResult:
    """Run a job for a market and a range of months and wait for it.

    Args:
        load: Loads the code location; a function of a module, because other processes receive it.
        job: Name of a job of the code location.
        country: The market; None for assets over all markets.
        months: One month or a range; a range is one run.
        tags: Further run tags.
        assets: Assets of the job to build; all of them by default.
        config: Configuration of assets by name.
    """
    definition = load().resolve_job_def(job)
    first = _key(months.first, country)
    single = months.first == months.last
    with dg.DagsterInstance.get() as instance:
        result = definition.execute_in_process(
            instance=instance,
            run_config=QUIET | {"ops": {asset: {"config": dict(values)} for asset, values in (config or {}).items()}},
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            partition_key=first if single else None,
            tags={**(tags or {}), **({} if single else _range_tags(months, country))},
            raise_on_error=False,
        )
    return RunResult(job, country, result.run_id, failures_of(result))


def _range_tags(months: MonthRange, country: str | None) -> dict[str, str]:
    """Return the tags of a run over a range; its name is there for the list of runs."""
    return {MONTHS_TAG: range_name(country, months), **partition_tags(country, months)}


def partition_tags(country: str | None, months: MonthRange) -> dict[str, str]:
    """Return the tags by which a run of a market (None: all) and its months is found."""
    if months.first == months.last:
        return {PARTITION_TAG: str(_key(months.first, country))}
    keys = {RANGE_START_TAG: months.first, RANGE_END_TAG: months.last}
    return {tag: str(_key(month, country)) for tag, month in keys.items()}


def _key(month: pd.Timestamp, country: str | None) -> str:
    text = f"{month:%Y-%m-%d}"
    return dg.MultiPartitionKey({"month": text, "country": country}) if country else text


def failures_of(result: dg.ExecuteInProcessResult) -> tuple[str, ...]:
    """Return one text per failed step: its name and the reason; none if the run succeeded."""
    failures = []
    for event in result.all_events:
        if event.is_step_failure and event.step_key and event.step_failure_data.error:
            error = event.step_failure_data.error
            failures.append(f"{event.step_key}: {_reason(error, result, event.step_key)}")
    if not failures and not result.success:
        failures = [f"the run failed before its first step{_reason_of_run(result)}"]
    return tuple(failures)


def _reason_of_run(result: dg.ExecuteInProcessResult) -> str:
    """Return the reason why a run failed as a whole, such as a market that another run is writing."""
    for event in result.all_events:
        if event.event_type is dg.DagsterEventType.RUN_FAILURE and event.job_failure_data.error:
            error = event.job_failure_data.error
            while error.cause:
                error = error.cause
            return f": {_without_class(error.message)}"
    return ""


def _reason(error: SerializableErrorInfo, result: dg.ExecuteInProcessResult, step: str) -> str:
    """Return the results of failed blocking checks, which explain more than the exception, else its message."""
    failed_checks = [
        f"{evaluation.check_name}: {evaluation.description}"
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.asset_key.path[-1] == step
        and not evaluation.passed
        and evaluation.severity == dg.AssetCheckSeverity.ERROR
    ]
    # The class name in "package.module.LandingError: ..." does not help a planner.
    return "; ".join(failed_checks) or _without_class((error.cause or error).message)


def _without_class(message: str) -> str:
    return re.sub(r"^[\w.]+\.(\w+): ", "", message.strip())
