"""Training of everything that a market learns over its SKUs: the direct boosters and the members that learn.

The same function serves the model, the refits and the pooled model. Predictions are in ``predictions.py``.
"""

import dataclasses

import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models.feature_cube import FeatureNames, feature_names
from forecast_assets.domain.models.gradient_boosting import feature_gains, train_direct
from forecast_assets.domain.models.member_registry import fit_members
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TrainingRows, training_rows


@dataclasses.dataclass(frozen=True)
class TrainedBoosters:
    """Learned boosters, as texts.

    Attributes:
        names: Columns that the direct boosters read.
        direct: Direct boosters, LightGBM texts by name.
        members: Texts of each member that learns over SKUs (``member.py``), by member; a member that had too little
            history is left out.
    """

    names: FeatureNames
    direct: dict[str, str]
    members: dict[str, dict[str, str]]

    def gains(self) -> pd.Series:
        """Return the share of the direct boosters' gain that each column has, by its name."""
        return pd.Series(feature_gains(self.direct, self.names.all), index=self.names.all, dtype=float)


def train_boosters(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    cutoff: pd.Timestamp,
    recipe: Recipe,
    chosen: set[str] | None = None,
    horizon_months: int = HORIZON_MONTHS,
) -> tuple[TrainedBoosters, TrainingRows]:
    """Train the boosters and the members on the data known at the end of the cutoff month.

    Args:
        features: Features of origins before the cutoff; others are ignored, for the columns too.
        sell_in: Panel that reaches the cutoff; later months are ignored.
        cutoff: Last month whose sell-in may be a label.
        recipe: Parameters of the training.
        chosen: Columns to learn from; None: all that vary.
        horizon_months: Number of months ahead to learn.

    Returns:
        The boosters and the rows that the direct ones learned from.

    Raises:
        TooFewRowsError: If there is too little history.
    """
    earlier = features[features["origin_month"] < cutoff]
    names = feature_names(earlier)
    names = names if chosen is None else names.only(chosen)
    rows = training_rows(earlier, names, sell_in, cutoff, recipe, horizon_months)
    return TrainedBoosters(names, train_direct(rows, names.all, recipe), fit_members(sell_in, cutoff, recipe)), rows
