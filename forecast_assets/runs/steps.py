"""What a cycle still has to run, judged by what the store has: never twice what is there, never on top of a gap."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.hierarchy import MARKET
from forecast_assets.jobs import SOURCES
from forecast_assets.markets import Market
from forecast_assets.runs.plan import CycleRequest, MonthRange, missing, source_months, training_months
from forecast_assets.storage import TableStore

Step = tuple[str, MonthRange]


class Present:
    """Months of a table that the store has."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def months(self, table: str, country: str | None) -> set[pd.Timestamp]:
        """Months of a table of a market; of a table over all markets for None."""
        return {found.month for found in self._store.list_partitions(table) if found.country == country}

    def of_all_sources(self, country: str) -> set[pd.Timestamp]:
        """Months of which every source is there: a run that failed half way has stored some of them."""
        return set.intersection(*(self.months(table, country) for table in SOURCES))

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


class CycleSteps:
    """Steps of one request, market by market; each is asked for when the one before it has ended."""

    def __init__(self, store: TableStore, markets: Mapping[str, Market], request: CycleRequest) -> None:
        self._present = Present(store)
        self._markets = markets
        self._request = request
        self._ingested_from: dict[str, pd.Timestamp] = {}

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

    def cycles(self, code: str) -> Iterator[Step]:
        """Features of earlier origins, then per origin: closed months measured, the full cycle.

        Features are made again where sources before them were. An origin is left as it was published once a later
        month is.
        """
        made = self._present.months("features", code)
        if code in self._ingested_from:
            made = {month for month in made if month < self._ingested_from[code]}
        absent = missing(training_months(self._request, self._markets[code]), made)
        if absent:
            yield "market_features", absent
        for origin in self._request.origin_months:
            published = self._present.months("published_forecasts", code)
            if origin in published and max(published) > origin:
                continue
            unmeasured = self._unmeasured(code, published, origin)
            if unmeasured:
                yield "measure", unmeasured
            yield "monthly_cycle", MonthRange(origin, origin)

    def _unmeasured(self, code: str, published: set[pd.Timestamp], origin: pd.Timestamp) -> MonthRange | None:
        """Closed months before an origin that published forecasts speak of and that nobody has measured."""
        if not published or add_months(min(published), 1) >= origin:
            return None
        closed = MonthRange(add_months(min(published), 1), add_months(origin, -1))
        return missing(closed, self._present.months("performance", code))
