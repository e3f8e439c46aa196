"""``dynamic_theta`` as a member of the blend; the method is ``domain/statistical/dynamic_theta.py``."""

from collections.abc import Mapping

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.statistical.dynamic_theta import forecast_dynamic_theta


class DynamicTheta(Member):
    """Dynamic optimised Theta on units without their season."""

    name = "dynamic_theta"
    family = "statistical"

    def predict(self, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe) -> Floats:
        """Forecast each SKU from its own history."""
        return forecast_dynamic_theta(panel.units, panel.months.month.to_numpy(), horizon_months)
