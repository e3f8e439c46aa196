"""Inputs of an experiment, read from the store as the asset ``backtest`` reads its own."""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.config.settings import Settings, pools_markets
from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS, TRAINING_ORIGINS
from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.demand.demand_panel import DemandPanel, panel_from_rows
from forecast_assets.domain.demand.restatements import RESTATED_MONTH
from forecast_assets.domain.models.pooled_model import PooledModel, pooled_from_texts
from forecast_assets.domain.models.predictions import MEMBER_MONTHS
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.contest import rejection_reasons
from forecast_assets.domain.selection.experiment import ExperimentError
from forecast_assets.domain.selection.tuning import parameters_in_force
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.market_state.recipes_in_force import RecipesInForce
from forecast_assets.storage import ListedOnce, PartitionKey, TableReader
from forecast_assets.storage.current_features import CurrentFeatures, OutdatedFeatures
from forecast_assets.storage.table_specs import table_specs

UNITS = ["sku", "sell_in_units", RESTATED_MONTH]


@dataclasses.dataclass(frozen=True)
class ExperimentInputs:
    """Data of a market up to a month, and the recipes that compete there.

    Attributes:
        month: The last month.
        features: Features of origins up to the month.
        sell_in: Panel up to the month, with marks.
        products: Products as known in each ``month``; None without any.
        pooled: Learners over all markets; None if the market learns alone.
        recipe: The working tree's recipe, with the market's tuned parameters.
        champion: The recipe in force.
        champion_label: Name of that recipe for people.
    """

    month: pd.Timestamp
    features: pd.DataFrame
    sell_in: DemandPanel
    products: pd.DataFrame | None
    pooled: PooledModel | None
    recipe: Recipe
    champion: Recipe
    champion_label: str


def last_month(reader: TableReader, country: str, month: pd.Timestamp | None) -> pd.Timestamp:
    """Return the month of an experiment: the given one, or the latest with features.

    Raises:
        ExperimentError: If the market has no features, or none of the month.
    """
    months = sorted(key.month for key in reader.list_market("features", country))
    if not months:
        raise ExperimentError(
            f"{country} has no history to experiment on: no features are stored. Run forecast-assets cycle --country "
            f"{country} first, with --history for the origins to learn from"
        )
    if month is not None and month not in months:
        raise ExperimentError(
            f"{country} has no features of {month:%Y-%m}; it has {months[0]:%Y-%m} to {months[-1]:%Y-%m}"
        )
    return month or months[-1]


def read_inputs(
    settings: Settings, store: TableReader, country: str, month: pd.Timestamp | None, months_back: Sequence[int]
) -> ExperimentInputs:
    """Read what both sides of an experiment learn from and are measured on.

    Raises:
        ExperimentError: If the market has no history, or marks of it are missing.
    """
    reader = ListedOnce(store)
    end, earliest = last_month(reader, country, month), max(months_back)
    features = _read(reader, "features", country, end, TRAINING_ORIGINS + earliest)
    _require_current(reader, country, features)
    marks = _read(reader, "history_marks", country, end, EARLIEST_ANCHOR_MONTHS + earliest)
    if not reader.exists("history_marks", PartitionKey(end, country)):
        raise ExperimentError(f"{country} has no history_marks of {end:%Y-%m}: materialize them first")
    sell_in = _read(reader, "sell_in", country, end, MEMBER_MONTHS - 1 + EARLIEST_ANCHOR_MONTHS + earliest, UNITS)
    products = _read(reader, "products", country, end, earliest)
    recipe, champion, label = _recipes(settings, reader, country, end)
    return ExperimentInputs(
        end,
        features,
        panel_from_rows(sell_in, sell_in["month"].min(), end).with_marks(marks),
        None if products.empty else products,
        _pooled(settings, reader, end),
        recipe,
        champion,
        label,
    )


def _read(
    reader: TableReader,
    table: str,
    country: str,
    end: pd.Timestamp,
    months_before: int,
    columns: list[str] | None = None,
) -> pd.DataFrame:
    months = month_range(add_months(end, -months_before), end)
    partitions = [PartitionKey(month, country) for month in months]
    return reader.read(table_specs()[table], partitions, columns, missing="skip")


def _require_current(reader: TableReader, country: str, features: pd.DataFrame) -> None:
    try:
        CurrentFeatures(reader).require(country, features)
    except OutdatedFeatures as error:
        raise ExperimentError(str(error)) from error


def _pooled(settings: Settings, reader: TableReader, month: pd.Timestamp) -> PooledModel | None:
    if not pools_markets(settings):
        return None
    return pooled_from_texts(reader.read(table_specs()["pooled_model"], [PartitionKey(month)], missing="skip"))


def _recipes(settings: Settings, reader: TableReader, country: str, month: pd.Timestamp) -> tuple[Recipe, Recipe, str]:
    """Return the working tree's recipe, the champion's and the champion's label."""
    recipes = RecipesInForce(reader)
    recipe = recipe_of(settings.training, parameters_in_force(recipes.tuned(country, month)))
    refused = rejection_reasons(recipes.refused(country, month))
    incumbent = recipes.before(country, add_months(month, 1), set(refused))
    if incumbent is None or incumbent.recipe is None:
        problem = f" ({incumbent.problem})" if incumbent else ""
        return recipe, recipe_of(settings.training), f"default recipe: {country} has no champion yet{problem}"
    champion = dataclasses.replace(incumbent.recipe, threads=settings.training.threads)
    return recipe, champion, f"champion {incumbent.current_id}"
