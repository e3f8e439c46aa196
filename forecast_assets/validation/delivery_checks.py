"""Checks of a delivery against the market's own past: the rules of ``domain/deliveries`` as checks of an asset.

What blocks and what warns is decided here. Sell-out is an input among others, so its findings warn. In a run over
several months every finding warns: its months are history, and one of them must not hold up the others.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from forecast_assets.domain.deliveries.delivery import Delivery, delivery_until
from forecast_assets.domain.deliveries.rules import RULES, DeliveryRule
from forecast_assets.domain.deliveries.whole_sources import source_gone
from forecast_assets.sources.source_tables import DeliveryProfile, SourceTables
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck

SELL_IN = tuple(CheckDeclaration(rule.name, rule.description) for rule in RULES)
SELL_OUT = tuple(
    CheckDeclaration(rule.name, rule.description, blocking=False) for rule in RULES if rule.name != "price_level"
)
SOURCE_GONE = CheckDeclaration("source_gone", "A source that was delivered the month before is delivered now.")
OVERRIDES_GONE = CheckDeclaration(SOURCE_GONE.name, SOURCE_GONE.description, blocking=False)
DECLARATIONS = {
    "sell_in": SELL_IN,
    "sell_out": (*SELL_OUT, SOURCE_GONE),
    "products": (SOURCE_GONE,),
    "promotions": (SOURCE_GONE,),
    # Planners do not write overrides every month: only a folder that is gone is worth a warning.
    "overrides": (OVERRIDES_GONE,),
}


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
        if declaration.name in rules
    ]


def checks_of_source(
    tables: SourceTables, source: str, market: str, months: list[pd.Timestamp], earlier: pd.Series
) -> list[TableCheck]:
    """Return the checks of a source besides sell-in: is it still delivered, and for sell-out the rules on its rows.

    Args:
        tables: The deliveries.
        source: Name of the source.
        market: Code of the market.
        months: The months of the run.
        earlier: Delivered rows by stored month before the run, as ``source_gone``.
    """
    rules, row_count = [], 0
    if source == "sell_out":
        profile = tables.profile(source, market, months)
        rules, row_count = delivery_checks(source, profile, months), len(profile.units)
    elif len(months) == 1:
        row_count = tables.delivered_rows(source, market, months)
    others = tables.has_source(source)
    return [*rules, source_gone_check(source, market, months, row_count, earlier, others_deliver=others)]


def source_gone_check(
    source: str, market: str, months: list[pd.Timestamp], row_count: int, earlier: pd.Series, *, others_deliver: bool
) -> TableCheck:
    """Return the check that a source is still delivered; it judges runs of one month. Arguments as ``source_gone``."""

    def find(_: pd.DataFrame, __: pd.Timestamp) -> Finding:
        if len(months) > 1 or (source == "overrides" and others_deliver):
            return Finding()
        found = source_gone(source, market, row_count, earlier, others_deliver=others_deliver)
        return Finding() if found is None else Finding(1, found.rows, found.message)

    return next(each for each in DECLARATIONS[source] if each.name == SOURCE_GONE.name).rule(find)


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
