"""Rows of the company report: markets, regions, the world and categories, from the tables of a month.

Value is summed over currencies only if each of them has a rate. Not here: rates as delivered (``rates.py``) and the
page (``reports/company_page.py``).
"""

import dataclasses

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY, WORLD_ENTITY
from forecast_assets.domain.evaluation.value_added import SUMS, with_ratios
from forecast_assets.domain.review.exception_reasons import CHANGED, UNCHANGED

YEAR = 12
MARKET, REGION, WORLD, CATEGORY = "market", "region", "world", "category"
LEVELS = (WORLD, REGION, MARKET, CATEGORY)
READY, NOT_PUBLISHED = "published", "not published"
STATED = ["name", "region", "stage", "currency"]
COUNTS = ["exceptions", "overrides", "waiting"]
COLUMNS = [
    "level", "entity", *STATED, "status", "review", "markets", "ready", "forecast_units", "value", "value_company",
    "wape_published", "wape_baseline", "bias_published", "bias_baseline", *COUNTS,
]  # fmt: skip
METHODS = ("published", "baseline")


@dataclasses.dataclass(frozen=True)
class CompanyTables:
    """Tables of one month over all markets, each with ``country``; any may be empty.

    Attributes:
        published: ``sku, category, target_month, forecast_units, status, source``.
        exceptions: ``sku, reason, unit_price, value_unit`` of ``forecast_exceptions``, which has every SKU.
        value_added: Rows of ``forecast_value_added``.
        waiting: Numbers that wait for approval, by market.
        reviews: State in the monthly review, by market.
    """

    published: pd.DataFrame
    exceptions: pd.DataFrame
    value_added: pd.DataFrame
    waiting: dict[str, int]
    reviews: dict[str, str] = dataclasses.field(default_factory=dict)


def company_rows(
    markets: pd.DataFrame, tables: CompanyTables, origin: pd.Timestamp, rates: dict[str, float]
) -> pd.DataFrame:
    """Return one row per market, region and category, and one of the world: COLUMNS.

    Args:
        markets: ``country, name, region, stage, currency`` of the markets that are forecast.
        tables: Tables of the origin month.
        origin: The origin month.
        rates: Company's currency for one unit of each currency; empty without rates.

    Returns:
        Units and value are of the next 12 months. ``value`` is in the market's currency, null without a price;
        ``value_company`` is in the company's, null unless every market of the row with a value has a rate, or all of
        them have one currency. Accuracy is that of the month, of published forecasts and Holt-Winters on the same
        cells; null before the first. ``ready`` counts markets whose status is ``published``.
    """
    cells = _cells(tables, origin)
    own = _market_rows(markets, tables, cells)
    own["value_company"] = _converted(own, rates)
    regions = [_summed(part, REGION, str(name)) for name, part in own.groupby("region")]
    world = _summed(own, WORLD, WORLD_ENTITY)
    rows = pd.concat([pd.DataFrame([world, *regions]), own, _categories(cells, own, rates)], ignore_index=True)
    rows = rows.merge(_accuracy(tables.value_added, own), on=["level", "entity"], how="left", validate="1:1")
    order = rows["level"].map({level: place for place, level in enumerate(LEVELS)})
    counts = dict.fromkeys(["markets", "ready", *COUNTS], "int64")
    rows = rows.assign(order=order).sort_values(["order"], kind="stable", ignore_index=True)
    return rows.reindex(columns=COLUMNS).fillna(dict.fromkeys(counts, 0)).astype(counts)


def has_sum(rows: pd.DataFrame) -> bool:
    """Return True if the value of all markets can be summed."""
    return bool(rows.loc[rows["level"] == WORLD, "value_company"].notna().any())


def _cells(tables: CompanyTables, origin: pd.Timestamp) -> pd.DataFrame:
    """Return the cells of the next 12 months with ``value``, null without a price."""
    rows = tables.published
    ahead = rows[rows["target_month"] <= add_months(origin, YEAR)]
    priced = tables.exceptions[tables.exceptions["value_unit"] == "currency"] if len(tables.exceptions) else None
    if priced is None:
        return ahead.assign(value=float("nan"))
    prices = priced[["country", "sku", "unit_price"]]
    merged = ahead.merge(prices, on=["country", "sku"], how="left", validate="m:1")
    return merged.assign(value=merged["forecast_units"] * merged["unit_price"])


