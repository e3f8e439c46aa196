"""Steps that a cycle still has to run, found by comparing the wanted months with the stored ones, stage by stage."""

import contextlib
from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.hierarchy import MARKET
from forecast_assets.domain.demand.restatements import RESTATED_MONTH
from forecast_assets.domain.models.pooled_model import POOLED_MONTHS
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.forecast_sums import are_outdated, published_levels
from forecast_assets.operations.cycle.launch import Step, Steps
from forecast_assets.operations.cycle.plan import CycleRequest, missing, missing_ranges, source_months, training_months
from forecast_assets.operations.stages import (
    CYCLES,
    FEATURES,
    FORECAST_SUMS,
    HISTORY,
    MARKET_MONTHS_OF_A_RUN,
    POOLING,
    TOTALS,
    Stage,
)
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import INGEST, MARKET_FEATURES, MEASURE, MONTHLY_CYCLE, SOURCES


class Present:
    """Stored months of the tables that a cycle needs."""

    def __init__(self, store: TableReader) -> None:
        self._store = store

    def months(self, table: str, country: str | None) -> set[pd.Timestamp]:
        """Return the stored months of a table of a market; of a table over all markets for None."""
        return {each.month for each in self._store.list_market(table, country)}

    def restated_by(self, country: str, month: pd.Timestamp) -> set[pd.Timestamp]:
        """Return the earlier months whose sell-in a month restates; none if its file cannot be read."""
        partitions = [each for each in self._store.list_market("sell_in", country) if each.month == month]
        try:
            rows = self._store.read(table_specs()["sell_in"], partitions, columns=[RESTATED_MONTH])
        except DamagedFile:
            return set()  # The market's own cycle fails on it.
        return set(rows[RESTATED_MONTH].dropna())

    def skus_of_features(self, country: str, month: pd.Timestamp) -> int:
        """Count the SKUs of a market's features of a month; 0 if there are none."""
        partitions = [each for each in self._store.list_market("features", country) if each.month == month]
        return len(self._store.read("features", partitions, columns=["sku"])) if partitions else 0

    def sound_months(self, table: str, origins: Sequence[pd.Timestamp]) -> set[pd.Timestamp]:
        """Return the stored months of a table over all markets, without those origins whose file is damaged."""
        months = self.months(table, None)
        wanted = [PartitionKey(origin) for origin in origins if origin in months]
        _, read = self._store.read_with_provenance(table, wanted, missing="skip_damaged")
        return (months - set(origins)) | {each.month for each in read}

    def of_all_sources(self, country: str) -> set[pd.Timestamp]:
        """Return the months with every source: a run that failed half way has stored only some of them."""
        return set.intersection(*(self.months(table, country) for table in SOURCES))

    def of_features(self, country: str) -> set[pd.Timestamp]:
        """Return the origins with both features and the marks that they were built with."""
        return self.months("features", country) & self.months("history_marks", country)

    def totals_over_all_markets(self) -> set[pd.Timestamp]:
        """Return the months whose totals hold every market with sell-in of the month."""
        totals = self._store.list_partitions("demand_totals")
        delivered = {(each.month, each.country) for each in self._store.list_partitions("sell_in")}
        if not totals:
            return set()
        rows, read = self._store.read_with_provenance(
            "demand_totals", totals, columns=["level", "entity"], missing="skip_damaged"
        )
        rows = rows[rows["level"] == MARKET]
        stale = {month for month, _ in delivered - set(zip(rows["month"], rows["entity"], strict=True))}
        # A damaged month is rebuilt.
        return {each.month for each in read} - stale

    def pooled_over_all_markets(self) -> set[pd.Timestamp]:
        """Return the months whose pooled rows were built from the features of every market that has them."""
        built_from = {}
        for each in self._store.list_partitions("pooled_rows"):
            with contextlib.suppress(DamagedFile):  # A damaged month is rebuilt.
                inputs = self._store.provenance("pooled_rows", each).inputs
                # A market counts with both: one whose sell-in was damaged has no rows there.
                built_from[each.month] = set(inputs.get("features", {})) & set(inputs.get("sell_in", {}))
        by_month: dict[pd.Timestamp, set[str]] = {}
        for each in self._store.list_partitions("features") if built_from else []:
            by_month.setdefault(each.month, set()).add(each.to_dagster())
        return {month for month, markets in built_from.items() if by_month.get(month, set()) <= markets}


