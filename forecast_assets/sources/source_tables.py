"""Tables of a market that the SQL layer computes from deliveries, for the source assets.

Deliveries are files, which DuckDB reads, or tables in Dremio; both have the same interface.
"""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import pandas as pd

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.config.markets import Market
from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.cycle_calendar import local_date
from forecast_assets.domain.demand.covid import read_oxcgrt
from forecast_assets.domain.months import consecutive_months
from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.sources.country_spellings import CountryCodes, country_codes
from forecast_assets.sources.delivered import DeliveredSellIn, DeliveryProfile, LeftOut
from forecast_assets.sources.dremio.engine import DremioEngine
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.imported_numbers import with_imported
from forecast_assets.sources.landing import LandingError, LandingFolder
from forecast_assets.sources.landing.delivered_file import UnreadFile
from forecast_assets.sources.sql import DuckDbEngine, Engine, SqlTestResult
from forecast_assets.sources.text_tables import text_tables
from forecast_assets.storage.imported_overrides import OverrideFiles

# A month's sell-in is checked against the year before it.
MONTHS_BEFORE = 12
SHOWN_MONTHS = 24
OXCGRT, EXCHANGE_RATES = "oxcgrt", "exchange_rates"


class RangeNotUsable(ValueError):
    """Months of a range that cannot be used (``bad``), each named, before their problems (``error``)."""

    def __init__(self, error: LandingError, months: Sequence[pd.Timestamp], bad: Sequence[pd.Timestamp]) -> None:
        self.error, self.bad = error, tuple(bad)
        named = ", ".join(f"{month:%Y-%m}" for month in bad[:SHOWN_MONTHS])
        more = f" and {len(bad) - SHOWN_MONTHS} more" if len(bad) > SHOWN_MONTHS else ""
        super().__init__(
            f"{error.source} of {error.market}: {len(bad)} of the {len(months)} months asked for cannot be used: "
            f"{named}{more}. Nothing of the range was stored; correct them and run it again, or run the others without "
            f"them.\n{error}"
        )


class Deliveries(Protocol):
    """Deliveries in a landing folder, or in tables in Dremio."""

    def has_source(self, source: str) -> bool:
        """Return True if anything of the source was delivered."""
        ...

    def unknown_countries(self, source: str, known_codes: Iterable[str]) -> dict[str, int]:
        """Return rows per country code that is not known."""
        ...

    def delivered_months(self, source: str, market: str) -> list[pd.Timestamp]:
        """Return the months with a row of the market, ascending."""
        ...

    def require_delivered(self, source: str, market: str, months: Sequence[pd.Timestamp]) -> None:
        """Raise ``LandingError`` for months without a row of the market."""
        ...


