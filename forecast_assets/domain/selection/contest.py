"""Contest of recipes: a market's challenger, the incumbent (recipe in force before), and rejected recipes.

Recipes are compared by their parameters, never by a stored model. Not here: the rule that decides (``champion.py``).
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from forecast_assets.domain.models.recipe import Recipe, read_parameters

ID_LENGTH = 12


def recipe_text(recipe: Recipe) -> str:
    """Return a recipe as sorted JSON, without ``threads``, which change no tree."""
    kept = {name: value for name, value in dataclasses.asdict(recipe).items() if name != "threads"}
    return json.dumps(kept, sort_keys=True)


def recipe_id(recipe: Recipe) -> str:
    """Return the first 12 hex digits of the SHA-256 of ``recipe_text``."""
    return hashlib.sha256(recipe_text(recipe).encode()).hexdigest()[:ID_LENGTH]


def read_recipe(text: str) -> Recipe:
    """Read a recipe from its text; parameters added later have their default value.

    Raises:
        ValueError: If the text has a parameter that this version does not know.
    """
    parameters: dict[str, Any] = read_parameters(json.loads(text))
    return Recipe(**parameters)


@dataclasses.dataclass(frozen=True)
class Incumbent:
    """Recipe in force before a cycle.

    Attributes:
        recipe: None if this version of the code cannot read it; ``problem`` has the reason.
        stored_id: Its id as stored.
        since_month: First month in force; None if a later recipe was in force in between and has been rejected.
        problem: Empty if the recipe is readable.
    """

    recipe: Recipe | None
    stored_id: str
    since_month: pd.Timestamp | None
    problem: str = ""

    @property
    def current_id(self) -> str:
        """Id of the recipe as this version computes it; the stored one if the recipe cannot be read."""
        return self.stored_id if self.recipe is None else recipe_id(self.recipe)


@dataclasses.dataclass(frozen=True)
class Contest:
    """Recipes of one cycle.

    Attributes:
        recipe: Recipe of ``forecast_units`` and ``model_units``.
        champion: Recipe of ``champion_units``; None if no other recipe competes.
        incumbent: The recipe in force before, if it is readable.
        challenger_id: The recipe that the market's settings and tuning ask for, competing or not.
        withdrawn_reason: Reason why the challenger does not compete; empty if it does.
        all_rejected: True if no recipe may forecast; ``recipe`` then only fills the model's column.
        note: Further remark for readers of the outcome.
    """

    recipe: Recipe
    champion: Recipe | None
    incumbent: Incumbent | None
    challenger_id: str
    withdrawn_reason: str = ""
    all_rejected: bool = False
    note: str = ""

    @property
    def recipes(self) -> list[Recipe]:
        """The recipes to train: that of the model, then the champion's if it competes."""
        return [self.recipe, self.champion] if self.champion else [self.recipe]

    def with_threads(self, threads: int) -> "Contest":
        """Return the same contest for training with this number of threads."""
        champion = self.champion and dataclasses.replace(self.champion, threads=threads)
        return dataclasses.replace(self, recipe=dataclasses.replace(self.recipe, threads=threads), champion=champion)


def rejection_reasons(refused: pd.DataFrame) -> dict[str, str]:
    """Return the reason of each rejection, by the recipe's id as stored and as this version computes it.

    Args:
        refused: ``recipe_id, recipe, author, reason, month``; may be empty.
    """
    reasons: dict[str, str] = {}
    for row in refused.to_dict("records"):
        stored_id = str(row["recipe_id"])
        why = f"recipe {stored_id} is refused since {row['month']:%Y-%m} by {row['author']}: {row['reason']}"
        reasons |= dict.fromkeys({stored_id, current_id(str(row["recipe"]), stored_id)}, why)
    return reasons


def rows_rejecting(refused: pd.DataFrame, wanted: str) -> pd.Series:
    """Return True for rows of ``refused`` about a recipe, by its id as stored or as this version computes it."""
    rows = refused[["recipe_id", "recipe"]].itertuples(index=False, name=None)
    is_wanted = [wanted in (stored_id, current_id(text, stored_id)) for stored_id, text in rows]
    return pd.Series(is_wanted, index=refused.index, dtype=bool)


def current_id(text: str, stored_id: str) -> str:
    """Return the id of a stored recipe as this version computes it, with parameters added later.

    A recipe that cannot be read keeps its stored id.
    """
    try:
        return recipe_id(read_recipe(text))
    except ValueError:
        return stored_id


def incumbent_from(row: Mapping[str, object], interrupted: bool) -> Incumbent:
    """Read the incumbent from a row of ``champion``; ``interrupted`` if a later recipe was rejected since."""
    since = None if interrupted else pd.Timestamp(str(row["since_month"]))
    try:
        return Incumbent(read_recipe(str(row["recipe"])), str(row["recipe_id"]), since)
    except ValueError as error:
        return Incumbent(None, str(row["recipe_id"]), since, str(error))


def contest(
    wanted: Recipe, usual: Recipe, incumbent: Incumbent | None, refused: Mapping[str, str], set_aside: str = ""
) -> Contest:
    """Choose the recipe of a cycle's forecast and its competitor.

    A rejected challenger does not compete, nor one that is set aside while there is a champion. Then the champion alone
    makes the forecast; without a champion, the default recipe. If that is rejected too, no recipe may forecast.

    Args:
        wanted: The challenger.
        usual: The default recipe, without tuning.
        incumbent: The recipe in force before, not rejected; None if there is none.
        refused: Reason of the rejection, by recipe id.
        set_aside: Reason why the challenger does not compete this time; empty if it does.
    """
    champion = incumbent.recipe if incumbent else None
    note = (
        f"the champion {incumbent.stored_id} counts as none: {incumbent.problem}"
        if incumbent and incumbent.problem
        else ""
    )
    same = champion is not None and recipe_text(champion) == recipe_text(wanted)
    why = refused.get(recipe_id(wanted), "") or (set_aside if champion is not None and not same else "")
    chosen = Contest(wanted, None, incumbent if champion else None, recipe_id(wanted), why, note=note)
    if not why:
        return dataclasses.replace(chosen, champion=None if same else champion)
    if champion is not None:
        return dataclasses.replace(chosen, recipe=champion)
    if recipe_id(usual) not in refused:
        return dataclasses.replace(chosen, recipe=usual)
    return dataclasses.replace(chosen, all_rejected=True)
