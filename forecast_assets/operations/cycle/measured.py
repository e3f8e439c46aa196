"""Figures of a cycle, read from the store: size of the publication, its accuracy on the backtest and since."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from forecast_assets.domain.demand.hierarchy import WORLD_ENTITY
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS
from forecast_assets.domain.evaluation.levels import accuracy_at_levels
from forecast_assets.domain.evaluation.realised_accuracy import PERFORMANCE_METHODS, realised_accuracy
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.damaged_file import next_step
from forecast_assets.validation.evaluation_checks import figures

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class PublishedFigures:
    """Size and origin of a market's publication at an origin, with the run that stored it and the day (UTC)."""

    cells: int
    skus: int
    status: str
    source: str
    reason: str
    run_id: str
    published_on: str


def backtest_accuracy(store: TableStore, country: str, origin: pd.Timestamp) -> dict[str, float]:
    """Return WAPE and bias of the backtest of a market at an origin; a ratio that is undefined is left out."""
    return figures(store.read("backtest", [PartitionKey(origin, country)]), BACKTEST_METHODS)


def published_figures(store: TableStore, country: str, origin: pd.Timestamp) -> PublishedFigures:
    """Return how much a market published at an origin, from which source and why, and by which run."""
    partition = PartitionKey(origin, country)
    columns = ["sku", "status", "source", "reason"]
    published, provenances = store.read_with_provenance("published_forecasts", [partition], columns=columns)
    stored = provenances[partition]
    reasons = published.loc[published["source"] != "override", "reason"]
    return PublishedFigures(
        cells=len(published),
        skus=published["sku"].nunique(),
        status=", ".join(sorted(published["status"].unique())),
        source=", ".join(sorted(published["source"].unique())),
        reason=next(iter(reasons), ""),
        run_id=stored.run_id,
        published_on=stored.written_at[:10],
    )


def performance_cells(
    store: TableStore,
    countries: Sequence[str],
    origin: pd.Timestamp | None = None,
    warn: Callable[[str], None] = LOG.warning,
) -> pd.DataFrame:
    """Read the published forecasts of the markets whose month is measured, by default of all origins.

    ``warn`` gets a line for each damaged file that is left out.

    Returns:
        The columns of ``performance`` with ``country`` and ``month``, the month forecast. No rows before the first
        scored month.
    """
    partitions = [partition for code in countries for partition in store.list_market("performance", code)]
    cells = pd.DataFrame()
    if partitions:
        cells, read = store.read_with_provenance("performance", partitions, missing="skip_damaged")
        for partition in [each for each in partitions if each not in read]:
            path = store.path("performance", partition)
            warn(
                f"{path} is damaged: accuracy is without {partition.country} {partition.month:%Y-%m}. {next_step(path)}"
            )
    if origin is not None and len(cells):
        cells = cells[cells["origin_month"] == origin]
    if cells.empty or not cells["actual_units"].notna().any():
        return pd.DataFrame()
    return cells.astype({"country": object}).reset_index(drop=True)


def performance_table(cells: pd.DataFrame, region_by_market: Mapping[str, str]) -> pd.DataFrame:
    """Return WAPE and bias of the SKUs by market, region and over the world, as published.

    Args:
        cells: From ``performance_cells``.
        region_by_market: Region of each market.

    Returns:
        As ``accuracy_table`` by ``level`` (market, region, world) and ``entity``, methods published, model, baseline,
        naive. Backfilled forecasts, computed when later months were known, have rows of their own, "<market>
        backfilled", and are in no other. One market alone has no rows above it; no rows without cells.
    """
    if cells.empty:
        return pd.DataFrame()
    backfilled = cells["status"] == "backfilled"
    named = cells["country"].where(~backfilled, cells["country"] + " backfilled")
    groups = {"market": cells.assign(entity=named)}
    as_published = cells[~backfilled]
    if cells["country"].nunique() > 1:
        groups["region"] = as_published.assign(entity=as_published["country"].map(region_by_market))
        groups["world"] = as_published.assign(entity=WORLD_ENTITY)
    return pd.concat([_accuracy(group.assign(level=level)) for level, group in groups.items()], ignore_index=True)


def _accuracy(cells: pd.DataFrame) -> pd.DataFrame:
    return accuracy_table(cells, ["level", "entity"], forecasts=PERFORMANCE_METHODS)


def totals_performance(cells: pd.DataFrame, region_by_market: Mapping[str, str]) -> pd.DataFrame:
    """Return WAPE and bias of the summed forecasts of categories, markets, regions and the world, as published.

    Returns:
        As ``accuracy_at_levels``, per origin and month of the forecasts that are not backfilled; no rows without cells.
    """
    if cells.empty:
        return pd.DataFrame()
    as_published = cells[cells["status"] != "backfilled"]
    return accuracy_at_levels(as_published, PERFORMANCE_METHODS, ["origin_month", "month"], region_by_market)


def realised_groups(cells: pd.DataFrame) -> pd.DataFrame:
    """Return WAPE and bias by market, category and class and by lag 1, 3, 6, 12, 18 and all, as published.

    Returns:
        As ``realised_accuracy``, with ``country`` first; no rows without cells.
    """
    if cells.empty:
        return pd.DataFrame()
    parts = [realised_accuracy(rows).assign(country=code) for code, rows in cells.groupby("country", observed=True)]
    table = pd.concat(parts, ignore_index=True)
    return table[["country", *table.columns.drop("country")]]