class SourceTables:
    """Sources of one company. Each call reads the present deliveries, so the next run sees a redelivery.

    Args:
        landing: The landing folder; with ``lake`` it holds the file of the COVID-19 tracker alone.
        markets: By code.
        account: The storage account of the landing folder, where it is on Azure.
        lake: The tables in Dremio, if they are the source.
        imported: Planners' numbers in the store, which no delivery has.
    """

    def __init__(
        self,
        landing: str,
        markets: dict[str, Market],
        account: AzureAccount | None = None,
        lake: DremioTables | None = None,
        time_zone: str = "UTC",
        imported: OverrideFiles | None = None,
    ) -> None:
        self._markets, self._time_zone, self._imported = markets, time_zone, imported
        self._folder = LandingFolder(landing, account, list(markets), must_exist=lake is None)
        self._delivered: Deliveries = lake or self._folder
        self._engine: Engine = DremioEngine(lake) if lake else DuckDbEngine(self._folder)

    @property
    def engine_name(self) -> str:
        """The engine that runs the SQL: ``duckdb`` or ``dremio``."""
        return self._engine.dialect

    @property
    def market_codes(self) -> list[str]:
        """Codes of all markets."""
        return list(self._markets)

    def sell_in(self, country: str, months: Sequence[pd.Timestamp]) -> DeliveredSellIn:
        """Return sell-in of the months, complete per SKU, with the inputs of its checks.

        Raises:
            LandingError: If the delivery of the month is missing or cannot be used.
            RangeNotUsable: The same of a range, with the months at fault.
        """
        self._require("sell_in", country, months)
        has_products = self._delivered.has_source("products")
        return DeliveredSellIn(
            rows=self._with_year_before(country, months),
            products=self.rows("products", country, months) if has_products else None,
            sql_tests=self.sql_tests("sell_in", country, months),
            left_out=self.left_out("sell_in", country, months),
        )

    def profile(self, source: str, country: str, months: Sequence[pd.Timestamp]) -> DeliveryProfile:
        """Return what was delivered of ``sell_in`` or ``sell_out`` up to the last of the months.

        Call it after ``rows``: it raises ``LandingError`` where that does.
        """
        units, days = (self._run(f"{source}_{part}", country, months[0], months[-1]) for part in ("units", "days"))
        days = days.assign(day=pd.to_datetime(days["day"]).astype("datetime64[ns]"))
        counts = ["row_count", "distinct_rows", "odd_rows"]
        return DeliveryProfile(units, days.astype(dict.fromkeys(counts, float)))

    def has_source(self, source: str) -> bool:
        """Return True if anything of a source was delivered, for any market."""
        return self._delivered.has_source(source)

    def delivered_rows(self, source: str, country: str, months: Sequence[pd.Timestamp]) -> int:
        """Return the number of delivered rows that concern a market, of all months.

        Call it after ``rows``: it raises ``LandingError`` where that does.
        """
        return len(self._run(f"stg_{source}", country, months[0], months[-1]))

    def delivered_skus(self, country: str, month: pd.Timestamp) -> list[str]:
        """Return the SKUs with a delivered row of sell-in up to a month. Raises ``LandingError`` as ``rows`` does."""
        return sorted(self._run("sell_in_units", country, month, month)["sku"].unique())

    def product_rows(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """Return the product rows known in a month; ``is_of_market`` is 1 where the row names the market."""
        return self._run("stg_products_known", country, month, month)

    def override_rows(self, country: str, month: pd.Timestamp) -> pd.DataFrame:
        """Return the delivered overrides of all origins, with ``known_from``; the file is checked up to ``month``."""
        rows = self._run("stg_overrides", country, month, month)
        rows = rows.assign(known_from=pd.to_datetime(rows["known_from"]).astype("datetime64[ns]"))
        return rows if self._imported is None else with_imported(rows, self._imported, country, "origin_month")

    def rows(self, table: str, country: str, months: Sequence[pd.Timestamp]) -> pd.DataFrame:
        """Return rows of a table for the months, with ``month``; none if the source was never delivered.

        Raises:
            LandingError, RangeNotUsable: As ``sell_in``.
        """
        if table == "sell_out":
            self._require_sell_out(country, months)
        rows = self._usable(table, country, months)
        if table == "overrides" and self._imported is not None:
            return with_imported(rows, self._imported, country, "month", months)
        return rows

    def usable_rows(
        self, table: str, country: str, months: Sequence[pd.Timestamp]
    ) -> tuple[pd.DataFrame, dict[pd.Timestamp, LandingError]]:
        """Return rows of the usable months, as ``rows`` gives them, and the errors of the others."""
        try:
            if table == "sell_in":
                self._require("sell_in", country, months)
            return self.rows(table, country, months), {}
        except LandingError as error:
            return pd.DataFrame(columns=["month"]), dict.fromkeys(months, error)
        except RangeNotUsable as error:
            bad = dict.fromkeys(error.bad, error.error)
        parts = [self.usable_rows(table, country, part.months) for part in consecutive_months(set(months) - bad.keys())]
        frames = [rows for rows, _ in parts if len(rows)]
        for _, more in parts:
            bad |= more
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["month"]), bad

    def delivered_months(self, source: str, country: str) -> list[pd.Timestamp]:
        """Return the readable months of which a source holds a row of the market, ascending."""
        return self._delivered.delivered_months(source, country)

    def left_out(self, source: str, country: str, months: Sequence[pd.Timestamp]) -> LeftOut:
        """Return the files of a source that are not read and may be the market's, and rows of no market."""
        unread = self._folder.unread(source, country) if self._delivered is self._folder else []
        return LeftOut(unread, self.country_codes(source, country, months))

    def country_codes(self, source: str, country: str, months: Sequence[pd.Timestamp]) -> CountryCodes:
        """Return the codes of a source that are another spelling of the market's, and those of no market."""
        return country_codes(self._delivered, source, self._markets, country, months)

    def sql_tests(self, table: str, country: str, months: Sequence[pd.Timestamp]) -> list[SqlTestResult]:
        """Return the results of the SQL tests of a table over the months."""
        return self._engine.run_tests(table, country, months[0], months[-1], **self._judgement(country))

    def oxcgrt(self) -> pd.DataFrame | None:
        """Return daily OxCGRT indices per country; None if no tracker file was delivered.

        Raises:
            LandingError, ValueError: If a tracker file cannot be read; the message names it.
        """
        frames = text_tables(self._folder, OXCGRT)
        return read_oxcgrt(frames) if frames else None

    def exchange_rates(self) -> pd.DataFrame | None:
        """Return the delivered exchange rates as text; None without any.

        Columns are in lower case, and ``file`` names the file of each row. Raises ``LandingError``.
        """
        parts = text_tables(self._folder, EXCHANGE_RATES).items()
        named = [part.rename(columns=lambda name: str(name).strip().lower()).assign(file=file) for file, part in parts]
        return pd.concat(named, ignore_index=True) if named else None

    def oxcgrt_unread(self) -> list[UnreadFile]:
        """Return the files beside those of the tracker that are not read, with the reason."""
        return self._folder.plain_files(OXCGRT).unread()

    def _require_sell_out(self, country: str, months: Sequence[pd.Timestamp]) -> None:
        """Raise for months without sell-out once the market has started it; a market may have none at all."""
        delivered = self._delivered.delivered_months("sell_out", country)
        if delivered:
            self._require("sell_out", country, [month for month in months if month >= delivered[0]])

    def _require(self, source: str, country: str, months: Sequence[pd.Timestamp]) -> None:
        try:
            self._delivered.require_delivered(source, country, months)
        except LandingError as error:
            if len(months) == 1:
                raise LandingError(
                    source, country, [*error.problems, *self._misspelt(source, country, months)]
                ) from error
            delivered = set(self._delivered.delivered_months(source, country))
            raise RangeNotUsable(error, months, [month for month in months if month not in delivered]) from error

    def _misspelt(self, source: str, country: str, months: Sequence[pd.Timestamp]) -> list[LandingProblem]:
        """Return the problem of rows of the months under another spelling of the market's code."""
        misspelt = self.country_codes(source, country, months).misspelt
        found = f"rows of {', '.join(map(repr, misspelt))}"
        step = f"write {country} in the column country and deliver the file again"
        return [LandingProblem(f"{source}/", f"the code {country}", found, step, "country")] if misspelt else []

    def _usable(self, table: str, country: str, months: Sequence[pd.Timestamp]) -> pd.DataFrame:
        try:
            return self._run(table, country, months[0], months[-1])
        except LandingError as error:
            if len(months) == 1:
                raise
            raise RangeNotUsable(error, months, self._bad_months(table, country, months)) from error

    def _bad_months(self, table: str, country: str, months: Sequence[pd.Timestamp]) -> list[pd.Timestamp]:
        """Return the months that cannot be used alone, found by halving: most ranges have one."""
        try:
            self._run(table, country, months[0], months[-1])
        except LandingError:
            middle = len(months) // 2
            halves = [months[:middle], months[middle:]] if middle else []
            return [month for half in halves for month in self._bad_months(table, country, half)] or list(months)
        return []

    def _with_year_before(self, country: str, months: Sequence[pd.Timestamp]) -> pd.DataFrame:
        """Return sell-in of the months and the year before, without unusable months of that year.

        Their own runs fail with the reason. This one must not: a bad month would stop the twelve good ones after it.
        """
        judged_from = max(add_months(months[0], -MONTHS_BEFORE), self._markets[country].since)
        try:
            return self._run("sell_in", country, min(judged_from, months[0]), months[-1])
        except LandingError:
            asked_for = self._usable("sell_in", country, months)
        earlier = []
        for month in month_range(judged_from, add_months(months[0], -1)):
            with contextlib.suppress(LandingError):
                earlier.append(self._run("sell_in", country, month, month))
        return pd.concat([*earlier, asked_for], ignore_index=True)

    def _run(self, table: str, country: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
        return self._engine.run(table, country, first, last, **self._judgement(country))

    def _judgement(self, country: str) -> dict[str, Any]:
        today = local_date(pd.Timestamp.now("UTC"), self._time_zone)
        return {"today": today, "missing_month": self._markets[country].missing_month}
