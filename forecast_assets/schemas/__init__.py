"""One Pandera model per stored table; ``TABLES`` finds them by the name of the table."""

from forecast_assets.schemas.backtest import Backtest
from forecast_assets.schemas.baseline_forecasts import BaselineForecasts
from forecast_assets.schemas.covid_policy import CovidPolicy
from forecast_assets.schemas.deliveries import Products
from forecast_assets.schemas.demand import DemandTotalsKnown
from forecast_assets.schemas.demand_totals import DemandTotals
from forecast_assets.schemas.evaluation import Champion
from forecast_assets.schemas.features import Features
from forecast_assets.schemas.forecasts import Forecasts
from forecast_assets.schemas.history_marks import HistoryMarks
from forecast_assets.schemas.model import Model
from forecast_assets.schemas.models import TunedRecipe
from forecast_assets.schemas.overrides import Overrides
from forecast_assets.schemas.performance import Performance
from forecast_assets.schemas.pooled_model import PooledModel
from forecast_assets.schemas.pooled_rows import PooledRows
from forecast_assets.schemas.promotions import Promotions
from forecast_assets.schemas.published_forecasts import PublishedForecasts
from forecast_assets.schemas.refused_recipe import RefusedRecipe
from forecast_assets.schemas.sell_in import SellIn
from forecast_assets.schemas.sell_out import SellOut
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
    "performance": Performance,
}
# Tables over all markets: their partitions are months alone.
MONTH_ONLY = frozenset({"demand_totals", "demand_totals_known", "pooled_rows", "pooled_model"})
# Tables that nobody makes but on demand: a market may have none.
ON_DEMAND = frozenset({"tuned_recipe", "refused_recipe"})
