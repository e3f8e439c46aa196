"""Learned models as named texts and back: shared by the stored ``model`` and ``pooled_model``.

A text of a member is named ``<member>_<its own name>``, such as ``recursive_l1``.

Everything else that a model holds is in its manifest: ``market_model_storage.py`` and ``pooled_model.py``.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.gradient_boosting import LEARNERS
from forecast_assets.domain.models.member_registry import member_names
from forecast_assets.domain.models.recipe import Recipe, read_parameters

MANIFEST = "manifest.json"
DIRECT = frozenset(learner.name for learner in LEARNERS)


def boosters_to_texts(boosters: TrainedBoosters, prefix: str = "") -> dict[str, str]:
    """Return the texts of the boosters by name, each with the prefix."""
    of_members = {
        f"{member}_{name}": text for member, texts in boosters.members.items() for name, text in texts.items()
    }
    return {prefix + name: text for name, text in (boosters.direct | of_members).items()}


def boosters_from_texts(texts: Mapping[str, str], names: Mapping[str, list[str]], prefix: str = "") -> TrainedBoosters:
    """Read the texts whose names begin with the prefix, with their columns as the manifest names them.

    Raises:
        ValueError: If a text belongs to no member.
    """
    own = {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}
    direct = {name: text for name, text in own.items() if name in DIRECT}
    members: dict[str, dict[str, str]] = {}
    for name, text in own.items():
        if name not in direct:
            member = _member_of_part(name)
            members.setdefault(member, {})[name.removeprefix(f"{member}_")] = text
    columns = FeatureNames(**{key: tuple(value) for key, value in names.items()})
    return TrainedBoosters(columns, direct, members)


def _member_of_part(part: str) -> str:
    """Return the member that a text belongs to: of several names that it begins with, the longest."""
    names = [name for name in member_names() if part.startswith(f"{name}_")]
    if not names:
        raise ValueError(
            f"a stored model has the text {part}, which belongs to no member of this version: materialize it again"
        )
    return max(names, key=len)


def recipe_to_manifest(recipe: Recipe) -> dict[str, Any]:
    """Return the parameters to store: all but the number of threads, which changes no tree."""
    return {name: value for name, value in dataclasses.asdict(recipe).items() if name != "threads"}


def recipe_from_manifest(stored: Mapping[str, Any]) -> Recipe:
    """Read the recipe of a manifest."""
    return Recipe(**read_parameters(stored))
