"""An incumbent, its challenger and backtest cells on which both are scored."""

import numpy as np
import pandas as pd

from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.champion import PromotionLimits
from forecast_assets.domain.selection.contest import Contest, Incumbent, recipe_id

MONTH, MARCH = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-03-01")
TUNED, OLD = Recipe(leaves=7), Recipe(leaves=15)
IN_FORCE = Incumbent(OLD, recipe_id(OLD), MARCH)
RIVALS = Contest(TUNED, OLD, IN_FORCE, recipe_id(TUNED))
LIMITS = PromotionLimits()


def market(skus=20, **units):
    """SKUs that sell 100 at one origin, two target months each; signs of errors alternate so that there is no bias.

    Too few SKUs for the paired test, so the tolerances alone decide.
    """
    errors = {"model_units": 20.0, "champion_units": 20.0, "baseline_units": 30.0, "naive_units": 40.0} | units
    rows = 2 * skus
    sign = np.tile([1.0, -1.0], skus)
    table = pd.DataFrame(
        {
            "sku": np.repeat([f"s{number:02}" for number in range(skus)], 2),
            "origin_month": MARCH,
            "abc_class": "A",
            "actual_units": np.full(rows, 100.0),
        }
    )
    return table.assign(**{name: 100 + sign * error for name, error in errors.items()})


def alone(cells):
    return cells.assign(champion_units=np.nan)
