"""Families of feature columns by name: what one kind of input reaches, so that a model can be trained without it.

Expected orders come from sell-out and from promotions, so they are in both families. Theta and the statistical mean
stay even without the statistical features, because the learners' targets are made of them; so do the columns that
decide which rows are learned from, and the errors that rows are weighed by. Not here: the groups that are tested for
drift (``domain/monitoring/drift.py``).
"""

import re

import pandas as pd

from forecast_assets.domain.features.columns import ATTRIBUTE_MARK, DESCRIPTIVE_COLUMNS, HORIZON_SUFFIX
from forecast_assets.domain.suggestions import did_you_mean

ALWAYS_NEEDED = (
    "theta", "statistical_mean", "observations", "zero_share_24", "ses_one_step_mae", "theta_one_step_mae",
    "damped_holt_one_step_mae",
)  # fmt: skip
# Families that name a kind of input, in the order in which a column's first one counts.
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
OWN_HISTORY, OF_CALENDAR = "own history", "calendar"
CALENDAR = re.compile(
    r"horizon_months|(origin|target)_month_number|target_quarter|working_days|public_holidays|easter_.*|month_length"
)
# Families that can be left out.
OPTIONAL = {**FAMILIES, OF_CALENDAR: CALENDAR}


class UnknownFeatureError(ValueError):
    """A name that is neither a family nor a feature of the table, or a feature that learners cannot do without."""


def columns_of(family: str, features: pd.DataFrame) -> list[str]:
    """Return the columns of a family in a table of features, without those that are always needed.

    Raises:
        KeyError: If there is no such family.
    """
    pattern = OPTIONAL[family]
    kept = {*DESCRIPTIVE_COLUMNS, *ALWAYS_NEEDED}
    return [column for column in features.columns if (name := stem(column)) not in kept and pattern.fullmatch(name)]


def stem(column: str) -> str:
    """Return the name of a feature without its ``_hNN``; a pack called "h12" in ``pack_is_h12`` is no horizon."""
    return column if ATTRIBUTE_MARK in column else HORIZON_SUFFIX.sub("", column)


def family_of(column: str) -> str:
    """Return the one family that a feature is counted in; ``calendar`` or ``own history`` if no input names it."""
    name = stem(column)
    named = next((family for family, pattern in FAMILIES.items() if pattern.fullmatch(name)), None)
    return named or (OF_CALENDAR if CALENDAR.fullmatch(name) else OWN_HISTORY)


def without(features: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the features without families or single features; one that differs by horizon goes at all horizons.

    Raises:
        UnknownFeatureError: If a name is no family and no feature, or a feature that is always needed.
    """
    dropped: set[str] = set()
    by_stem: dict[str, list[str]] = {}
    for column in features.columns:
        by_stem.setdefault(stem(column), []).append(column)
    for name in names:
        if name in OPTIONAL:
            dropped |= {*columns_of(name, features)}
        elif stem(name) in {*DESCRIPTIVE_COLUMNS, *ALWAYS_NEEDED}:
            raise UnknownFeatureError(f"{name} cannot be left out: rows and targets of the learners are made of it")
        elif stem(name) in by_stem:
            dropped |= {*by_stem[stem(name)]}
        else:
            hint = did_you_mean(name, [*OPTIONAL, *by_stem], cutoff=0.5)
            raise UnknownFeatureError(
                f"no family and no feature {name!r}.{f' {hint}' if hint else ''} Families: {', '.join(OPTIONAL)}"
            )
    return features.drop(columns=sorted(dropped))
