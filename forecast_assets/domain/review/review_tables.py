"""Tables and months of a review. Not here: what is computed from them."""

import dataclasses

import pandas as pd

from forecast_assets.domain.calendar import add_months

REVIEW_MONTHS = 3
# Columns that the review reads of each table, besides ``month``.
PUBLISHED_COLUMNS = [
    "sku", "target_month", "horizon_months", "forecast_units", "forecast_units_p10", "forecast_units_p90",
    "baseline_units", "model_units", "rule", "status", "source",
]  # fmt: skip
SELL_IN_COLUMNS = ["sku", "sell_in_units", "net_sales", "restated_month"]
REASON_COLUMNS = ["sku", "target_month", "cause", "units"]
FORECAST_COLUMNS = ["sku", "target_month", "champion_units"]
PROMOTION_COLUMNS = ["sku", "promotion_month", "is_promoted", "discount_pct"]
PERFORMANCE_COLUMNS = ["sku", "origin_month", "lag_months", "actual_units", "published_units", "status"]
BACKTEST_COLUMNS = ["sku", "actual_units", "model_units", "baseline_units"]


@dataclasses.dataclass(frozen=True)
class ReviewTables:
    """Stored tables of a market; each has the ``month`` of its partition and may hold other months, too.

    All but ``published`` may be empty. Months after the origin are not read.

    Attributes:
        published: ``published_forecasts`` of the origin and the month before.
        reasons: ``forecast_reasons`` of the same months.
        sell_in: ``sell_in`` of at least 12 months, with restated rows.
        products: ``products`` of the origin and the month before.
        promotions: ``promotions`` of the same months.
        forecasts: ``forecasts`` of the origin.
        champion: ``champion`` of the origin.
        backtest: ``backtest`` of the origin.
        performance: ``performance`` of the last months.
        history_marks: ``history_marks`` of the origin.
    """

    published: pd.DataFrame
    reasons: pd.DataFrame
    sell_in: pd.DataFrame
    products: pd.DataFrame
    promotions: pd.DataFrame
    forecasts: pd.DataFrame
    champion: pd.DataFrame
    backtest: pd.DataFrame
    performance: pd.DataFrame
    history_marks: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class Review:
    """A market's tables at one origin.

    Attributes:
        tables: The stored tables.
        origin: The last closed month.
    """

    tables: ReviewTables
    origin: pd.Timestamp

    @property
    def months(self) -> pd.DatetimeIndex:
        """The months under review: the next three."""
        return pd.date_range(add_months(self.origin, 1), periods=REVIEW_MONTHS, freq="MS")

    @property
    def month_before(self) -> pd.Timestamp:
        """The origin month of the last publication."""
        return add_months(self.origin, -1)

    def current(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table that are stored with the origin month."""
        return table[table["month"] == self.origin]

    def before(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table that are stored with the month before."""
        return table[table["month"] == self.month_before]

    def cells(self, month: pd.Timestamp) -> pd.DataFrame:
        """Return the published cells of a publication in the months under review."""
        rows = self.tables.published
        return rows[(rows["month"] == month) & rows["target_month"].isin(self.months)]