def _market_rows(markets: pd.DataFrame, tables: CompanyTables, cells: pd.DataFrame) -> pd.DataFrame:
    published, exceptions = tables.published, tables.exceptions
    if len(exceptions):
        exceptions = exceptions[~exceptions["reason"].isin([CHANGED, UNCHANGED])]
    by_market = cells.groupby("country")
    facts = pd.DataFrame(
        {
            "status": published.groupby("country")["status"].first(),
            "forecast_units": by_market["forecast_units"].sum(),
            "value": by_market["value"].sum(min_count=1),
            "overrides": published[published["source"] == "override"].groupby("country").size(),
            "exceptions": exceptions.groupby("country").size() if len(exceptions) else pd.Series(dtype=float),
        }
    )
    rows = markets.merge(facts, left_on="country", right_index=True, how="left", validate="1:1")
    rows = rows.rename(columns={"country": "entity"})
    return rows.assign(
        level=MARKET,
        status=rows["status"].fillna(NOT_PUBLISHED),
        markets=1,
        ready=(rows["status"] == READY).astype(int),
        review=rows["entity"].map(tables.reviews).fillna("draft").where(rows["status"].notna(), ""),
        waiting=rows["entity"].map(tables.waiting).fillna(0),
    )


def _converted(rows: pd.DataFrame, rates: dict[str, float]) -> pd.Series:
    """Return value in the company's currency; as it is where all markets with a value have one currency."""
    currencies = set(rows.loc[rows["value"].notna(), "currency"])
    if len(currencies) == 1 and "" not in currencies and not rates:
        return rows["value"]
    return rows["value"] * rows["currency"].map(rates).astype(float)


def _summed(rows: pd.DataFrame, level: str, entity: str) -> dict[str, object]:
    """Return the row of a region or the world; its value is null if a market's value has no rate."""
    without = rows["value"].notna() & rows["value_company"].isna()
    value = float("nan") if without.any() else rows["value_company"].sum(min_count=1)
    sums = {name: rows[name].sum() for name in ("markets", "ready", *COUNTS)}
    units = rows["forecast_units"].sum(min_count=1)
    return {"level": level, "entity": entity, "name": entity, "forecast_units": units, "value_company": value, **sums}


def _categories(cells: pd.DataFrame, own: pd.DataFrame, rates: dict[str, float]) -> pd.DataFrame:
    """Return units and value of each category over all markets."""
    named = cells.assign(category=cells["category"].astype(object).fillna(UNKNOWN_CATEGORY))
    by_market = named.groupby(["category", "country"])[["forecast_units", "value"]].sum(min_count=1).reset_index()
    with_currency = by_market.merge(own[["entity", "currency"]], left_on="country", right_on="entity", validate="m:1")
    with_currency["value_company"] = _converted(with_currency, rates)
    rows = []
    for category, part in with_currency.groupby("category"):
        without = part["value"].notna() & part["value_company"].isna()
        value = float("nan") if without.any() else part["value_company"].sum(min_count=1)
        units = part["forecast_units"].sum()
        rows.append(
            {"level": CATEGORY, "entity": category, "name": category, "forecast_units": units, "value_company": value}
        )
    return pd.DataFrame(rows, columns=["level", "entity", "name", "forecast_units", "value_company"])


def _accuracy(value_added: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return WAPE and bias of METHODS by level and entity, from sums over the markets of each."""
    names = [f"{measure}_{method}" for measure in ("wape", "bias") for method in METHODS]
    if value_added.empty:
        return pd.DataFrame(columns=["level", "entity", *names])
    steps = value_added[value_added["step"].isin(METHODS)]
    markets = steps[steps["level"] == "market"].merge(
        own[["entity", "region"]].rename(columns={"entity": "country"}), on="country", validate="m:1"
    )
    parts = [
        markets.assign(level=MARKET, entity=markets["country"]),
        markets.assign(level=REGION, entity=markets["region"]),
        markets.assign(level=WORLD, entity=WORLD_ENTITY),
        steps[steps["level"] == CATEGORY],
    ]
    rows = pd.concat(parts, ignore_index=True)
    sums = with_ratios(rows.groupby(["level", "entity", "step"])[list(SUMS)].sum().reset_index())
    wide = sums.pivot(index=["level", "entity"], columns="step", values=["wape", "bias"])
    pairs = [(measure, method) for measure in ("wape", "bias") for method in METHODS]
    flat = pd.DataFrame({f"{measure}_{method}": wide[measure][method] for measure, method in pairs})
    return flat.reset_index()
