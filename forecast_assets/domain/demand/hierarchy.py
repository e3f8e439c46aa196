"""Demand summed over SKUs and markets: totals of a month by world, region and market, and their growth.

Raw sums describe a month. Growth compares the same markets, because the set of markets changes. Not here: totals as
features of a SKU (``features.totals``).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import add_months, month_range

WORLD, REGION, MARKET = "world", "region", "market"
WORLD_ENTITY = "WORLD"
ALL_CATEGORIES = "ALL"
UNKNOWN_CATEGORY = "UNKNOWN"
MEASURES = ("sell_in", "sell_out")
KEYS = ["level", "entity", "category"]
UNITS = ["sell_in_units", "sell_out_units"]
YEAR = 12
RECENT_MONTHS = 3


def demand_totals(
    sell_in_by_market: Mapping[str, pd.DataFrame],
    sell_out_by_market: Mapping[str, pd.DataFrame | None],
    products_by_market: Mapping[str, pd.DataFrame],
    region_by_market: Mapping[str, str],
) -> pd.DataFrame:
    """Sum the units of one month by level, entity and category.

    Args:
        sell_in_by_market: sku, sell_in_units of the month, by market code.
        sell_out_by_market: sku, sell_out_units; a market without sell-out is absent or None.
        products_by_market: sku, category; SKUs without a category, or not listed, count as "UNKNOWN".
        region_by_market: Region by market code, for every market given.

    Returns:
        level (world, region, market), entity ("WORLD", region, market code), category (each one and "ALL"),
        sell_in_units, sell_out_units. Sums are over the known units, null if none is known. Sorted by the keys.

    Raises:
        ValueError: If a market has no region, a SKU has two products, or a category is called "ALL".
    """
    without_region = sorted(set(sell_in_by_market) - set(region_by_market))
    if without_region:
        raise ValueError(f"markets without a region: {without_region}: give each a region in the list of markets")
    rows = [
        _category_units(market, sell_in, sell_out_by_market.get(market), products_by_market.get(market))
        for market, sell_in in sell_in_by_market.items()
    ]
    if not rows:
        return pd.DataFrame(columns=[*KEYS, *UNITS]).astype(dict.fromkeys(UNITS, "float64"))
    by_market = pd.concat([part for part in rows if len(part)] or rows[:1], ignore_index=True)
    by_market = _with_all_categories(by_market)
    totals = _at_every_level(by_market, region_by_market)
    return totals.groupby(KEYS, as_index=False)[UNITS].sum(min_count=1)


def _category_units(
    market: str, sell_in: pd.DataFrame, sell_out: pd.DataFrame | None, products: pd.DataFrame | None
) -> pd.DataFrame:
    """Return market, category, sell_in_units, sell_out_units of one market, one row per category."""
    units = sell_in[["sku", "sell_in_units"]]
    if sell_out is None:
        units = units.assign(sell_out_units=np.nan)
    else:
        units = units.merge(sell_out[["sku", "sell_out_units"]], on="sku", how="outer", validate="1:1")
    if products is None:
        units = units.assign(category=UNKNOWN_CATEGORY)
    else:
        units = units.merge(products[["sku", "category"]], on="sku", how="left", validate="m:1")
    units["category"] = units["category"].fillna(UNKNOWN_CATEGORY).replace("", UNKNOWN_CATEGORY)
    if units["category"].eq(ALL_CATEGORIES).any():
        raise ValueError(f'market {market}: a category is called "{ALL_CATEGORIES}", the name of the total: rename it')
    totals = units.groupby("category", as_index=False)[UNITS].sum(min_count=1)
    return totals.assign(market=market)


def _with_all_categories(by_market: pd.DataFrame) -> pd.DataFrame:
    every = by_market.groupby("market", as_index=False)[UNITS].sum(min_count=1).assign(category=ALL_CATEGORIES)
    return pd.concat([by_market, every], ignore_index=True)


def _at_every_level(by_market: pd.DataFrame, region_by_market: Mapping[str, str]) -> pd.DataFrame:
    """Return each market row once per level, with the level's entity."""
    return pd.concat(
        [
            by_market.assign(level=WORLD, entity=WORLD_ENTITY),
            by_market.assign(level=REGION, entity=by_market["market"].map(region_by_market)),
            by_market.assign(level=MARKET, entity=by_market["market"]),
        ],
        ignore_index=True,
    )


