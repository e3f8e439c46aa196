"""Columns of the stored features that a model is trained from, known before they are read once its refits are."""

from collections.abc import Collection

from forecast_assets.domain.features.columns import ATTRIBUTE_MARK, DESCRIPTIVE_COLUMNS, HORIZON_SUFFIX
from forecast_assets.domain.models.feature_cube import ALWAYS_KEPT
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import RefitCache, chosen_features
from forecast_assets.domain.models.training_rows import ONE_STEP_ERRORS

# Read by the choice of rows (``training_rows.py``), whether they are learned from or not.
OF_ROWS = {*DESCRIPTIVE_COLUMNS, "observations", "zero_share_24", *ONE_STEP_ERRORS}


def columns_to_read(stored: Collection[str], refits: RefitCache, recipe: Recipe) -> list[str] | None:
    """Return the stored columns that training reads; None (all) if the refits chose none.

    Args:
        stored: Names of the columns of the latest features.
        refits: Refits at the anchors of the model's cutoff.
        recipe: Recipe of the model.
    """
    chosen = chosen_features([each[1] for each in refits.by_origin.values() if each is not None], recipe)
    if chosen is None:
        return None
    by_horizon = chosen | {*ALWAYS_KEPT}
    return sorted(name for name in stored if name in OF_ROWS or _is_learned(name, chosen, by_horizon))


def _is_learned(column: str, chosen: set[str], by_horizon: set[str]) -> bool:
    if HORIZON_SUFFIX.search(column) and ATTRIBUTE_MARK not in column:
        return HORIZON_SUFFIX.sub("", column) in by_horizon
    return column in chosen
