"""Checks of a delivery against the market's own past: the rules of ``domain/deliveries`` as checks of an asset.

What blocks and what warns is decided here. Sell-out is an input among others, so its findings warn. In a run over
several months every finding warns: its months are history, and one of them must not hold up the others.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from forecast_assets.domain.deliveries.delivery import Delivery, delivery_until
from forecast_assets.domain.deliveries.restated import restated_history
from forecast_assets.domain.deliveries.rules import RULES, DeliveryRule
from forecast_assets.domain.deliveries.whole_sources import source_gone, source_state
from forecast_assets.domain.demand.restatements import latest_rows
from forecast_assets.market_state.stored_sources import MEASURES
from forecast_assets.sources.delivered import DeliveryProfile
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck

SELL_IN = tuple(CheckDeclaration(rule.name, rule.description) for rule in RULES)
SELL_OUT = tuple(CheckDeclaration(rule.name, rule.description, blocking=False) for rule in RULES)
SOURCE_GONE = CheckDeclaration("source_gone", "A source that was delivered the month before is delivered now.")
OVERRIDES_GONE = CheckDeclaration(SOURCE_GONE.name, SOURCE_GONE.description, blocking=False)
COPIED_SOURCE = CheckDeclaration("copied_source", "Sell-out is no copy of sell-in.", blocking=False)
RESTATED = CheckDeclaration(
    "restated_history", "Stored months are those of today's delivery; a whole history at another scale blocks."
)
RESTATED_SELL_OUT = CheckDeclaration(RESTATED.name, RESTATED.description, blocking=False)
OVERRIDES_UNUSED = CheckDeclaration(
    "overrides_unused", "Every override is for a SKU and month that gets a forecast.", blocking=False
)
OVERRIDES_LAPSED = CheckDeclaration(
    "overrides_lapsed", "Overrides that were in force, of months ahead, are still delivered.", blocking=False
)
PROMOTIONS_STALE = CheckDeclaration(
    "promotions_stale", "Promotions ahead are known where they always were.", blocking=False
)
PROMOTIONS_UNUSED = CheckDeclaration(
    "promotions_unused", "Every promotion is of a SKU that is sold or listed, and not after its end.", blocking=False
)
COLUMNS_VANISHED = CheckDeclaration(
    "vanished_columns", "Optional columns are delivered where they were the month before.", blocking=False
)
PRODUCTS_UNMATCHED = CheckDeclaration(
    "products_unmatched", "Every product row names SKUs as sell_in does.", blocking=False
)
PRODUCTS_PLAUSIBLE = CheckDeclaration(
    "products_plausible", "Launches, ends, categories and numbers of products fit what is sold.", blocking=False
)
OVERRIDES_PLAUSIBLE = CheckDeclaration(
    "overrides_plausible", "No override is an order of magnitude above what the SKU sold.", blocking=False
)
DECLARATIONS = {
    "sell_in": (*SELL_IN, RESTATED),
    "sell_out": (*SELL_OUT, COPIED_SOURCE, RESTATED_SELL_OUT, SOURCE_GONE),
    "products": (SOURCE_GONE, PRODUCTS_UNMATCHED, COLUMNS_VANISHED, PRODUCTS_PLAUSIBLE),
    "promotions": (SOURCE_GONE, PROMOTIONS_UNUSED, PROMOTIONS_STALE, COLUMNS_VANISHED),
    # Planners do not write overrides every month: only a folder that is gone is worth a warning.
    "overrides": (OVERRIDES_GONE, OVERRIDES_UNUSED, OVERRIDES_LAPSED, OVERRIDES_PLAUSIBLE),
}
# Sources whose rows are compared with the SKUs that the market has (plan_checks.py).
PLANS = {"products": PRODUCTS_UNMATCHED, "promotions": PROMOTIONS_UNUSED, "overrides": OVERRIDES_UNUSED}
# Sources whose rows are judged by the rules.
JUDGED = ("sell_in", "sell_out")


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


def restated_check(source: str, country: str, profile: DeliveryProfile, stored: pd.DataFrame | None) -> TableCheck:
    """Return the check of stored months against today's delivery; ``stored`` is None in a run over several months."""

    def find(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        if stored is None:
            return Finding()
        finding = restated_history(source, country, profile.units, stored, month, MEASURES[source])
        return (
            Finding()
            if finding is None
            else Finding(len(finding.rows), finding.rows.head(10), finding.message, finding.is_warning)
        )

    return next(each for each in DECLARATIONS[source] if each.name == RESTATED.name).rule(find)


def source_gone_check(
    source: str, market: str, months: list[pd.Timestamp], row_count: int, earlier: pd.Series, *, others_deliver: bool
) -> TableCheck:
    """Return the check that a source is still delivered; it judges runs of one month. Arguments as ``source_gone``.

    Its metadata has the state of the source.
    """

    def find(table: pd.DataFrame, __: pd.Timestamp) -> Finding:
        if len(months) > 1:
            return Finding()
        state = {"state": source_state(row_count, len(table), earlier)}
        finding = source_gone(source, market, row_count, earlier, others_deliver=others_deliver)
        if finding is None or (source == "overrides" and others_deliver):
            return Finding(figures=state)
        return Finding(1, finding.rows, finding.message, figures=state)

    return next(each for each in DECLARATIONS[source] if each.name == SOURCE_GONE.name).rule(find)


def _deliveries(
    profile: DeliveryProfile, months: list[pd.Timestamp], products: pd.DataFrame | None
) -> Mapping[pd.Timestamp, Delivery]:
    """Return the delivery as it stood at the end of each month that has rows."""
    whole = delivery_until(latest_rows(profile.units, months[-1]), months[-1], profile.days)
    is_restated = (profile.units["known_month"] > profile.units["month"]).any()
    deliveries = {}
    for month in (each for each in months if each in whole.months):
        of_month = None if products is None else products[products["month"] == month]
        deliveries[month] = (
            delivery_until(latest_rows(profile.units, month), month, profile.days, of_month)
            if is_restated
            else whole.until(month, of_month)
        )
    return deliveries


def _judge(
    rule: DeliveryRule, deliveries: Mapping[pd.Timestamp, Delivery], is_history: bool
) -> Callable[[pd.DataFrame, pd.Timestamp], Finding]:
    def find(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        finding = rule.find(deliveries[month]) if month in deliveries else None
        if finding is None:
            return Finding()
        return Finding(
            max(1, len(finding.rows)), finding.rows.head(10), finding.message, finding.is_warning or is_history
        )

    return find
