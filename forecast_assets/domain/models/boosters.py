"""Training of all boosters of a market: the direct ones and the recursive ones.

The same function serves the model, the refits and the pooled model. Predictions are in ``predictions.py``.
"""

import dataclasses

import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.mark_reasons import COVID, REPLACED_EVERYWHERE
from forecast_assets.domain.models.feature_cube import FeatureNames, feature_names
from forecast_assets.domain.models.gradient_boosting import feature_gains, train_direct
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.recursive_boosting import fit_recursive
from forecast_assets.domain.models.training_rows import TrainingRows, training_rows


@dataclasses.dataclass(frozen=True)
class TrainedBoosters:
    """Boosters as LightGBM texts by name.

    Attributes:
        names: Columns that the direct boosters read.
        direct: Direct boosters.
        recursive: Recursive boosters; empty with too little history.
    """

    names: FeatureNames
    direct: dict[str, str]
    recursive: dict[str, str]

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
    """Train all boosters on the data known at the end of the cutoff month.

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
    # The labels of the recursive boosters are the changes of the history itself. Accidents stay in them, as in all
    # labels (WAPE on M3 0.1097 and 0.1099 without them). A shock of the whole market is removed: it would be learned as
    # the season of its months. A large change of the level would be learned as a change to expect.
    known = sell_in.learnable(cutoff, reasons=(COVID, *REPLACED_EVERYWHERE))
    recursive = fit_recursive(known.units, known.months.month.to_numpy(), recipe)
    return TrainedBoosters(names, train_direct(rows, names.all, recipe), recursive), rows
