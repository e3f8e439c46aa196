"""An experiment: a changed recipe, or changed features, against the champion's recipe on identical cells.

Both are refitted at the same earlier origins and forecast the same months. Not here: reading the data and writing the
report (``operations/experiments``), the rule of promotion (``champion.py``).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast_assets.domain.anchors import MONTHS_BACK
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.paired_comparison import PairedComparison, compare_paired
from forecast_assets.domain.models.importance import by_family, feature_importance
from forecast_assets.domain.models.market_model import fit_market_model
from forecast_assets.domain.models.member_registry import member_of
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TooFewRowsError
from forecast_assets.domain.selection.backtest import KEYS, backtest
from forecast_assets.domain.suggestions import did_you_mean

METHODS = {"experiment": "model_units", "champion": "champion_units", "baseline": "baseline_units"}
GROUPS = {
    "lag": "horizon_months", "abc class": "abc_class", "xyz class": "xyz_class", "category": "category",
}  # fmt: skip
STEP_MONTHS = 6
# They decide how fast a recipe is trained on a machine, never what it learns.
NOT_PART_OF_A_RECIPE = "threads"


class ExperimentError(ValueError):
    """An experiment that cannot be run as requested; the message names what to change."""


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of the comparison: a recipe, as the backtest fits it, and the features that it learns from."""

    recipe: Recipe
    features: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Outcome of an experiment.

    Attributes:
        cells: One row per SKU, origin and horizon with the forecasts of both sides, baseline and naive.
        comparison: The experiment against the champion, paired by SKU.
        accuracy: WAPE and bias by ``kind`` and ``group`` (``accuracy``).
        importance: Importance of each feature in the experiment's boosters (``feature_importance``).
        origins: Origins that were scored.
    """

    cells: pd.DataFrame
    comparison: PairedComparison
    accuracy: pd.DataFrame
    importance: pd.DataFrame
    origins: tuple[pd.Timestamp, ...]

    @property
    def families(self) -> pd.DataFrame:
        """Importance by family of features."""
        return by_family(self.importance)

    @property
    def is_identical(self) -> bool:
        """True if both sides forecast the same units in every cell."""
        return bool(np.allclose(self.cells["model_units"], self.cells["champion_units"], rtol=1e-9, atol=0.0))

    def figure(self, measure: str, method: str) -> float:
        """Return ``wape`` or ``bias`` of a method over all cells."""
        row = self.accuracy[(self.accuracy["kind"] == "all") & (self.accuracy["method"] == method)]
        return float(row[measure].iloc[0])


def origin_offsets(origins: int) -> tuple[int, ...]:
    """Return how many months before the last month each origin lies, the earliest first.

    Up to three origins lie 18, 12 and 6 months before, each further one six months earlier.
    """
    if origins <= len(MONTHS_BACK):
        return MONTHS_BACK[:origins]
    return tuple(STEP_MONTHS * number for number in range(origins, 0, -1))


def run_experiment(
    experiment: Side,
    champion: Side,
    sell_in: DemandPanel,
    origin: pd.Timestamp,
    months_back: Sequence[int],
    products: pd.DataFrame | None = None,
    pooled: PooledModel | None = None,
) -> Outcome:
    """Backtest both sides on identical cells, compare them, and explain the experiment's boosters.

    Args:
        experiment: The changed side.
        champion: The reference.
        sell_in: Panel of the market up to the origin.
        origin: The last month; its sell-in is the last actual.
        months_back: Origins, in months before the last one.
        products: Products as known in each ``month``, for the portfolio rules.
        pooled: Learners over all markets. They know the stored features alone, so they take part only if both sides
            learn from the same features.

    Raises:
        ExperimentError: If no origin has enough history.
    """
    shared = pooled if experiment.features is champion.features else None
    cells, reference = (
        backtest(side.features, sell_in, origin, side.recipe, products, shared, months_back=months_back)
        for side in (experiment, champion)
    )
    units = reference[[*KEYS, "model_units"]].rename(columns={"model_units": "champion_units"})
    cells = cells.drop(columns="champion_units").merge(units, on=KEYS, how="inner", validate="1:1")
    if cells["actual_units"].notna().sum() == 0:
        raise ExperimentError(_too_little(origin, months_back))
    return Outcome(
        cells,
        compare_paired(cells, "model_units", "champion_units"),
        accuracy(cells),
        _importance(experiment, sell_in, origin, shared),
        tuple(sorted(cells["origin_month"].unique())),
    )


def accuracy(cells: pd.DataFrame) -> pd.DataFrame:
    """Return WAPE and bias of each method over all cells, by lag, class and category.

    Returns:
        ``kind, group, method, cells, actual_units, wape, bias``; fractions, error = forecast - actual.
    """
    scored = cells.dropna(subset=["actual_units", *METHODS.values()])
    parts = [_tidy(scored.assign(all_cells="all"), "all", "all_cells")]
    parts += [_tidy(scored, kind, column) for kind, column in GROUPS.items()]
    return pd.concat(parts, ignore_index=True)


def _tidy(cells: pd.DataFrame, kind: str, column: str) -> pd.DataFrame:
    wide = accuracy_table(cells, column, forecasts=METHODS)
    group = wide[column].astype(object).where(wide[column].notna(), "(none)").astype(str)
    rows = [
        pd.DataFrame(
            {
                "kind": kind, "group": group, "method": method, "cells": wide[f"cells_{method}"],
                "actual_units": wide["actual_units"], "wape": wide[f"wape_{method}"], "bias": wide[f"bias_{method}"],
            }
        )
        for method in METHODS
    ]  # fmt: skip
    return pd.concat(rows).sort_index(kind="stable").reset_index(drop=True)


def _importance(
    experiment: Side, sell_in: DemandPanel, origin: pd.Timestamp, pooled: PooledModel | None
) -> pd.DataFrame:
    """Return the importance of features in the boosters trained up to the origin, for its SKUs."""
    at_origin = experiment.features[experiment.features["origin_month"] == origin]
    try:
        model = fit_market_model(experiment.features, sell_in, origin, experiment.recipe, pooled=pooled)
    except TooFewRowsError as error:
        raise ExperimentError(f"{origin:%Y-%m}: {error}") from error
    boosters = model.learned.own or model.learned.pooled
    assert boosters is not None  # each outcome of a training has one of them
    return feature_importance(boosters, at_origin, experiment.recipe, HORIZON_MONTHS)


def _too_little(origin: pd.Timestamp, months_back: Sequence[int]) -> str:
    origins = ", ".join(f"{add_months(origin, -months):%Y-%m}" for months in months_back)
    return (
        f"no origin to compare at: {origins} need features, a year of history before them and sales after them. "
        "Build features of earlier months (forecast-assets cycle --history), or take a later --month"
    )


def changed_recipe(recipe: Recipe, settings: Mapping[str, str], members: Mapping[str, float | None]) -> Recipe:
    """Return a recipe with other settings and further members.

    Args:
        recipe: The recipe to change.
        settings: Values as text by the name of the recipe's field; ``member_weights`` as ``recursive:0.2,theta:0.1``.
        members: Weight by member; None takes the mean weight of the recipe's members.

    Raises:
        ExperimentError: If a setting or a value cannot be used.
        UnknownMemberError: If a member is unknown.
    """
    values: dict[str, Any] = {name: _value(recipe, name, text) for name, text in settings.items()}
    changed = dataclasses.replace(recipe, **values)
    weights = dict(changed.member_weights)
    usual = sum(weights.values()) / len(weights) if weights else 1.0
    for name, weight in members.items():
        weights[name] = usual if weight is None else weight
    for name in weights:
        member_of(name)
    return dataclasses.replace(changed, member_weights=tuple(weights.items()))


def _value(recipe: Recipe, name: str, text: str) -> object:
    fields = [field.name for field in dataclasses.fields(Recipe) if field.name != NOT_PART_OF_A_RECIPE]
    if name not in fields:
        hint = did_you_mean(name, fields, cutoff=0.5)
        raise ExperimentError(f"no setting {name!r}.{f' {hint}' if hint else ''} Settings: {', '.join(fields)}")
    if name == "member_weights":
        return tuple(_member_weight(part) for part in text.split(","))
    kind = type(getattr(recipe, name))
    try:
        value = kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise ExperimentError(f"{name} is {expected}, got {text!r}; now {getattr(recipe, name)}") from None
    if not 0 <= value < float("inf") or (kind is int and name != "seed" and value == 0):
        raise ExperimentError(f"{name} must be {'at least 1' if kind is int else 'at least 0'}, got {text!r}")
    return value


def _member_weight(text: str) -> tuple[str, float]:
    name, _, weight = text.partition(":")
    try:
        return name.strip(), float(weight)
    except ValueError:
        raise ExperimentError(f"member_weights reads recursive:0.2,holt_winters:0.1, got {text!r}") from None


def changes_in_words(
    recipe: Recipe, reference: Recipe, without: Sequence[str] = (), added: Sequence[str] = ()
) -> list[str]:
    """Return what differs between two sides of an experiment, one phrase each."""
    now, before = _phrased(recipe), _phrased(reference)
    differing = [name for name in dict.fromkeys([*now, *before]) if now.get(name) != before.get(name)]
    phrases = [f"{name} {now.get(name, 'none')} instead of {before.get(name, 'none')}" for name in differing]
    return [*phrases, *(f"without {name}" for name in without), *(f"with {name}" for name in added)]


def _phrased(recipe: Recipe) -> dict[str, str]:
    """Return the settings of a recipe as text by name, with one entry per member's weight."""
    values = {
        field.name: getattr(recipe, field.name)
        for field in dataclasses.fields(Recipe)
        if field.name not in (NOT_PART_OF_A_RECIPE, "member_weights")
    }
    weights = {f"weight of {name}": weight for name, weight in recipe.member_weights if weight > 0.0}
    return {
        name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in (values | weights).items()
    }
