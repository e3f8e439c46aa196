"""Trained parts as named texts and back: what ``model`` and ``pooled_model`` have in common when they are stored.

What else a model holds belongs into its manifest, see ``market_model.py`` and ``pooled_model.py``.
"""

from collections.abc import Mapping

from forecast_assets.domain.models.boosters import Parts
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.recipe import Recipe, read_parameters

RECURSIVE_PREFIX = "recursive_"


def texts_of(parts: Parts, prefix: str = "") -> dict[str, str]:
    """The boosters by name, each with the prefix."""
    return {prefix + name: text for name, text in (parts.boosters | parts.recursive).items()}


def parts_of(texts: Mapping[str, str], names: Mapping[str, list[str]], prefix: str = "") -> Parts:
    """The boosters whose names begin with the prefix, with the columns they read as the manifest names them."""
    own = {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}
    recursive = {name: text for name, text in own.items() if name.startswith(RECURSIVE_PREFIX)}
    direct = {name: text for name, text in own.items() if name not in recursive}
    return Parts(FeatureNames(**{key: tuple(value) for key, value in names.items()}), direct, recursive)


def recipe_from(stored: Mapping[str, object]) -> Recipe:
    """The recipe of a manifest."""
    return Recipe(**read_parameters(stored))
