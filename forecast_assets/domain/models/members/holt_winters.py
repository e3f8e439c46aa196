"""``holt_winters`` as a member of the blend; the method is ``domain/statistical/holt_winters.py``."""

from collections.abc import Mapping

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters


class HoltWinters(Member):
    """The planners' Holt-Winters."""

    name = "holt_winters"
    family = "statistical"

    def predict(self, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe) -> Floats:
        """Forecast each SKU from its own history."""
        return forecast_holt_winters(panel.units, horizon_months)
