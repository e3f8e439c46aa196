"""The interface of a member: a method that forecasts beside the direct boosting, blended by a weight of the recipe.

A member lives in one file of ``members/`` and takes part once the recipe's ``member_weights`` name it. What it learns
over all SKUs is text (JSON, a LightGBM model), because models are stored as texts and never as pickles.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.recipe import Recipe


class Member(ABC):
    """A member of the blend of regular SKUs.

    Attributes:
        name: Name in ``member_weights``; that of the file as well.
        family: Kind of method, such as ``statistical``: people read it.
        learns_over_skus: True if ``fit`` learns something that ``predict`` needs. Otherwise a member learns from each
            SKU's own history while it predicts.
        libraries: Packages beyond the requirements of the product that it imports, inside of its functions.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    learns_over_skus: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ()

    def fit(self, panel: DemandPanel, origin: pd.Timestamp, recipe: Recipe) -> dict[str, str]:
        """Learn from all SKUs of a market and return what was learned as texts by name.

        Args:
            panel: Units up to the origin month; nothing later is in it. ``panel.learnable(origin)`` has the extremes of
                the history replaced.
            origin: Last month that is known.
            recipe: Parameters of the training.

        Returns:
            Texts by name; empty with too little history: the member then does not predict.
        """
        return {}

    @abstractmethod
    def predict(self, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe) -> Floats:
        """Forecast the months after the panel's last month.

        Args:
            learned: Texts from ``fit``; empty unless the member ``learns_over_skus``.
            panel: SKUs to forecast, at most 120 months that end at the origin, extremes replaced; NaN where unknown.
            horizon_months: Number of months to forecast.
            recipe: Parameters of the model.

        Returns:
            (n, horizon_months) units, never NaN.
        """
