"""Checks of the monthly review: the causes of each change add up to it."""

import numpy as np
import pandas as pd

from forecast_assets.domain.review.forecast_exceptions import CHANGE_COLUMNS
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, violating

# A wrong explanation is worth a warning. It does not fail a cycle that has published its forecasts.
PARTS_ADD_UP = CheckDeclaration(
    "parts_add_up", "The causes of each SKU's change add up to this publication minus the last.", blocking=False
)
TOLERANCE = 1e-6


def review_checks() -> list[TableCheck]:
    """Return the checks of ``forecast_exceptions``."""
    return [schema_check("forecast_exceptions"), PARTS_ADD_UP.rule(_find)]


def _find(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
    explained = table[table["rest_units"].notna()]
    change = explained["units"] - explained["last_units"].fillna(0.0)
    off = (explained[CHANGE_COLUMNS].sum(axis=1) - change).abs()
    wrong = explained[off > TOLERANCE * np.maximum(change.abs(), 1.0)]
    return violating(wrong, f"{len(wrong)} SKUs whose causes do not add up to their change since the last publication")
