"""Registry of members: finds a member's file by its name, and fits and predicts the members that a recipe weighs.

A file of ``members/`` is all that a new member needs: no list names it. ``storage/import_closure.py`` counts every file
of that folder as code of the model, because no import names them either.
"""

import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.models import members
from forecast_assets.domain.models.member import Member
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.suggestions import did_you_mean

# Parts of a stored model whose names begin so belong to others.
RESERVED = ("pooled_", "champion_", "back_")


class UnknownMemberError(ValueError):
    """A member that no file defines, or whose libraries are not installed."""


def member_names() -> list[str]:
    """Return the names of all members, sorted: those of the files in ``members/``."""
    return sorted(module.name for module in pkgutil.iter_modules(members.__path__))


@functools.cache
def member_of(name: str) -> Member:
    """Return the member of a name.

    Raises:
        UnknownMemberError: If no file has the name, or a library that it needs is not installed.
        TypeError: If the file does not define exactly one member of its name.
    """
    known = member_names()
    if name not in known:
        hint = did_you_mean(name, known)
        raise UnknownMemberError(f"no member {name!r}.{f' {hint}' if hint else ''} Members: {', '.join(known)}")
    module = importlib.import_module(f"{members.__name__}.{name}")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Member) and value.__module__ == module.__name__
    ]
    if [each.name for each in classes] != [name] or name.startswith(RESERVED):
        defined = [each.__name__ for each in classes]
        raise TypeError(
            f"members/{name}.py must define one Member with name = {name!r}, got {defined}; "
            f"a name must not begin with {', '.join(RESERVED)}"
        )
    missing = [library for library in classes[0].libraries if importlib.util.find_spec(library) is None]
    if missing:
        raise UnknownMemberError(f"member {name} needs {', '.join(missing)}, which is not installed here")
    return classes[0]()


def weighed(recipe: Recipe) -> dict[str, float]:
    """Return the weights of the members that take part, by name, in the order of the recipe."""
    return {name: weight for name, weight in recipe.member_weights if weight > 0.0}


def fit_members(sell_in: DemandPanel, cutoff: pd.Timestamp, recipe: Recipe) -> dict[str, dict[str, str]]:
    """Fit the weighed members that learn over SKUs and return their texts by member; those without any are left out.

    Args:
        sell_in: Panel of the market that reaches the cutoff; no member sees later months, marks or restatements.
        cutoff: Last month that is known.
        recipe: Weights and parameters.
    """
    learners = [member for member in map(member_of, weighed(recipe)) if member.learns_over_skus]
    panel = sell_in.known_at(cutoff)
    fitted = {member.name: member.fit(panel, cutoff, recipe) for member in learners}
    return {name: texts for name, texts in fitted.items() if texts}


def member_forecast(
    name: str, learned: Mapping[str, str], panel: DemandPanel, horizon_months: int, recipe: Recipe
) -> Floats:
    """Return the forecast of a member, (n, horizon_months).

    Raises:
        ValueError: If it returns another shape, or a value that is no number.
    """
    forecast = np.asarray(member_of(name).predict(learned, panel, horizon_months, recipe), dtype=float)
    expected = (len(panel.skus), horizon_months)
    if forecast.shape != expected:
        raise ValueError(f"member {name} returned an array of shape {forecast.shape}, expected {expected}")
    if not np.isfinite(forecast).all():
        rows = np.flatnonzero(~np.isfinite(forecast).all(axis=1))
        raise ValueError(
            f"member {name} returned no number for {len(rows)} SKUs, first: {panel.skus[rows][:5].tolist()}"
        )
    return forecast
