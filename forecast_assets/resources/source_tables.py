"""What the source assets ask for: tables of a market made by the SQL layer from what has been delivered."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pandas as pd
from upath import UPath

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.covid import read_oxcgrt
from forecast_assets.landing import LandingFolder
from forecast_assets.markets import Market
from forecast_assets.sql import DuckDbEngine, SqlTestResult

# A month's sell-in is judged against the year before it.
JUDGED_BY_MONTHS = 12


@dataclasses.dataclass(frozen=True)
class DeliveredSellIn:
    """Sell-in of a run with what its checks look at.

    Attributes:
        rows: The months asked for and the year before them, with ``month``.
        products: Products of the months asked for, with ``month``; None where no products were ever delivered.
        sql_tests: Results of the SQL tests.
        unknown_countries: Rows per delivered country code that no market has.
    """

    rows: pd.DataFrame
    products: pd.DataFrame | None
    sql_tests: list[SqlTestResult]
    unknown_countries: dict[str, int]


class SourceTables:
    """Reads sources of one company. Deliveries are looked at when asked, so a redelivery is seen by the next run."""

    def __init__(
        self, landing: str, markets: dict[str, Market], storage_options: dict[str, Any] | None = None
    ) -> None:
        self._markets = markets
        self._options = storage_options or {}
        self._base = landing
        self._folder = LandingFolder(landing, storage_options, known_codes=list(markets))
        self._engine = DuckDbEngine(self._folder)

    def sell_in(self, country: str, months: Sequence[pd.Timestamp]) -> DeliveredSellIn:
        """Sell-in of the months, complete per SKU, and what is needed to judge it.

        Raises:
            LandingError: If a delivery of these months is missing or cannot be used.
        """
        self._folder.require_delivered("sell_in", country, months)
        judged_from = max(add_months(months[0], -JUDGED_BY_MONTHS), self._markets[country].since)
        has_products = self._folder.has_source("products")
        return DeliveredSellIn(
            rows=self._run("sell_in", country, min(judged_from, months[0]), months[-1]),
            products=self.rows("products", country, months) if has_products else None,
            sql_tests=self.sql_tests("sell_in", country, months),
            unknown_countries=self._folder.unknown_countries("sell_in", self._markets),
        )

    def rows(self, table: str, country: str, months: Sequence[pd.Timestamp]) -> pd.DataFrame:
        """Rows of a table for the months, with ``month``; none where the source was never delivered.

        Raises:
            LandingError: If a delivery of these months is missing or cannot be used.
        """
        if table == "sell_out":
            self._require_sell_out(country, months)
        return self._run(table, country, months[0], months[-1])

    def sql_tests(self, table: str, country: str, months: Sequence[pd.Timestamp]) -> list[SqlTestResult]:
        """Results of the SQL tests of a table over the months."""
        return self._engine.run_tests(table, country, months[0], months[-1], **self._judgement(country))

    def oxcgrt(self) -> pd.DataFrame | None:
        """Daily OxCGRT indices per country; None where no tracker file was delivered."""
        folder = UPath(self._base, **self._options) / "oxcgrt"
        files = sorted(folder.glob("*.csv")) if folder.exists() else []
        frames = {}
        for file in files:
            with file.open("rb") as stream:
                frames[file.name] = pd.read_csv(stream, dtype=str, keep_default_na=False)
        return read_oxcgrt(frames) if frames else None

    def _require_sell_out(self, country: str, months: Sequence[pd.Timestamp]) -> None:
        """A market may have no sell-out, or none before it starts; once it has started, a month without it is late."""
        delivered = self._folder.delivered_months("sell_out", country)
        if delivered:
            expected = [month for month in months if month >= delivered[0]]
            self._folder.require_delivered("sell_out", country, expected)

    def _run(self, table: str, country: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
        return self._engine.run(table, country, first, last, **self._judgement(country))

    def _judgement(self, country: str) -> dict[str, Any]:
        return {"today": pd.Timestamp.now().normalize(), "missing_month": self._markets[country].missing_month}
