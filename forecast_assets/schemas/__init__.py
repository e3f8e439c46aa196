"""One Pandera model per stored table, in one file per stage of the business; ``TABLES`` maps a table's name to it."""

from forecast_assets.schemas.deliveries import CovidPolicy, Overrides, Products, Promotions, SellIn, SellOut
from forecast_assets.schemas.demand import DemandTotals, DemandTotalsKnown, HistoryMarks
from forecast_assets.schemas.evaluation import Backtest, Champion, ForecastValueAdded, Performance
from forecast_assets.schemas.features import Features, PooledRows
from forecast_assets.schemas.forecasts import BaselineForecasts, ForecastReasons, Forecasts, PublishedForecasts
from forecast_assets.schemas.levels import ForecastLevels, ForecastTotals
from forecast_assets.schemas.models import Model, PooledModel, RefusedRecipe, TunedRecipe
from forecast_assets.schemas.review import ForecastExceptions
from forecast_assets.schemas.table import Table

TABLES: dict[str, type[Table]] = {
    "sell_in": SellIn,
    "sell_out": SellOut,
    "products": Products,
    "promotions": Promotions,
    "overrides": Overrides,
    "covid_policy": CovidPolicy,
    "demand_totals": DemandTotals,
    "demand_totals_known": DemandTotalsKnown,
    "history_marks": HistoryMarks,
    "features": Features,
    "baseline_forecasts": BaselineForecasts,
    "pooled_rows": PooledRows,
    "pooled_model": PooledModel,
    "tuned_recipe": TunedRecipe,
    "refused_recipe": RefusedRecipe,
    "model": Model,
    "forecasts": Forecasts,
    "backtest": Backtest,
    "champion": Champion,
    "published_forecasts": PublishedForecasts,
    "forecast_reasons": ForecastReasons,
    "forecast_exceptions": ForecastExceptions,
    "forecast_levels": ForecastLevels,
    "forecast_totals": ForecastTotals,
    "performance": Performance,
    "forecast_value_added": ForecastValueAdded,
}
# Tables over all markets: partitioned by month alone.
MONTH_ONLY = frozenset(
    {"demand_totals", "demand_totals_known", "pooled_rows", "pooled_model", "forecast_totals", "company_report"}
)
# Tables made only on request: a market may have none.
ON_DEMAND = frozenset({"tuned_recipe", "refused_recipe"})