class CycleSteps:
    """Steps of one request. Each is generated when the one before it has ended, from the store as it is then."""

    def __init__(self, store: TableReader, markets: Mapping[str, Market], request: CycleRequest) -> None:
        self._store, self._present = store, Present(store)
        self._markets = markets
        self._request = request
        self._ingested_from: dict[str, pd.Timestamp] = {}
        self._features_from: dict[str, pd.Timestamp] = {}

    def of_market(self, stage: Stage, code: str) -> Steps:
        """Generate the steps of a stage of single markets for one market."""
        return {HISTORY: self.history, FEATURES: self.features, CYCLES: self.cycles}[stage](code)

    def over_all_markets(self, stage: Stage, codes: Sequence[str]) -> Steps:
        """Generate the steps of a stage over all markets, for the markets that have come so far."""
        return {TOTALS: self.totals, POOLING: self.pooling, FORECAST_SUMS: self.forecast_sums}[stage](codes)

    def history(self, code: str) -> Steps:
        """Generate the runs that ingest the earlier months of which a source is missing, and no closed month again."""
        wanted = source_months(self._request, self._markets[code])
        absent = missing_ranges(wanted, self._present.of_all_sources(code), self._closed([code]))
        if absent:
            self._ingested_from[code] = absent[0].first
        for months in absent:
            yield Step(INGEST, months)

    def totals(self, codes: Sequence[str]) -> Steps:
        """Generate the totals as far back as any market reaches, and what is known of them at each origin.

        What was known at a closed month stays as it was.
        """
        of_months, known_at_origins = TOTALS.jobs
        sources = [source_months(self._request, self._markets[code]) for code in codes]
        reached = [months for months in sources if months]
        if not reached:
            return
        wanted = MonthRange(min(months.first for months in reached), max(months.last for months in reached))
        rebuilt = missing(wanted, self._present.totals_over_all_markets())
        if rebuilt:
            yield Step(of_months.job, rebuilt)
        origins = [training_months(self._request, self._markets[code]) for code in codes]
        first_origin = min((months.first for months in origins if months), default=self._request.month)
        known = self._present.sound_months("demand_totals_known", self._request.origin_months)
        closed = self._closed(codes)
        if rebuilt:
            known = {month for month in known if month <= rebuilt.first or month in closed}
        for months in missing_ranges(MonthRange(first_origin, self._request.month), known, closed):
            yield Step(known_at_origins.job, months)

    def features(self, code: str) -> Steps:
        """Generate the features of earlier origins, and of origins after sources that were ingested again.

        Features of closed months stay: they are what the published forecasts were made from.
        """
        present, closed = self._present.of_features(code), self._closed([code])
        if code in self._ingested_from:
            present = {month for month in present if month < self._ingested_from[code] or month in closed}
        absent = missing_ranges(training_months(self._request, self._markets[code]), present, closed)
        if absent:
            self._features_from[code] = absent[0].first
        for months in absent:
            yield Step(MARKET_FEATURES, months)

    def pooling(self, codes: Sequence[str]) -> Steps:
        """Generate the pooled rows of the months before each origin, then the pooled model of each origin.

        Both are rebuilt if a market's features are newer, rows of closed months excepted. Origins that no market can
        publish any more are left out.
        There is no step if every market has so many SKUs that it learns alone.
        """
        pooled_rows, pooled_model = POOLING.jobs
        origins = [month for month in self._request.origin_months if any(self.is_open(code, month) for code in codes)]
        trained = [training_months(self._request, self._markets[code]) for code in codes]
        reached = [months for months in trained if months]
        if not origins or not reached or not any(self._learns_from_others(code) for code in codes):
            return
        first = max(min(months.first for months in reached), add_months(origins[0], -POOLED_MONTHS))
        rebuilt_from = min(self._features_from.values(), default=self._request.month)
        pooled, closed = self._present.pooled_over_all_markets(), self._closed(codes)
        present = {month for month in pooled if month < rebuilt_from or month in closed}
        rows = missing_ranges(MonthRange(first, add_months(origins[-1], -1)), present, closed)
        for months in rows:
            for part in months.parts(MARKET_MONTHS_OF_A_RUN // len(self._markets)):
                yield Step(pooled_rows.job, part)
        trained_at = self._present.sound_months("pooled_model", origins)
        for origin in origins:
            if origin not in trained_at or (rows and rows[0].first < origin):
                yield Step(pooled_model.job, MonthRange(origin, origin))

    def cycles(self, code: str) -> Steps:
        """Generate, per origin, the measurement of closed months and the full cycle.

        An origin stays as it was published once a later month is published.
        """
        for origin in self._request.origin_months:
            if not self.is_open(code, origin):
                continue
            published = self._present.months("published_forecasts", code)
            unmeasured = self._unmeasured(code, published, origin)
            if unmeasured:
                yield Step(MEASURE, unmeasured)
            yield Step(MONTHLY_CYCLE, MonthRange(origin, origin))

    def forecast_sums(self, _: Sequence[str]) -> Steps:
        """Generate the sums over markets of each origin that has forecasts by level other than those in its sums."""
        (sums,) = FORECAST_SUMS.jobs
        for origin in self._request.origin_months:
            if are_outdated(self._store, origin, published_levels(self._store, origin)):
                yield Step(sums.job, MonthRange(origin, origin))

    def _learns_from_others(self, code: str) -> bool:
        """Return True if a market learns from others: it has few SKUs, or no stored features yet."""
        trained = training_months(self._request, self._markets[code])
        try:
            count = self._present.skus_of_features(code, trained.last) if trained else 0
        except DamagedFile:
            # The market's own cycle fails on it; the others need no pooled model for its sake.
            return False
        return Recipe().learns_from_others(count)

    def _closed(self, codes: Sequence[str]) -> set[pd.Timestamp]:
        """Return the months that are closed for one of the markets: published, with a later month published, too."""
        published = [self._present.months("published_forecasts", code) for code in codes]
        return {month for months in published for month in months if month < max(months)}

    def is_open(self, code: str, origin: pd.Timestamp) -> bool:
        """Return True if an origin may still be published: it is not published yet, or no later month is."""
        published = self._present.months("published_forecasts", code)
        return origin not in published or max(published) <= origin

    def _unmeasured(self, code: str, published: set[pd.Timestamp], origin: pd.Timestamp) -> MonthRange | None:
        """Return the closed months before an origin whose published forecasts are to be measured.

        These are the months without performance, and those that the month before the origin restates.
        """
        if not published or add_months(min(published), 1) >= origin:
            return None
        closed = MonthRange(add_months(min(published), 1), add_months(origin, -1))
        restated = self._present.restated_by(code, closed.last)
        return missing(closed, self._present.months("performance", code) - restated)
