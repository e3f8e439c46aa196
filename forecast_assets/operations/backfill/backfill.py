"""Runs of a backfill: data of many months in one run per market, models month by month, and what became of each.

A range that fails is run again month by month for that market, so that good months land and bad ones stay red. A month
whose input failed is not built upon. What has to run is judged again before every run, so whatever stopped the backfill
before, it goes on with what is left.
"""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.domain.months import MonthRange, consecutive_months
from forecast_assets.operations.backfill.asset_nodes import AssetNode
from forecast_assets.operations.backfill.backfill_plan import POOLED, Scope
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.operations.cycle.cycle import Report, run_side_by_side
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets.operations.cycle.processes import Processes
from forecast_assets.operations.cycle.steps import MARKET_MONTHS_OF_A_RUN
from forecast_assets.storage import PartitionKey
from forecast_assets.tags import BACKFILL_TAG, CYCLE_ID_TAG, JOBS_OVER_ALL_MARKETS, PERFORMANCE, SOURCES

# Job, months, tags, assets.
Run = tuple[str, MonthRange, dict[str, str], list[str]]


class Backfill:
    """One backfill: its runs market by market, and the outcome of every partition it tried.

    Attributes:
        outcomes: By asset, market (None: over all markets) and month: None where it was made, else why not.
        runs: How many runs there were.
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
        self.outcomes: dict[tuple[str, str | None, pd.Timestamp], str | None] = {}
        self.runs = 0
        self._scope = scope
        self._staleness = staleness
        self._env = env
        self._backfill_id = backfill_id
        self._frozen = {code: set(months) for code, months in frozen.items()}
        self._revision = revision
        self._under_way: dict[str | None, Run] = {}

    def run(self, processes: Processes, report: Report) -> None:
        """Run what is stale, stage by stage; every market goes on whatever happens to another."""

        def reported(code: str | None, job: str, months: MonthRange, result: RunResult | None) -> None:
            report(code, job, months, result)
            if result is not None:
                self._ended(code, result)

        codes = self._scope.request.countries
        stages = [
            {code: self._sources(code) for code in codes},
            {"": self._totals()},
            {code: self._features(code) for code in codes},
            {"": self._pooling()},
            {code: self._by_month(code) for code in codes},
            {code: self._measured(code) for code in codes},
        ]
        for steps in stages:
            run_side_by_side(processes, steps, reported, goes_on=True)

    def _sources(self, code: str) -> Iterator[Run]:
        yield from self._ranges(code, "ingest", [name for name in self._scope.assets if name in SOURCES])

    def _totals(self) -> Iterator[Run]:
        for asset, job in JOBS_OVER_ALL_MARKETS.items():
            if asset not in POOLED:
                yield from self._ranges(None, job, self._selected(asset))

    def _features(self, code: str) -> Iterator[Run]:
        yield from self._ranges(code, "market_features", self._selected("features"))
        yield from self._ranges(code, "monthly_cycle", self._selected("baseline_forecasts"))

    def _pooling(self) -> Iterator[Run]:
        rows, model = POOLED
        most = MARKET_MONTHS_OF_A_RUN // len(self._scope.request.countries)
        yield from self._ranges(None, JOBS_OVER_ALL_MARKETS[rows], self._selected(rows), most)
        yield from self._ranges(None, JOBS_OVER_ALL_MARKETS[model], self._selected(model), 1)

    def _by_month(self, code: str) -> Iterator[Run]:
        """Everything that is made month by month, oldest first: a month's report reads the performance before it."""
        assets = [name for name in self._scope.assets if self._is_by_month(self._scope.nodes[name])]
        for month in MonthRange(self._scope.request.first, self._scope.request.last).months:
            chosen = self._stale_of_month(code, month, assets)
            if chosen:
                yield self._start(code, "monthly_cycle", chosen, MonthRange(month, month))

    def _measured(self, code: str) -> Iterator[Run]:
        if "published_forecasts" not in self._scope.assets:
            yield from self._ranges(code, "measure", self._selected(PERFORMANCE))

    def _is_by_month(self, node: AssetNode) -> bool:
        if node.name == PERFORMANCE:
            return "published_forecasts" in self._scope.assets
        return not node.by_month_alone and not node.months_in_one_run

    def _selected(self, *names: str) -> list[str]:
        return [name for name in names if name in self._scope.assets]

    def _ranges(self, code: str | None, job: str, assets: list[str], most_months: int | None = None) -> Iterator[Run]:
        """Ranges of stale months, assets with the same one in one run; a range that fails once more month by month."""
        for months, together in self._together(code, assets, most_months).items():
            yield self._start(code, job, together, months)
            failed = [asset for asset in together if self._failed(asset, code, months.last)]
            if failed and months.first != months.last:
                for month in months.months:
                    yield self._start(code, job, failed, MonthRange(month, month))

    def _together(self, code: str | None, assets: list[str], most_months: int | None) -> dict[MonthRange, list[str]]:
        """Assets by the ranges they are stale in; frozen months apart from open ones: their runs are tagged."""
        together: dict[MonthRange, list[str]] = {}
        for asset in assets:
            stale = self._staleness.stale(asset, code, self._scope.months(asset, code))
            wanted = [month for month in stale if not self._blocked(asset, code, month, ())]
            frozen = self._frozen.get(code or "", set())
            for part in [*consecutive_months(frozen.intersection(wanted)), *consecutive_months(set(wanted) - frozen)]:
                for months in part.parts(most_months or len(part.months)):
                    together.setdefault(months, []).append(asset)
        return together

    def _stale_of_month(self, code: str, month: pd.Timestamp, assets: list[str]) -> list[str]:
        """What has to be made of a month: the stale, and what reads it in the same month."""
        made: dict[str, dict[str | None, list[pd.Timestamp]]] = {}
        for asset in assets:
            publishing = [month] if "published_forecasts" in made else []
            if month not in self._scope.months(asset, code, publishing):
                continue
            if not self._staleness.stale(asset, code, [month], made) or self._blocked(asset, code, month, made):
                continue
            made[asset] = {code: [month]}
        return list(made)

    def _blocked(self, asset: str, code: str | None, month: pd.Timestamp, made: Mapping | Sequence) -> bool:
        """Whether an input of the month failed or is not there; the outcome says which."""
        if code is None:
            return False
        for window in self._scope.nodes[asset].windows:
            if not window.first <= 0 <= window.last or window.table in made:
                continue
            if self._failed(window.table, code, month):
                self.outcomes[asset, code, month] = f"not made: {window.table} of the month failed"
                return True
            if window.required and month not in self._staleness.recorded.of(window.table, code):
                self.outcomes[asset, code, month] = f"not made: {window.table} of the month is not there"
                return True
        return False

    def _failed(self, asset: str, code: str | None, month: pd.Timestamp) -> bool:
        return self.outcomes.get((asset, code, month)) is not None

    def _start(self, code: str | None, job: str, assets: list[str], months: MonthRange) -> Run:
        tags = {BACKFILL_TAG: self._backfill_id}
        if months.first in self._frozen.get(code or "", ()):
            revision = f".r{self._revision}"
            single = months.first == months.last
            tags[CYCLE_ID_TAG] = cycle_id_of(self._env, months.first) + revision if single else revision
        run = self._under_way[code] = (job, months, tags, assets)
        return run

    def _ended(self, code: str | None, result: RunResult) -> None:
        """Note what became of every partition of a run, and look at what it stored."""
        _, months, _, assets = self._under_way[code]
        self.runs += 1
        reasons = _reasons(result, assets, self._scope.nodes)
        for asset in assets:
            for month in months.months:
                self.outcomes[asset, code, month] = reasons.get(asset)
                if self._scope.nodes[asset].is_stored:
                    self._staleness.recorded.look_again(asset, PartitionKey(month, code))


def _reasons(result: RunResult, assets: list[str], nodes: Mapping[str, AssetNode]) -> dict[str, str]:
    """Why assets of a run were not made: their own failure, that of one they read, or that of the run itself."""
    own = {name: text for name, _, text in (failure.partition(": ") for failure in result.failures) if name in assets}
    if result.failures and not own:
        return dict.fromkeys(assets, result.failures[0])
    reasons: dict[str, str] = {}
    for asset in assets:
        failed = next((w.table for w in nodes[asset].windows if w.table in reasons), None)
        if asset in own:
            reasons[asset] = own[asset]
        elif failed:
            reasons[asset] = f"not made: {failed} of the month failed"
    return reasons
