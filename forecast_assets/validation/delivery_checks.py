"""Checks of a delivery against the market's own past: the rules of ``domain/deliveries`` as checks of an asset.

What blocks and what warns is decided here. Sell-out is an input among others, so its findings warn. In a run over
several months every finding warns: its months are history, and one of them must not hold up the others.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from forecast_assets.domain.deliveries.delivery import Delivery, delivery_until
from forecast_assets.domain.deliveries.rules import RULES, DeliveryRule
from forecast_assets.sources.source_tables import DeliveryProfile
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck

SELL_IN = tuple(CheckDeclaration(rule.name, rule.description) for rule in RULES)
SELL_OUT = tuple(
    CheckDeclaration(rule.name, rule.description, blocking=False) for rule in RULES if rule.name != "price_level"
)
DECLARATIONS = {"sell_in": SELL_IN, "sell_out": SELL_OUT}


def delivery_checks(
    source: str, profile: DeliveryProfile, months: list[pd.Timestamp], products: pd.DataFrame | None = None
) -> list[TableCheck]:
    """Return the checks of a source over the months of a run.

    Args:
        source: ``sell_in`` or ``sell_out``.
        profile: What was delivered, up to the last of the months.
        months: The months of the run.
        products: Products of the months, with ``month``; None if no products were ever delivered.
    """
    deliveries = _deliveries(profile, months, products)
    rules = {rule.name: rule for rule in RULES}
    is_history = len(months) > 1
    return [
        declaration.rule(_judge(rules[declaration.name], deliveries, is_history))
        for declaration in DECLARATIONS[source]
    ]


def _deliveries(
    profile: DeliveryProfile, months: list[pd.Timestamp], products: pd.DataFrame | None
) -> Mapping[pd.Timestamp, Delivery]:
    """Return the delivery as it stood at the end of each month that has rows."""
    whole = delivery_until(profile.units, months[-1], profile.days)
    return {
        month: whole.until(month, None if products is None else products[products["month"] == month])
        for month in months
        if month in whole.months
    }


def _judge(
    rule: DeliveryRule, deliveries: Mapping[pd.Timestamp, Delivery], is_history: bool
) -> Callable[[pd.DataFrame, pd.Timestamp], Finding]:
    def find(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        found = rule.find(deliveries[month]) if month in deliveries else None
        if found is None:
            return Finding()
        return Finding(max(1, len(found.rows)), found.rows.head(10), found.message, found.is_warning or is_history)

    return find
