"""Trained boosters as named texts and back: shared by the stored ``model`` and ``pooled_model``.

Everything else that a model holds is in its manifest: ``market_model_storage.py`` and ``pooled_model.py``.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.recipe import Recipe, read_parameters

MANIFEST = "manifest.json"
RECURSIVE_PREFIX = "recursive_"


def boosters_to_texts(boosters: TrainedBoosters, prefix: str = "") -> dict[str, str]:
    """Return the texts of the boosters by name, each with the prefix."""
    return {prefix + name: text for name, text in (boosters.direct | boosters.recursive).items()}


def boosters_from_texts(texts: Mapping[str, str], names: Mapping[str, list[str]], prefix: str = "") -> TrainedBoosters:
    """Read the boosters whose names begin with the prefix, with their columns as the manifest names them."""
    own = {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}
    recursive = {name: text for name, text in own.items() if name.startswith(RECURSIVE_PREFIX)}
    direct = {name: text for name, text in own.items() if name not in recursive}
    columns = FeatureNames(**{key: tuple(value) for key, value in names.items()})
    return TrainedBoosters(columns, direct, recursive)


def recipe_to_manifest(recipe: Recipe) -> dict[str, Any]:
    """Return the parameters to store: all but the number of threads, which changes no tree."""
    return {name: value for name, value in dataclasses.asdict(recipe).items() if name != "threads"}


def recipe_from_manifest(stored: Mapping[str, Any]) -> Recipe:
    """Read the recipe of a manifest."""
    return Recipe(**read_parameters(stored))
