"""Names of feature columns: they give the grain, the horizon and the unit.

Training and prediction read the same stored row through these rules, so neither lists columns of its own.
"""

import re
from collections.abc import Iterable

HORIZON_SUFFIX = re.compile(r"_h(\d{2})$")
# Columns of attribute values: a pack called "h12" makes ``pack_is_h12``, which is no horizon.
ATTRIBUTE_MARK = "_is_"
# Columns of a features row that describe the row and are never learned from.
DESCRIPTIVE_COLUMNS = ("sku", "origin_month", "category", "abc_class", "xyz_class", "inputs_missing", "scale_units")
# Levels in units of the SKU: divided by scale_units before learning, so that a large and a small SKU look alike.
IN_UNITS = re.compile(
    r"(sell_in|sell_out)_(lag|mean|std)_\d+"
    r"|same_month_(\d_years_ago|mean|latest)|nonzero_mean_units"
    r"|(ses|theta|damped_holt|statistical_mean)"
    r"|(base|adjusted)_sell_in|adjusted_same_month|expected_(sell_out|orders|units)|stock_built_\d+|reference_mean_12"
    r"|statistical_slope|(ses|theta|damped_holt)_one_step_mae"
)


def horizon_column(name: str, horizon_months: int) -> str:
    """Return the column of a feature that differs by horizon, e.g. ``theta_h03``."""
    return f"{name}_h{horizon_months:02d}"


def split_columns(columns: Iterable[str]) -> tuple[list[str], list[str]]:
    """Split feature columns into those of the origin and the names of those that differ by horizon.

    Returns:
        Names as stored, and names without their ``_hNN``; each sorted, without ``DESCRIPTIVE_COLUMNS``.
    """
    origin, by_horizon = set(), set()
    for column in columns:
        if column in DESCRIPTIVE_COLUMNS:
            continue
        if HORIZON_SUFFIX.search(column) and ATTRIBUTE_MARK not in column:
            by_horizon.add(HORIZON_SUFFIX.sub("", column))
        else:
            origin.add(column)
    return sorted(origin), sorted(by_horizon)


def is_in_units(name: str) -> bool:
    """Return True if a feature (without ``_hNN``) is a level in units of the SKU."""
    return IN_UNITS.fullmatch(name) is not None
