"""Causes that a forecast's difference from the same month of last year is attributed to.

Here belong their names and the cause of each feature. Not here: units (``last_year.py``) and words (``sentences.py``).
"""

import re

LEVEL, SEASON, ONE_OFF, PROMOTION = "level", "season", "one_off", "promotion"
PRICE, STOCK, REST = "price", "stock", "rest"
# Causes of a difference in units, in the order of equal sizes; the rest comes last.
CAUSES = (LEVEL, SEASON, ONE_OFF, PROMOTION, PRICE, STOCK, REST)
# Causes that features speak of. A one-off of last year is found without them.
FEATURE_CAUSES = (LEVEL, SEASON, PROMOTION, PRICE, STOCK, REST)
# A feature belongs to the first cause whose pattern matches its name, without ``_hNN``.
PATTERNS = {
    # Those of a target month. How often and how well a SKU is promoted in general describes its level.
    PROMOTION: r"promotions?_(planned|factor|probability|planned_share)|promoted_last_month|discount_.*",
    PRICE: r"price_.*|distribution_.*",
    STOCK: r"stock_.*|usual_cover_months|sell_in_to_sell_out_\d+|expected_orders",
    SEASON: r"same_month_.*|adjusted_same_month|seasonal_.*|category_season|target_.*|origin_month_number|easter_.*"
    r"|working_days|public_holidays|month_length",
    REST: r"stringency_.*|economic_support_.*|covid_.*",
}


def cause_of_feature(name: str) -> str:
    """Return the cause that a feature (without ``_hNN``) speaks of; what no pattern names describes the level."""
    return next((cause for cause, pattern in PATTERNS.items() if re.fullmatch(pattern, name)), LEVEL)
