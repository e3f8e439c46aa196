"""``exponential_smoothing`` as a member of the blend; the method is ``domain/statistical/exponential_smoothing.py``."""

from collections.abc import Mapping

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.statistical.exponential_smoothing import forecast_exponential_smoothing


class ExponentialSmoothing(Member):
    """Four forms of exponential smoothing, averaged by Akaike weights."""

    name = "exponential_smoothing"
    family = "statistical"

    def predict(self, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe) -> Floats:
        """Forecast each SKU from its own history."""
        return forecast_exponential_smoothing(panel.units, horizon_months)