def known_totals(
    totals_window: pd.DataFrame, month: pd.Timestamp | str, region_by_market: Mapping[str, str]
) -> pd.DataFrame:
    """Return the totals of the months before ``month``, with growth over the same markets.

    Only market-level rows are read. Regions and the world are summed from them, so each figure of a level is over a
    known set of markets. Rows of ``month`` or later are ignored: they were not known to the other markets.

    Args:
        totals_window: ``demand_totals`` of several months with ``total_month``.
        month: The origin month; totals are known up to the month before.
        region_by_market: Region by market code; market rows without one are left out of the region level.

    Returns:
        level, entity, category, total_month, sell_in_units, sell_out_units, markets (with known sell-in), and for
        sell_in and sell_out:

        - ``<measure>_growth_12``: sum of the month / sum of the same month a year before - 1, over the markets that
          have the category in both months;
        - ``<measure>_recent_ratio``: mean of the last 3 months / mean of the last 12, over the markets that have the
          category in all 12.

        Both are null without such a market, or if the divisor is not positive.

    Raises:
        ValueError: If a market has two rows of a category in a month.
    """
    month = pd.Timestamp(month)
    rows = totals_window[(totals_window["level"] == MARKET) & (totals_window["total_month"] < month)]
    if rows.empty:
        figures = [f"{measure}_{figure}" for measure in MEASURES for figure in ("growth_12", "recent_ratio")]
        return _typed(pd.DataFrame(columns=[*KEYS, "total_month", *UNITS, "markets", *figures]))
    twice = rows.duplicated(["entity", "category", "total_month"])
    if twice.any():
        first = rows.loc[twice, ["entity", "category", "total_month"]].iloc[0].tolist()
        raise ValueError(
            f"market, category and month must be unique in the totals; {twice.sum()} are not, first {first}"
        )
    series = rows[["entity", "category"]].drop_duplicates(ignore_index=True)
    months = month_range(rows["total_month"].min(), add_months(month, -1))
    units = {measure: _matrix(rows, series, months, f"{measure}_units") for measure in MEASURES}
    levels = _at_every_level(series.rename(columns={"entity": "market"}), region_by_market)
    levels["series"] = np.tile(np.arange(len(series)), 3)
    return _sum_by_level(levels.dropna(subset=["entity"]), units, months)


def _matrix(rows: pd.DataFrame, series: pd.DataFrame, months: pd.DatetimeIndex, column: str) -> Floats:
    """Return ``column`` as an array (series, months), NaN if absent or null."""
    at = pd.MultiIndex.from_frame(series).get_indexer(pd.MultiIndex.from_frame(rows[["entity", "category"]]))
    matrix = np.full((len(series), len(months)), np.nan)
    matrix[at, months.get_indexer(pd.DatetimeIndex(rows["total_month"]))] = rows[column].to_numpy(dtype=float)
    return matrix


def _sum_by_level(levels: pd.DataFrame, units: dict[str, Floats], months: pd.DatetimeIndex) -> pd.DataFrame:
    groups = levels.groupby(KEYS, sort=True)
    group, n_groups = groups.ngroup().to_numpy(), groups.ngroups
    member = levels["series"].to_numpy()

    def summed(values: Floats) -> Floats:
        total = np.zeros((n_groups, len(months)))
        np.add.at(total, group, np.nan_to_num(values)[member])
        return total

    columns: dict[str, Floats] = {}
    for measure, values in units.items():
        known = summed(~np.isnan(values))
        columns[f"{measure}_units"] = np.where(known > 0, summed(values), np.nan)
        columns[f"{measure}_growth_12"] = _quotient(*map(summed, _year_pairs(values))) - 1
        columns[f"{measure}_recent_ratio"] = _quotient(*map(summed, _recent_pairs(values)))
    columns["markets"] = summed(~np.isnan(units["sell_in"]))
    present = np.zeros((n_groups, len(months)), dtype=bool)
    for values in units.values():
        present |= summed(~np.isnan(values)) > 0
    at_group, at_month = np.nonzero(present)
    keys = levels.assign(group=group).drop_duplicates("group").set_index("group").loc[at_group, KEYS]
    table = keys.reset_index(drop=True).assign(total_month=months[at_month])
    table = table.assign(**{name: values[at_group, at_month] for name, values in columns.items()})
    ordered = [*KEYS, "total_month", *UNITS, "markets"]
    return _typed(table[[*ordered, *[name for name in columns if name not in ordered]]])


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with fixed types: a month without earlier totals is stored like any other."""
    texts = dict.fromkeys(KEYS, "object") | {"total_month": "datetime64[ns]", "markets": "int64"}
    return table.astype({column: texts.get(column, "float64") for column in table.columns})


def _year_pairs(values: Floats) -> tuple[Floats, Floats]:
    """Return each month and the month a year before, NaN unless both are known."""
    before = np.full_like(values, np.nan)
    before[:, YEAR:] = values[:, :-YEAR]
    both = ~np.isnan(values) & ~np.isnan(before)
    return np.where(both, values, np.nan), np.where(both, before, np.nan)


def _recent_pairs(values: Floats) -> tuple[Floats, Floats]:
    """Return the means of the last 3 and of the last 12 months at each month, NaN unless all 12 are known."""
    recent, year = np.full_like(values, np.nan), np.full_like(values, np.nan)
    if values.shape[1] >= YEAR:
        windows = np.lib.stride_tricks.sliding_window_view(values, YEAR, axis=1)
        year[:, YEAR - 1 :] = windows.mean(axis=2)
        recent[:, YEAR - 1 :] = np.where(
            np.isnan(year[:, YEAR - 1 :]), np.nan, windows[:, :, -RECENT_MONTHS:].mean(axis=2)
        )
    return recent, year


def _quotient(numerator: Floats, denominator: Floats) -> Floats:
    quotient: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
    return quotient
