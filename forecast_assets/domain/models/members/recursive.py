"""Recursive boosting as a member of the blend; the method is ``recursive_boosting.py``."""

from collections.abc import Mapping

import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.mark_reasons import COVID, REPLACED_EVERYWHERE
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.recursive_boosting import fit_recursive, forecast_recursive


class Recursive(Member):
    """LightGBM on monthly changes of the logarithm, one month at a time."""

    name = "recursive"
    family = "boosting"
    learns_over_skus = True

    def fit(self, panel: DemandPanel, origin: pd.Timestamp, recipe: Recipe) -> dict[str, str]:
        """Train on the changes of all SKUs.

        The labels are the changes of the history itself. Accidents stay in them, as in all labels (WAPE on M3 0.1097
        and 0.1099 without them). A shock of the whole market is removed: it would be learned as the season of its
        months. A large change of the level is removed too: it would be learned as a change to expect.
        """
        known = panel.learnable(origin, reasons=(COVID, *REPLACED_EVERYWHERE))
        return fit_recursive(known.units, known.months.month.to_numpy(), recipe)

    def predict(self, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe) -> Floats:
        """Forecast from the last 14 months."""
        months = panel.months.month.to_numpy()
        return forecast_recursive(learned, panel.units, months, horizon_months, recipe.threads)
