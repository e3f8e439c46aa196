"""Forecasts of a market at one origin, from its trained models, features and baseline, before publication.

The asset ``forecasts`` stores them; a what-if computes them under other plans. Training is not here.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import DemandPanel, active_skus
from forecast_assets.domain.models.market_model import MarketModel, forecast_units
from forecast_assets.domain.portfolio.announced_skus import (
    announced_forecasts,
    announced_skus,
    with_announced,
    with_announced_described,
)
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.publication.forecasts import (
    SWITCHED_OFF,
    beside_baseline,
    with_champion,
    with_inputs_missing,
)
from forecast_assets.domain.statistical.baseline import baseline_forecasts


def market_forecasts(
    trained: MarketModel,
    champion: MarketModel | None,
    features: pd.DataFrame,
    baseline: pd.DataFrame,
    panel: DemandPanel,
    products: pd.DataFrame,
    origin: pd.Timestamp,
) -> pd.DataFrame:
    """Return the rows of ``forecasts`` of an origin: SKUs on sale by the model, announced ones by their rules.

    Args:
        trained: The market's model.
        champion: The champion's model, if another recipe competes.
        features: Features of the origin.
        baseline: ``baseline_forecasts`` of the origin.
        panel: Sell-in with marks, ending at the origin.
        products: Products as known at the origin.
        origin: The origin month.
    """
    announced = announced_skus(panel, origin, products)
    with_launches = with_announced(panel, announced)

    def forecast_by(model: MarketModel) -> pd.DataFrame:
        units = pd.concat([forecast_units(features, panel, model), announced_forecasts(announced, origin)])
        return apply_portfolio(units, with_launches, origin, products)

    rows = with_champion(forecast_by(trained), forecast_by(champion) if champion else None)
    off = [f"{source} {SWITCHED_OFF}" for source in trained.switched_off]
    described = with_inputs_missing(features, [*trained.inputs_missing, *off])
    return beside_baseline(rows, baseline, with_announced_described(described, announced, products))


def market_baseline(panel: DemandPanel, origin: pd.Timestamp, products: pd.DataFrame) -> pd.DataFrame:
    """Return the baseline of the SKUs that are active at an origin and, zero, of those announced."""
    ends = products.set_index("sku")["end_month"].reindex(panel.skus)
    announced = announced_skus(panel, origin, products)
    skus = np.union1d(panel.skus[active_skus(panel, origin, ends.to_numpy())], announced)
    return baseline_forecasts(with_announced(panel, announced), origin, skus)
