"""Families of feature columns, by name, so that a model can be trained without one.

A family is what one kind of input reaches: expected orders come from sell-out and from promotions, so they are in both.
Theta and the statistical mean stay even without the statistical features, because the learners' targets are made of
them; so do the columns that decide which rows are learned from, and the errors that rows are weighed by.
"""

import re

import pandas as pd

from forecast_assets.domain.features.columns import ATTRIBUTE_MARK, DESCRIPTIVE_COLUMNS, HORIZON_SUFFIX
from forecast_assets.domain.models.training_rows import ONE_STEP_ERRORS

ALWAYS_NEEDED = ("theta", "statistical_mean", "observations", "zero_share_24", *ONE_STEP_ERRORS)

FAMILIES: dict[str, re.Pattern[str]] = {
    family: re.compile(pattern)
    for family, pattern in {
        "sell-out": r".*sell_out.*|stock_.*|usual_cover_months|price_.*|distribution_.*|promoted_share_.*"
        r"|expected_(orders|units)",
        "promotions": r"promot.*|discount_.*|usual_discount|base_sell_in|adjusted_.*|expected_.*",
        "products": r".*_is_.*|category_(?!(market|region|world)_).*|sku_share_of_category_.*"
        r"|months_since_launch|months_until_end|age_from_launch|months_left|reference_.*",
        "cross-market totals": r"(category|all)_(market|region|world)_.*",
        "OxCGRT": r"(stringency|economic_support)_index_.*",
        "statistical": r"ses.*|theta.*|damped_holt.*|statistical_.*|seasonal_.*",
    }.items()
}


def columns_of(family: str, features: pd.DataFrame) -> list[str]:
    """Columns of the family in a table of features.

    Raises:
        KeyError: If there is no such family.
    """
    pattern = FAMILIES[family]
    kept = {*DESCRIPTIVE_COLUMNS, *ALWAYS_NEEDED}
    names = {
        column: column if ATTRIBUTE_MARK in column else HORIZON_SUFFIX.sub("", column) for column in features.columns
    }
    return [column for column, name in names.items() if name not in kept and pattern.fullmatch(name)]
