"""Sentences of the portfolio rules that make or change a SKU's forecast, with the facts that the rule used.

The rules themselves are in ``domain/portfolio/``.
"""

import pandas as pd

from forecast_assets.domain.arrays import Labels
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.portfolio.announced_skus import with_announced
from forecast_assets.domain.portfolio.launches import curve_launches, new_launches
from forecast_assets.domain.portfolio.portfolio_rules import HISTORY_MONTHS
from forecast_assets.domain.reasons.sentences import sentence

END_OF_LIFE = "end_of_life"
LAUNCHES = ("new_with_reference", "new_with_like_items", "new_without_relative")
OTHERS = ("seasonal", "all_zero", "returned", "dying")


def rule_sentences(
    rules: pd.Series, panel: DemandPanel, products: pd.DataFrame, origin: pd.Timestamp, language: str
) -> dict[str, str]:
    """Return the sentence of each SKU whose forecast is made or changed by its rule, by SKU.

    Args:
        rules: Rule by SKU.
        panel: The market's panel; months after the origin are not read.
        products: Products as known at the end of each ``month`` up to the origin.
        origin: The origin month.
        language: Language of the sentences.
    """
    current = products[products["month"] == origin] if len(products) else products
    texts = {str(sku): sentence(language, rule) for sku, rule in rules[rules.isin(OTHERS)].items()}
    texts |= _ends(rules.index[rules == END_OF_LIFE].to_numpy(), products, origin, language)
    new = rules[rules.isin(LAUNCHES)]
    return texts | (_launches(new, panel, current, origin, language) if len(new) else {})


def _ends(skus: Labels, products: pd.DataFrame, origin: pd.Timestamp, language: str) -> dict[str, str]:
    """Return the sentences of known ends, with the month since which the end has been known as it is."""
    texts = {sku: sentence(language, "end_of_last_published") for sku in skus}
    if products.empty:
        return texts
    first = products["month"].min()
    for sku, rows in products[products["sku"].isin(skus)].sort_values("month", ascending=False).groupby("sku"):
        end = rows["end_month"].iloc[0]
        if pd.isna(end) or rows["month"].iloc[0] != origin:
            continue
        since = rows["month"][(rows["end_month"] == end).cummin()].iloc[-1]
        key = END_OF_LIFE if since > first else "end_before_window"
        texts[sku] = sentence(language, key, end=end, since=since, after=add_months(end, 1))
    return texts


def _launches(
    rules: pd.Series, panel: DemandPanel, products: pd.DataFrame, origin: pd.Timestamp, language: str
) -> dict[str, str]:
    """Return the sentences of launches: what the level is taken from, and how many launches made the curve."""
    if products.empty:
        return {str(sku): sentence(language, "new") for sku in rules.index}
    market = with_announced(panel, rules.index.to_numpy(dtype=object)).until(origin, HISTORY_MONTHS)
    described = products.set_index("sku").reindex(market.skus)
    launches = {market.skus[launch.row]: launch for launch in new_launches(market, described)}
    curves, category = curve_launches(market, described), described["category"].fillna(UNKNOWN_CATEGORY)
    texts = {}
    for sku, rule in zip(rules.index.astype(str), rules, strict=True):
        if sku not in launches or launches[sku].kind != rule:
            texts[sku] = sentence(language, "new")
            continue
        count = int(curves.behind(category[sku], launches[sku].replaces).sum())
        curve = sentence(language, "curve", launches=count) if count else ""
        reference, relatives = described["reference_sku"][sku], len(launches[sku].relatives)
        texts[sku] = sentence(language, rule, curve=curve, reference=reference, relatives=relatives)
    return texts
