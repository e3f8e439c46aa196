"""What a backfill would do before it does anything: what is made again, skipped, frozen, and what moves."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.backfill.asset_nodes import AssetNode
from forecast_assets.operations.backfill.recorded import Recorded
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.operations.cycle.plan import LEAST_HISTORY_MONTHS
from forecast_assets.operations.stages import POOLING
from forecast_assets.schemas import ON_DEMAND

UNUSABLE = "delivery cannot be used"
# Months by asset and market (None: over all markets).
Months = dict[str, dict[str | None, list[pd.Timestamp]]]


@dataclasses.dataclass(frozen=True)
class BackfillRequest:
    """What was asked for: assets (none before what it reads) of markets and months ``first`` to ``last``, both in."""

    countries: tuple[str, ...]
    first: pd.Timestamp
    last: pd.Timestamp
    assets: tuple[str, ...]
    include_frozen: bool = False


class Scope:
    """Which months of an asset and market a request is about."""

    def __init__(
        self, settings: Settings, nodes: Mapping[str, AssetNode], request: BackfillRequest, recorded: Recorded
    ) -> None:
        self.request = request
        self.nodes = nodes
        self._markets = settings.market_table
        self._recorded = recorded
        # What people ask for (a tuning, a refusal) is no part of a backfill: it reads them as they are.
        without = ON_DEMAND if pools_markets(settings) else {*ON_DEMAND, *POOLING.tables}
        self.assets = [name for name in request.assets if name not in without]

    def countries(self, asset: str) -> list[str | None]:
        """The markets of an asset; None alone for one over all markets."""
        return [None] if self.nodes[asset].by_month_alone else list(self.request.countries)

    def months(self, asset: str, country: str | None, publishing: Sequence[pd.Timestamp] = ()) -> list[pd.Timestamp]:
        """Months of the request in which the asset can exist.

        Deliveries start with the market, features and what is made of them with its first year. Performance needs a
        forecast published before, stored or among ``publishing``.
        """
        wanted = MonthRange(self.request.first, self.request.last).months
        if asset == "performance":
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
    """The blast radius of a request.

    Attributes:
        made: Months that are made again, with the reason, by asset and market.
        skipped: Months whose inputs, code and configuration did not change.
        frozen: Months among them that belong to a frozen cycle: published, and a later one too.
        unusable: Months whose delivery cannot be used now, with what is wrong, by source and market.
        moved_later: Months after the request whose stored performance reads forecasts that are made again.
        history_missing: Months before the request of which no sell-in is stored, by market.
    """

    request: BackfillRequest
    made: dict[str, dict[str | None, dict[pd.Timestamp, str]]]
    skipped: Months
    frozen: dict[str, list[pd.Timestamp]]
    moved_later: dict[str, list[pd.Timestamp]]
    history_missing: dict[str, list[pd.Timestamp]]

    @property
    def partitions(self) -> int:
        """How many partitions are made again."""
        return sum(len(months) for by_market in self.made.values() for months in by_market.values())

    @property
    def unusable(self) -> dict[tuple[str, str], dict[pd.Timestamp, str]]:
        """Months with a delivery that cannot be used, by source and market."""
        found = {
            (asset, str(country)): {month: why for month, why in months.items() if why.startswith(UNUSABLE)}
            for asset, by_market in self.made.items()
            for country, months in by_market.items()
        }
        return {key: months for key, months in found.items() if months}


def plan_backfill(
    settings: Settings, scope: Scope, staleness: Staleness, closed: Callable[[str, pd.Timestamp], bool]
) -> BackfillPlan:
    """Judge every partition of a request; what is downstream of a partition that is made again is made again too.

    That is the most that can happen: a partition that comes out as it was stops what follows from it.
    """
    made: dict[str, dict[str | None, dict[pd.Timestamp, str]]] = {}
    skipped: Months = {}
    for asset in scope.assets:
        for country in scope.countries(asset):
            publishing = list(made.get("published_forecasts", {}).get(country, {}))
            months = scope.months(asset, country, publishing)
            stale = staleness.stale(asset, country, months, made)
            made.setdefault(asset, {})[country] = stale
            skipped.setdefault(asset, {})[country] = [month for month in months if month not in stale]
    frozen = {
        code: sorted({m for by_market in made.values() for m in by_market.get(code, {}) if closed(code, m)})
        for code in scope.request.countries
    }
    recorded = staleness.recorded
    return BackfillPlan(
        request=scope.request,
        made=made,
        skipped=skipped,
        frozen={code: months for code, months in frozen.items() if months},
        moved_later=_moved_later(recorded, scope.request, made),
        history_missing=_history_missing(recorded, settings.market_table, scope),
    )


def _measures(month: pd.Timestamp, origin: pd.Timestamp) -> bool:
    return origin < month <= add_months(origin, HORIZON_MONTHS)


def _moved_later(
    recorded: Recorded, request: BackfillRequest, made: Mapping[str, Mapping[str | None, Mapping[pd.Timestamp, str]]]
) -> dict[str, list[pd.Timestamp]]:
    moved = {}
    for code in request.countries:
        origins = list(made.get("published_forecasts", {}).get(code, {}))
        measured = recorded.of("performance", code) if origins else {}
        later = [m for m in sorted(measured) if m > request.last and any(_measures(m, origin) for origin in origins)]
        if later:
            moved[code] = later
    return moved


def _history_missing(recorded: Recorded, markets: Mapping[str, Market], scope: Scope) -> dict[str, list[pd.Timestamp]]:
    if not any(window.table == "sell_in" for name in scope.assets for window in scope.nodes[name].windows):
        return {}
    found = {}
    for code in scope.request.countries:
        since, before = markets[code].since, add_months(scope.request.first, -1)
        wanted = MonthRange(since, before).months if since <= before else []
        stored = recorded.of("sell_in", code)
        found[code] = [month for month in wanted if month not in stored]
    return {code: months for code, months in found.items() if months}
