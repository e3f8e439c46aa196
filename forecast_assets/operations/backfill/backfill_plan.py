"""Plan of a backfill: partitions that it rebuilds, skips and finds frozen, and later KPIs that change."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.features.market_at_origin import LEAST_HISTORY_MONTHS
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.backfill.asset_nodes import AssetNode
from forecast_assets.operations.backfill.recorded_provenance import RecordedProvenance
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.operations.stages import POOLING
from forecast_assets.schemas import ON_DEMAND
from forecast_assets.tags import MEASURED

UNUSABLE = "delivery cannot be used"
# Months by asset and market (None: over all markets).
Months = dict[str, dict[str | None, list[pd.Timestamp]]]


@dataclasses.dataclass(frozen=True)
class BackfillRequest:
    """Requested assets of markets and months ``first`` to ``last``, both included; assets follow those they read."""

    countries: tuple[str, ...]
    first: pd.Timestamp
    last: pd.Timestamp
    assets: tuple[str, ...]
    include_frozen: bool = False


class Scope:
    """Months of each asset and market that a request covers."""

    def __init__(
        self, settings: Settings, nodes: Mapping[str, AssetNode], request: BackfillRequest, recorded: RecordedProvenance
    ) -> None:
        self.request = request
        self.nodes = nodes
        self._markets = settings.market_table
        self._recorded = recorded
        # A backfill reads tuned and rejected configurations as stored; people request those.
        without = ON_DEMAND if pools_markets(settings) else {*ON_DEMAND, *POOLING.tables}
        self.assets = [name for name in request.assets if name not in without]

    def countries(self, asset: str) -> list[str | None]:
        """Return the markets of an asset; None alone for an asset over all markets."""
        return [None] if self.nodes[asset].by_month_alone else list(self.request.countries)

    def months(self, asset: str, country: str | None, publishing: Sequence[pd.Timestamp] = ()) -> list[pd.Timestamp]:
        """Return the months of the request in which the asset can exist.

        Deliveries start with the market. Features and the assets built from them need its first year. Tables that
        measure need a forecast published before, stored or among ``publishing``.
        """
        wanted = MonthRange(self.request.first, self.request.last).months
        if asset in MEASURED:
            published = {*self._recorded.of("published_forecasts", country), *publishing}
            return [month for month in wanted if any(_measures(month, origin) for origin in published)]
        return [month for month in wanted if month >= self._first(asset, country)]

    def _first(self, asset: str, country: str | None) -> pd.Timestamp:
        if country is None:
            since = min(market.since for market in self._markets.values())
            return since if asset == "demand_totals" else add_months(since, LEAST_HISTORY_MONTHS - 1)
        since = self._markets[country].since
        if self.nodes[asset].is_source:
            return since
        # A model needs an earlier origin to learn from.
        later = 0 if asset in ("history_marks", "features", "baseline_forecasts") else 1
        return add_months(since, LEAST_HISTORY_MONTHS - 1 + later)


@dataclasses.dataclass(frozen=True)
class BackfillPlan:
    """Partitions that a request changes, and those it leaves.

    Attributes:
        rebuilt: Months to rebuild, with the reason, by asset and market.
        skipped: Months whose inputs, code and configuration did not change, by asset and market.
        frozen: Months to rebuild of a frozen cycle, by market: published, with a later month published too.
        unusable: Months whose delivery cannot be used now, with the problem, by source and market.
        moved_later: Months after the request whose stored performance reads forecasts to rebuild, by market.
        history_missing: Months before the request without stored sell-in, by market.
    """

    request: BackfillRequest
    rebuilt: dict[str, dict[str | None, dict[pd.Timestamp, str]]]
    skipped: Months
    frozen: dict[str, list[pd.Timestamp]]
    moved_later: dict[str, list[pd.Timestamp]]
    history_missing: dict[str, list[pd.Timestamp]]

    @property
    def partitions(self) -> int:
        """The number of partitions to rebuild."""
        return sum(len(months) for by_market in self.rebuilt.values() for months in by_market.values())

    @property
    def unusable(self) -> dict[tuple[str, str], dict[pd.Timestamp, str]]:
        """Months with a delivery that cannot be used, by source and market."""
        unusable = {
            (asset, str(country)): {month: why for month, why in months.items() if why.startswith(UNUSABLE)}
            for asset, by_market in self.rebuilt.items()
            for country, months in by_market.items()
        }
        return {key: months for key, months in unusable.items() if months}


def plan_backfill(
    settings: Settings, scope: Scope, staleness: Staleness, closed: Callable[[str, pd.Timestamp], bool]
) -> BackfillPlan:
    """Judge every partition of a request; a partition downstream of a rebuilt one counts as rebuilt too.

    The plan is the upper bound: an unchanged result stops the rebuilding of the partitions that read it.
    """
    rebuilt: dict[str, dict[str | None, dict[pd.Timestamp, str]]] = {}
    skipped: Months = {}
    for asset in scope.assets:
        for country in scope.countries(asset):
            publishing = list(rebuilt.get("published_forecasts", {}).get(country, {}))
            months = scope.months(asset, country, publishing)
            stale = staleness.stale(asset, country, months, rebuilt)
            rebuilt.setdefault(asset, {})[country] = stale
            skipped.setdefault(asset, {})[country] = [month for month in months if month not in stale]
    frozen = {
        code: sorted({m for by_market in rebuilt.values() for m in by_market.get(code, {}) if closed(code, m)})
        for code in scope.request.countries
    }
    recorded = staleness.recorded
    return BackfillPlan(
        request=scope.request,
        rebuilt=rebuilt,
        skipped=skipped,
        frozen={code: months for code, months in frozen.items() if months},
        moved_later=_moved_later(recorded, scope.request, rebuilt),
        history_missing=_history_missing(recorded, settings.market_table, scope),
    )


def _measures(month: pd.Timestamp, origin: pd.Timestamp) -> bool:
    return origin < month <= add_months(origin, HORIZON_MONTHS)


def _moved_later(
    recorded: RecordedProvenance,
    request: BackfillRequest,
    rebuilt: Mapping[str, Mapping[str | None, Mapping[pd.Timestamp, str]]],
) -> dict[str, list[pd.Timestamp]]:
    moved = {}
    for code in request.countries:
        origins = list(rebuilt.get("published_forecasts", {}).get(code, {}))
        measured = recorded.of("performance", code) if origins else {}
        later = [m for m in sorted(measured) if m > request.last and any(_measures(m, origin) for origin in origins)]
        if later:
            moved[code] = later
    return moved


def _history_missing(
    recorded: RecordedProvenance, markets: Mapping[str, Market], scope: Scope
) -> dict[str, list[pd.Timestamp]]:
    if not any(window.table == "sell_in" for name in scope.assets for window in scope.nodes[name].windows):
        return {}
    absent = {}
    for code in scope.request.countries:
        since, before = markets[code].since, add_months(scope.request.first, -1)
        wanted = MonthRange(since, before).months if since <= before else []
        stored = recorded.of("sell_in", code)
        absent[code] = [month for month in wanted if month not in stored]
    return {code: months for code, months in absent.items() if months}
