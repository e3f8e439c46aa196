"""Forecasts and actuals summed from SKUs to categories, markets, regions and the world, and the accuracy of the sums.

Each figure of a level is the sum of its SKUs' figures, so the levels agree by construction (docs/hierarchy.md explains
why). Not here: totals of demand as features (``hierarchy.py``), measures (``accuracy.py``).
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY, WORLD_ENTITY
from forecast_assets.domain.evaluation.accuracy import accuracy_table

LEVELS = ("sku", "category", "market", "region", "world")
ONE_MARKET = "ALL"


def at_levels(
    cells: pd.DataFrame, units: Sequence[str], by: Sequence[str], region_by_market: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Sum units over the SKUs of each level.

    Args:
        cells: One row per SKU and ``by``, with ``sku, category``, the columns of ``units``, and ``country`` if there
            are several markets. Rows with an unknown unit are left out of all sums, so that forecasts and actuals are
            over the same SKUs. A null category counts as "UNKNOWN".
        units: Columns to sum.
        by: Group columns besides the entity, for example ``["origin_month", "target_month"]``.
        region_by_market: Region of each market; None for cells of one market, which have no levels above it.

    Returns:
        ``level, entity``, the columns of ``by``, ``skus`` (number in the sum) and ``units``; levels from sku up,
        entities sorted within. SKUs and categories belong to a market: with several markets their entity is
        "<market> / <name>". Cells without ``country`` have the market entity "ALL".

    Raises:
        ValueError: If a market has no region, or ``region_by_market`` is given for cells without ``country``.
    """
    known = cells.dropna(subset=list(units))
    entities = _entities(known, region_by_market)
    parts = [
        known.assign(level=level, entity=entity.to_numpy(dtype=object), skus=1)[
            ["level", "entity", *by, "skus", *units]
        ]
        for level, entity in entities.items()
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows["level"] = pd.Categorical(rows["level"], categories=list(entities))
    summed = rows.groupby(["level", "entity", *by], as_index=False, observed=True)[["skus", *units]].sum()
    return summed.astype({"level": object})


def _entities(cells: pd.DataFrame, region_by_market: Mapping[str, str] | None) -> dict[str, pd.Series]:
    """Return the entity of each cell at each level."""
    category = cells["category"].astype(object).fillna(UNKNOWN_CATEGORY)
    if "country" not in cells:
        if region_by_market is not None:
            raise ValueError("cells without the column country cannot be summed to regions: add the market's code")
        every = pd.Series(ONE_MARKET, index=cells.index)
        return {"sku": cells["sku"], "category": category, "market": every}
    market = cells["country"].astype(str)
    entities = {"sku": market + " / " + cells["sku"].astype(str), "category": market + " / " + category.astype(str)}
    entities["market"] = market
    if region_by_market is None:
        return entities
    without = sorted(set(market) - set(region_by_market))
    if without:
        raise ValueError(f"markets without a region: {without}: give each a region in the list of markets")
    world = pd.Series(WORLD_ENTITY, index=cells.index)
    return entities | {"region": market.map(region_by_market), "world": world}


def accuracy_at_levels(
    cells: pd.DataFrame,
    forecasts: Mapping[str, str],
    by: Sequence[str],
    region_by_market: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Compute WAPE and bias of the summed forecasts per level and entity.

    The error of a total is taken after summing, so errors of SKUs cancel out. Without returns WAPE never rises from a
    level to the next. The sum of errors is the same at all levels, hence the bias too.

    Args:
        cells: As for ``at_levels``, with ``actual_units``.
        forecasts: Column by name.
        by: As for ``at_levels``.
        region_by_market: As for ``at_levels``.

    Returns:
        As ``accuracy_table`` by ``level`` and ``entity``, levels from sku up.
    """
    summed = at_levels(cells, ["actual_units", *forecasts.values()], by, region_by_market)
    table = accuracy_table(summed, ["level", "entity"], forecasts=dict(forecasts))
    return table.sort_values("level", key=lambda level: level.map(LEVELS.index), kind="stable", ignore_index=True)
