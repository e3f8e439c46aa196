"""Who stands against whom: a market's challenger, the recipe in force before it, and what people have refused.

A recipe is compared by its parameters, never by a stored model. The rule that decides a contest is in ``champion.py``.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping

import pandas as pd

from forecast_assets.domain.models.recipe import Recipe, read_parameters

ID_LENGTH = 12


def recipe_text(recipe: Recipe) -> str:
    """A recipe as sorted JSON, without ``threads``: they change no tree."""
    kept = {name: value for name, value in dataclasses.asdict(recipe).items() if name != "threads"}
    return json.dumps(kept, sort_keys=True)


def recipe_id(recipe: Recipe) -> str:
    """The first 12 hex digits of the SHA-256 of ``recipe_text``."""
    return hashlib.sha256(recipe_text(recipe).encode()).hexdigest()[:ID_LENGTH]


def read_recipe(text: str) -> Recipe:
    """A recipe from its text; parameters that were added since have their usual value.

    Raises:
        ValueError: If the text has a parameter this version does not know.
    """
    return Recipe(**read_parameters(json.loads(text)))


@dataclasses.dataclass(frozen=True)
class Holder:
    """The recipe in force before a cycle.

    Attributes:
        recipe: None where this version of the code cannot read it; ``problem`` says why.
        stored_id: Its id as it was stored.
        since_month: Since when it is in force; None where another one was between, which was refused since.
        problem: Empty where the recipe is readable.
    """

    recipe: Recipe | None
    stored_id: str
    since_month: pd.Timestamp | None
    problem: str = ""


@dataclasses.dataclass(frozen=True)
class Contest:
    """What a cycle is made by.

    Attributes:
        recipe: Makes ``forecast_units`` and ``model_units``.
        champion: Makes ``champion_units``; None where there is no rival or it is the same recipe.
        holder: The recipe in force before, where it counts.
        challenger_id: The recipe the market's settings and tuning ask for, whether or not it competes.
        stood_aside: Why the challenger does not compete; empty where it does.
        is_refused: Whether nobody is left that may forecast; ``recipe`` then only fills the model's column.
        note: What else a reader of the outcome should know.
    """

    recipe: Recipe
    champion: Recipe | None
    holder: Holder | None
    challenger_id: str
    stood_aside: str = ""
    is_refused: bool = False
    note: str = ""

    def with_threads(self, threads: int) -> "Contest":
        """The same on a machine that trains with so many threads."""
        champion = self.champion and dataclasses.replace(self.champion, threads=threads)
        return dataclasses.replace(self, recipe=dataclasses.replace(self.recipe, threads=threads), champion=champion)


def refusals(refused: pd.DataFrame) -> dict[str, str]:
    """Why each refused recipe is, by its id as stored and as this version of the code computes it.

    Args:
        refused: ``recipe_id, recipe, author, reason, month``; may be empty.
    """
    found: dict[str, str] = {}
    for row in refused.to_dict("records"):
        why = f"recipe {row['recipe_id']} is refused since {row['month']:%Y-%m} by {row['author']}: {row['reason']}"
        found |= dict.fromkeys({row["recipe_id"], current_id(row["recipe"], row["recipe_id"])}, why)
    return found


def refuses(refused: pd.DataFrame, wanted: str) -> pd.Series:
    """Which rows of ``refused`` are of a recipe, by its id as stored or as this version of the code computes it."""
    rows = refused[["recipe_id", "recipe"]].itertuples(index=False)
    found = [wanted in (row.recipe_id, current_id(row.recipe, row.recipe_id)) for row in rows]
    return pd.Series(found, index=refused.index, dtype=bool)


def current_id(text: str, stored_id: str) -> str:
    """The id of a stored recipe as this version computes it: a parameter added since is part of it. The stored one
    where the recipe cannot be read."""
    try:
        return recipe_id(read_recipe(text))
    except ValueError:
        return stored_id


def holder_from(row: Mapping[str, object], interrupted: bool) -> Holder:
    """The recipe in force by a row of ``champion``; ``interrupted`` where a later one was refused since."""
    since = None if interrupted else pd.Timestamp(row["since_month"])
    try:
        return Holder(read_recipe(str(row["recipe"])), str(row["recipe_id"]), since)
    except ValueError as error:
        return Holder(None, str(row["recipe_id"]), since, str(error))


def contest(
    wanted: Recipe, usual: Recipe, holder: Holder | None, refused: Mapping[str, str], set_aside: str = ""
) -> Contest:
    """Who makes the forecast of a cycle, and against whom.

    A challenger that is refused, or set aside although there is a champion to take its place, does not compete: the
    champion alone makes the forecast, without one the usual recipe, and where that is refused, too, nobody.

    Args:
        wanted: The challenger.
        usual: The recipe without anything tuned.
        holder: The recipe in force before, not refused; None: there is none.
        refused: Why, by id.
        set_aside: Why the challenger does not compete this time; empty: it does.
    """
    champion = holder.recipe if holder else None
    note = f"the champion {holder.stored_id} counts as none: {holder.problem}" if holder and holder.problem else ""
    same = champion is not None and recipe_text(champion) == recipe_text(wanted)
    why = refused.get(recipe_id(wanted), "") or (set_aside if champion is not None and not same else "")
    found = Contest(wanted, None, holder if champion else None, recipe_id(wanted), why, note=note)
    if not why:
        return dataclasses.replace(found, champion=None if same else champion)
    if champion is not None:
        return dataclasses.replace(found, recipe=champion)
    if recipe_id(usual) not in refused:
        return dataclasses.replace(found, recipe=usual)
    return dataclasses.replace(found, is_refused=True)
