"""What a cycle still has to run, judged by what the store has: never twice what is there, never on top of a gap."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.hierarchy import MARKET
from forecast_assets.domain.models.pooled_model import POOLED_MONTHS
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.plan import CycleRequest, missing, source_months, training_months
from forecast_assets.storage import TableReader
from forecast_assets.tags import JOBS_OVER_ALL_MARKETS, SOURCES

Step = tuple[str, MonthRange]
# Features of so many markets and months are read by one run of pooled rows: 500 SKUs each are 260 MB.
MARKET_MONTHS_OF_A_RUN = 240


class Present:
    """Months of a table that the store has."""

    def __init__(self, store: TableReader) -> None:
        self._store = store

    def months(self, table: str, country: str | None) -> set[pd.Timestamp]:
        """Months of a table of a market; of a table over all markets for None."""
        return {found.month for found in self._store.list_partitions(table) if found.country == country}

    def skus_of_features(self, country: str, month: pd.Timestamp) -> int:
        """SKUs that a market's features of a month have; 0 where there are none."""
        places = [
            each for each in self._store.list_partitions("features") if (each.country, each.month) == (country, month)
        ]
        return len(self._store.read("features", places, columns=["sku"])) if places else 0

    def of_all_sources(self, country: str) -> set[pd.Timestamp]:
        """Months of which every source is there: a run that failed half way has stored some of them."""
        return set.intersection(*(self.months(table, country) for table in SOURCES))

    def of_features(self, country: str) -> set[pd.Timestamp]:
        """Origins of which both features and the marks they were made with are there."""
        return self.months("features", country) & self.months("history_marks", country)

    def totals_over_all_markets(self) -> set[pd.Timestamp]:
        """Months whose totals hold every market with sell-in of the month."""
        places = self._store.list_partitions("demand_totals")
        delivered = {(found.month, found.country) for found in self._store.list_partitions("sell_in")}
        if not places:
            return set()
        rows = self._store.read("demand_totals", places, columns=["level", "entity"])
        rows = rows[rows["level"] == MARKET]
        stale = {month for month, _ in delivered - set(zip(rows["month"], rows["entity"], strict=True))}
        return {place.month for place in places} - stale

    def pooled_over_all_markets(self) -> set[pd.Timestamp]:
        """Months whose pooled rows were made from the features of every market that has them."""
        made_from = {
            place.month: set(self._store.provenance("pooled_rows", place).inputs.get("features", {}))
            for place in self._store.list_partitions("pooled_rows")
        }
        by_month: dict[pd.Timestamp, set[str]] = {}
        for found in self._store.list_partitions("features") if made_from else []:
            by_month.setdefault(found.month, set()).add(found.to_dagster())
        return {month for month, markets in made_from.items() if by_month.get(month, set()) <= markets}


class CycleSteps:
    """Steps of one request, market by market; each is asked for when the one before it has ended."""

    def __init__(self, store: TableReader, markets: Mapping[str, Market], request: CycleRequest) -> None:
        self._present = Present(store)
        self._markets = markets
        self._request = request
        self._ingested_from: dict[str, pd.Timestamp] = {}
        self._features_from: dict[str, pd.Timestamp] = {}

    def history(self, code: str) -> Iterator[Step]:
        """Sources of earlier months that are not there, or not all of them."""
        wanted = source_months(self._request, self._markets[code])
        absent = missing(wanted, self._present.of_all_sources(code))
        if absent:
            self._ingested_from[code] = absent.first
            yield "ingest", absent

    def totals(self, codes: Sequence[str]) -> Iterator[Step]:
        """Totals as far back as any market reaches, and what of them is known at each origin."""
        sources = [source_months(self._request, self._markets[code]) for code in codes]
        reached = [months for months in sources if months]
        if not reached:
            return
        wanted = MonthRange(min(months.first for months in reached), max(months.last for months in reached))
        remade = missing(wanted, self._present.totals_over_all_markets())
        if remade:
            yield "totals", remade
        origins = [training_months(self._request, self._markets[code]) for code in codes]
        first_origin = min((months.first for months in origins if months), default=self._request.month)
        known = self._present.months("demand_totals_known", None)
        if remade:
            known = {month for month in known if month <= remade.first}
        absent = missing(MonthRange(first_origin, self._request.month), known)
        if absent:
            yield "totals_known", absent

    def features(self, code: str) -> Iterator[Step]:
        """Features of earlier origins; made again where sources before them were."""
        made = self._present.of_features(code)
        if code in self._ingested_from:
            made = {month for month in made if month < self._ingested_from[code]}
        absent = missing(training_months(self._request, self._markets[code]), made)
        if absent:
            self._features_from[code] = absent.first
            yield "market_features", absent

    def pooling(self, codes: Sequence[str]) -> Iterator[Step]:
        """Rows over all markets of the months before each origin, then what is learned from them at each origin.

        Made again where features of a market came after them. A month that no market publishes any more is left alone.
        No step where every market has so many SKUs that it learns alone.
        """
        origins = [month for month in self._request.origin_months if any(self._is_open(code, month) for code in codes)]
        trained = [training_months(self._request, self._markets[code]) for code in codes]
        reached = [months for months in trained if months]
        if not origins or not reached or not any(self._asks_others(code) for code in codes):
            return
        first = max(min(months.first for months in reached), add_months(origins[0], -POOLED_MONTHS))
        remade_from = min(self._features_from.values(), default=self._request.month)
        present = {month for month in self._present.pooled_over_all_markets() if month < remade_from}
        rows = missing(MonthRange(first, add_months(origins[-1], -1)), present)
        if rows:
            yield from (
                (JOBS_OVER_ALL_MARKETS["pooled_rows"], part)
                for part in rows.parts(MARKET_MONTHS_OF_A_RUN // len(self._markets))
            )
        for origin in origins:
            if origin not in self._present.months("pooled_model", None) or (rows and rows.first < origin):
                yield JOBS_OVER_ALL_MARKETS["pooled_model"], MonthRange(origin, origin)

    def cycles(self, code: str) -> Iterator[Step]:
        """Per origin: closed months measured, the full cycle.

        An origin is left as it was published once a later month is.
        """
        for origin in self._request.origin_months:
            if not self._is_open(code, origin):
                continue
            published = self._present.months("published_forecasts", code)
            unmeasured = self._unmeasured(code, published, origin)
            if unmeasured:
                yield "measure", unmeasured
            yield "monthly_cycle", MonthRange(origin, origin)

    def _asks_others(self, code: str) -> bool:
        """Whether a market reads what all teach: it has few SKUs, or no features yet to tell."""
        trained = training_months(self._request, self._markets[code])
        count = self._present.skus_of_features(code, trained.last) if trained else 0
        return Recipe().learns_from_others(count)

    def _is_open(self, code: str, origin: pd.Timestamp) -> bool:
        """Whether a market's origin is still to be published: it was not, or no later month was."""
        published = self._present.months("published_forecasts", code)
        return origin not in published or max(published) <= origin

    def _unmeasured(self, code: str, published: set[pd.Timestamp], origin: pd.Timestamp) -> MonthRange | None:
        """Closed months before an origin that published forecasts speak of and that nobody has measured."""
        if not published or add_months(min(published), 1) >= origin:
            return None
        closed = MonthRange(add_months(min(published), 1), add_months(origin, -1))
        return missing(closed, self._present.months("performance", code))
