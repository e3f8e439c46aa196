"""The content of a market report: the frames and names of one market and cycle.

It checks that all columns of the report are present. Nothing is computed or rendered here.
"""

from dataclasses import dataclass, field

import pandas as pd

SELL_IN_COLUMNS = ["sku", "month", "sell_in_units"]
PUBLISHED_COLUMNS = [
    "sku",
    "origin_month",
    "target_month",
    "horizon_months",
    "forecast_units",
    "forecast_units_p10",
    "forecast_units_p90",
    "baseline_units",
    "model_units",
    "status",
    "source",
    "reason",
]
BACKTEST_COLUMNS = [
    "sku",
    "origin_month",
    "target_month",
    "horizon_months",
    "actual_units",
    "model_units",
    "forecast_units_p10",
    "forecast_units_p90",
    "baseline_units",
    "naive_units",
    "category",
    "abc_class",
    "xyz_class",
]
PERFORMANCE_COLUMNS = [
    "sku",
    "origin_month",
    "lag_months",
    "actual_units",
    "published_units",
    "model_units",
    "baseline_units",
    "naive_units",
    "status",
    "category",
    "abc_class",
    "xyz_class",
]
PRODUCT_COLUMNS = ["sku", "category"]
FINDING_COLUMNS = ["source", "finding", "effect", "message"]
LEVEL_COLUMNS = [
    "level",
    "category",
    "target_month",
    "forecast_units_p10",
    "forecast_units_p90",
    "cumulative_units_p10",
    "cumulative_units_p90",
]
EXCEPTION_COLUMNS = [
    "rank",
    "sku",
    "reason",
    "text",
    "units",
    "reference_units",
    "reference",
    "unit_price",
    "value",
    "value_unit",
    "last_units",
    "last_year_units",
]
REASON_COLUMNS = ["sku", "target_month", "order", "cause", "units", "text"]
PROMOTION_COLUMNS = ["sku", "promotion_month", "is_promoted"]
PRICE_COLUMNS = ["sku", "month", "price", "is_promoted"]
MARK_COLUMNS = ["sku", "marked_month", "reason", "units", "cleaned_units"]


@dataclass(frozen=True)
class MarketReport:
    """Everything that one market's report shows.

    Attributes:
        market_code, market_name, region: Names of the market as in markets.yaml.
        stage: `shadow`, `live` or `retired`.
        origin_month: Last closed month, the last month of the history.
        cycle_id, git_sha: The cycle and the code version of the forecast.
        sell_in: One row per sku and month up to the origin month: `sku, month, sell_in_units` (null = unknown).
        published: One row per sku and target month, the columns of `published_forecasts`.
        backtest: One row per sku, origin and horizon; no rows for a market too young to be tested.
        performance: One row per sku, origin and lag of all published forecasts scored so far; None before the first.
        products: One row per sku: `sku, category`, and what is known of its brand, pack, launch, end and predecessor.
        published_before: The same of the month before, for the churn; None or no rows if none was published.
        model_summary: Facts about the model to print as they are, by label.
        findings: One row per finding in the deliveries of the origin month: `source, finding, effect, message`.
        levels: One row per level, category and target month of `forecast_levels`; no rows if it is not stored.
        value_added: Rows of ``forecast_value_added`` of the months scored so far; no rows before the first.
        history_marks: One row per marked cell of the history, the columns of `history_marks`; no rows without a mark.
        exceptions: Rows of `forecast_exceptions` of the origin; no rows if it is not stored.
        reasons: Rows of `forecast_reasons` of the origin; no rows if it is not stored.
        promotions: Past and planned promotions as known at the origin; no rows without any.
        review: State in the monthly review: `draft`, or `reviewed` or `approved` with who and when.
        prices: Shelf price by sku and month up to the origin: `sku, month, price, is_promoted`; no rows without any.

    Raises:
        ValueError: If a frame lacks a column, or `published` has no rows.
    """

    market_code: str
    market_name: str
    region: str
    stage: str
    origin_month: pd.Timestamp
    cycle_id: str
    git_sha: str
    sell_in: pd.DataFrame
    published: pd.DataFrame
    backtest: pd.DataFrame
    performance: pd.DataFrame | None
    products: pd.DataFrame
    model_summary: dict[str, str]
    published_before: pd.DataFrame | None = None
    value_added: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=FINDING_COLUMNS))
    levels: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=LEVEL_COLUMNS))
    history_marks: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=MARK_COLUMNS))

    exceptions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EXCEPTION_COLUMNS))
    reasons: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REASON_COLUMNS))
    review: str = "draft"
    promotions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PROMOTION_COLUMNS))
    prices: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PRICE_COLUMNS))

    def __post_init__(self) -> None:
        self._require("sell_in", self.sell_in, SELL_IN_COLUMNS)
        self._require("published", self.published, PUBLISHED_COLUMNS)
        self._require("products", self.products, PRODUCT_COLUMNS)
        self._require("levels", self.levels, LEVEL_COLUMNS)
        self._require("history_marks", self.history_marks, MARK_COLUMNS)
        self._require("exceptions", self.exceptions, EXCEPTION_COLUMNS)
        self._require("reasons", self.reasons, REASON_COLUMNS)
        self._require("promotions", self.promotions, PROMOTION_COLUMNS)
        self._require("prices", self.prices, PRICE_COLUMNS)
        if len(self.backtest):
            self._require("backtest", self.backtest, BACKTEST_COLUMNS)
        if self.performance is not None and len(self.performance):
            self._require("performance", self.performance, PERFORMANCE_COLUMNS)
        if self.published.empty:
            raise ValueError(
                f"The report of market {self.market_code}, {self.origin_month:%Y-%m}, needs at least one published "
                "forecast row and got none: materialize published_forecasts of this partition first."
            )

    def _require(self, name: str, frame: pd.DataFrame, columns: list[str]) -> None:
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise ValueError(
                f"The report of market {self.market_code}, {self.origin_month:%Y-%m}: {name} lacks {missing}, "
                f"has {list(frame.columns)}. Pass the columns of the table {name}."
            )
