"""Runs of a backfill: source data of many months in one run per market, models month by month.

A range that fails runs again month by month, so that good months are stored and bad ones fail alone. A month whose
input failed is not built. Staleness is checked again before every run, so a backfill that was stopped continues with
what is left.
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

import pandas as pd

from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.domain.months import MonthRange, consecutive_months
from forecast_assets.operations.backfill.asset_nodes import AssetNode
from forecast_assets.operations.backfill.backfill_plan import Scope
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.operations.cycle.cycle import Report, run_side_by_side
from forecast_assets.operations.cycle.launch import RunResult, Step, Steps
from forecast_assets.operations.cycle.processes import Processes
from forecast_assets.operations.stages import CYCLES, MARKET_MONTHS_OF_A_RUN, POOLING, STAGES, Stage
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import BACKFILL_TAG, CYCLE_ID_TAG, MEASURED, MONTHLY_CYCLE

PUBLISHED = "published_forecasts"
# Opens the failure of a partition whose input failed or is missing.
NOT_BUILT = "not built"


@dataclasses.dataclass(frozen=True)
class PartitionOutcome:
    """Result of one partition that a backfill tried.

    Attributes:
        asset: Name of the asset.
        country: The market; None over all markets.
        month: Month of the partition.
        failure: Reason why it was not built; None if it was built.
    """

    asset: str
    country: str | None
    month: pd.Timestamp
    failure: str | None


class Backfill:
    """One backfill: its runs market by market, and the outcome of every partition it tried.

    Attributes:
        runs: Number of runs that have ended.
    """

    def __init__(
        self,
        scope: Scope,
        staleness: Staleness,
        *,
        env: str,
        backfill_id: str,
        frozen: Mapping[str, Sequence[pd.Timestamp]],
        revision: int,
    ) -> None:
        self.runs = 0
        self._outcomes: dict[tuple[str, str | None, pd.Timestamp], PartitionOutcome] = {}
        self._scope = scope
        self._staleness = staleness
        self._env = env
        self._backfill_id = backfill_id
        self._frozen = {code: set(months) for code, months in frozen.items()}
        self._revision = revision

    @property
    def outcomes(self) -> list[PartitionOutcome]:
        """The latest outcome of each partition, in the order in which they were first tried."""
        return list(self._outcomes.values())

    def run(self, processes: Processes, report: Report) -> None:
        """Run what is stale, stage by stage; a market that fails stops no other."""
        for stage in STAGES:
            codes = [""] if stage.over_all_markets else self._scope.request.countries
            steps = {code: self._steps(stage, code or None) for code in codes}
            run_side_by_side(processes, steps, report, goes_on=True)

    def _steps(self, stage: Stage, code: str | None) -> Steps:
        """Generate the runs of a stage: assets that take ranges of months, then the others month by month."""
        for each in stage.jobs:
            ranged = [name for name in each.tables if name in self._scope.assets and not self._is_by_month(name)]
            for assets in self._independent(ranged):
                yield from self._ranges(code, each.job, assets, self._most_months(stage, assets))
        if stage is CYCLES and code is not None:
            yield from self._by_month(code)

    def _independent(self, assets: Sequence[str]) -> list[list[str]]:
        """Group consecutive assets none of which reads another: they may share a run."""
        groups: list[list[str]] = []
        for asset in assets:
            reads = {window.table for window in self._scope.nodes[asset].windows}
            if groups and not reads.intersection(groups[-1]):
                groups[-1].append(asset)
            else:
                groups.append([asset])
        return groups

    def _most_months(self, stage: Stage, assets: Sequence[str]) -> int | None:
        """Return how many months a run may take: what fits into memory where markets are pooled, else any number."""
        if stage is not POOLING:
            return None
        if not all(self._scope.nodes[name].months_in_one_run for name in assets):
            return 1
        return MARKET_MONTHS_OF_A_RUN // len(self._scope.request.countries)

    def _by_month(self, code: str) -> Steps:
        """Generate the runs of single months, oldest first: a month's report reads the performance before it."""
        assets = [name for name in self._scope.assets if self._is_by_month(name)]
        for month in MonthRange(self._scope.request.first, self._scope.request.last).months:
            chosen = self._stale_of_month(code, month, assets)
            if chosen:
                yield from self._run(code, MONTHLY_CYCLE, chosen, MonthRange(month, month))

    def _is_by_month(self, name: str) -> bool:
        """Return True if an asset is built in runs of one market and month."""
        if name in MEASURED:
            return PUBLISHED in self._scope.assets
        node = self._scope.nodes[name]
        return not node.by_month_alone and not node.months_in_one_run

    def _ranges(self, code: str | None, job: str, assets: list[str], most_months: int | None) -> Steps:
        """Generate the runs of stale ranges, assets with the same range in one; repeat a failed range by month."""
        for months, together in self._together(code, assets, most_months).items():
            yield from self._run(code, job, together, months)
            failed = [asset for asset in together if self._has_failed(asset, code, months.last)]
            if failed and months.first != months.last:
                for month in months.months:
                    yield from self._run(code, job, failed, MonthRange(month, month))

    def _together(self, code: str | None, assets: list[str], most_months: int | None) -> dict[MonthRange, list[str]]:
        """Group assets by stale range; frozen months are apart from open ones because their runs are tagged."""
        together: dict[MonthRange, list[str]] = {}
        for asset in assets:
            stale = self._staleness.stale(asset, code, self._scope.months(asset, code))
            wanted = {month for month in stale if not self._is_blocked(asset, code, month)}
            frozen = self._frozen.get(code or "", set())
            for part in [*consecutive_months(wanted & frozen), *consecutive_months(wanted - frozen)]:
                for months in part.parts(most_months or len(part.months)):
                    together.setdefault(months, []).append(asset)
        return together

    def _stale_of_month(self, code: str, month: pd.Timestamp, assets: list[str]) -> list[str]:
        """Return the assets of a month that are stale, or that read a stale one in the same month."""
        rebuilt: dict[str, dict[str | None, list[pd.Timestamp]]] = {}
        for asset in assets:
            publishing = [month] if PUBLISHED in rebuilt else []
            if month not in self._scope.months(asset, code, publishing):
                continue
            if not self._staleness.stale(asset, code, [month], rebuilt):
                continue
            if not self._is_blocked(asset, code, month, rebuilt):
                rebuilt[asset] = {code: [month]}
        return list(rebuilt)

    def _is_blocked(self, asset: str, code: str | None, month: pd.Timestamp, rebuilt: Collection[str] = ()) -> bool:
        """Return True if an input of the month failed or is missing; the outcome names it.

        Inputs that the same run rebuilds do not count.
        """
        if code is None:
            return False
        for window in self._scope.nodes[asset].windows:
            if not window.first <= 0 <= window.last or window.table in rebuilt:
                continue
            if self._has_failed(window.table, code, month):
                self._note(asset, code, month, f"{NOT_BUILT}: {window.table} of the month failed")
                return True
            if window.required and month not in self._staleness.recorded.of(window.table, code):
                self._note(asset, code, month, f"{NOT_BUILT}: {window.table} of the month is not stored")
                return True
        return False

    def _has_failed(self, asset: str, code: str | None, month: pd.Timestamp) -> bool:
        outcome = self._outcomes.get((asset, code, month))
        return outcome is not None and outcome.failure is not None

    def _note(self, asset: str, code: str | None, month: pd.Timestamp, failure: str | None) -> None:
        self._outcomes[asset, code, month] = PartitionOutcome(asset, code, month, failure)

    def _run(self, code: str | None, job: str, assets: list[str], months: MonthRange) -> Steps:
        """Generate one run, then note the outcome of each of its partitions and read what it stored."""
        result = yield Step(job, months, self._tags(code, months), tuple(assets))
        self.runs += 1
        reasons = _reasons(result, assets, self._scope.nodes)
        for asset, month in _partitions(assets, months):
            self._note(asset, code, month, reasons.get(asset))
            if self._scope.nodes[asset].is_stored:
                self._staleness.recorded.reread(asset, PartitionKey(month, code))

    def _tags(self, code: str | None, months: MonthRange) -> dict[str, str]:
        tags = {BACKFILL_TAG: self._backfill_id}
        if months.first in self._frozen.get(code or "", ()):
            revision = f".r{self._revision}"
            single = months.first == months.last
            tags[CYCLE_ID_TAG] = cycle_id_of(self._env, months.first) + revision if single else revision
        return tags


def _partitions(assets: Sequence[str], months: MonthRange) -> Iterator[tuple[str, pd.Timestamp]]:
    return ((asset, month) for asset in assets for month in months.months)


def _reasons(result: RunResult, assets: list[str], nodes: Mapping[str, AssetNode]) -> dict[str, str]:
    """Return why assets of a run failed: by themselves, by one that they read, or because the run failed."""
    own = {name: text for name, _, text in (failure.partition(": ") for failure in result.failures) if name in assets}
    if result.failures and not own:
        return dict.fromkeys(assets, result.failures[0])
    reasons: dict[str, str] = {}
    for asset in assets:
        failed = next((w.table for w in nodes[asset].windows if w.table in reasons), None)
        if asset in own:
            reasons[asset] = own[asset]
        elif failed:
            reasons[asset] = f"{NOT_BUILT}: {failed} of the month failed"
    return reasons
