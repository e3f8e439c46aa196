"""The rule that promotes a challenger, and what a cycle decides by it: the recipe in force and what is published.

Both recipes are scored on identical cells of the rolling backtest; every number the rule looks at is part of the
outcome. Who competes is in ``contest.py``, what the published rows become in ``publication.py``.
"""

import dataclasses
import json

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.paired_test import WORSE, PairedTest, paired_test
from forecast_assets.domain.publication.publication import Decision, decide
from forecast_assets.domain.selection.contest import Contest, recipe_id, recipe_text

FIRST, UNCHANGED, PROMOTED, HELD, REFUSED = "first", "unchanged", "promoted", "held", "refused"
OUTCOMES = (FIRST, UNCHANGED, PROMOTED, HELD, REFUSED)
METHODS = {"challenger": "model_units", "baseline": "baseline_units", "naive": "naive_units"}
# Two ratios that differ by rounding alone are the same.
ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True)
class Limits:
    """How much worse a challenger may be and still be promoted; fractions.

    Attributes:
        champion_tolerance: Its WAPE against the champion's.
        baseline_tolerance: Its WAPE against Holt-Winters.
        max_bias: Its absolute bias, where the champion's is not larger.
        class_tolerance: Its WAPE against the champion's in an ABC class.
        class_min_cells: Classes with fewer scored cells say nothing.
    """

    champion_tolerance: float = 0.01
    baseline_tolerance: float = 0.05
    max_bias: float = 0.10
    class_tolerance: float = 0.10
    class_min_cells: int = 30


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition of the rule with its figure and its limit (NaN where it has none)."""

    name: str
    holds: bool
    figure: float
    limit: float
    in_words: str


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A challenger beside a champion, baseline and naive on the same cells; ratios NaN where there are none.

    Without a champion there are no conditions, and its figures are NaN.
    """

    cells: int
    wape: dict[str, float]
    bias: dict[str, float]
    test: PairedTest
    class_ratios: dict[str, float]
    conditions: tuple[Condition, ...]

    @property
    def failed(self) -> list[Condition]:
        """The conditions that do not hold."""
        return [condition for condition in self.conditions if not condition.holds]


def compare(backtest: pd.DataFrame, has_champion: bool, limits: Limits) -> Comparison:
    """Hold a challenger's backtest against the champion's.

    The challenger is promoted where every condition holds: ``scored`` (there is a WAPE at all), ``champion`` and
    ``baseline`` (WAPE at most the tolerance above theirs), ``bias`` (within the limit, or not larger than the
    champion's), ``class A``, ``class B``, ``class C`` (no collapse in a class of enough cells), ``paired test`` (not
    tested worse than the champion; where nothing is decidable the tolerance alone decides).

    Args:
        backtest: ``sku, origin_month, abc_class, actual_units, model_units, champion_units, baseline_units,
            naive_units``. Cells where the actual or one of the compared is unknown are left out for all.
        has_champion: Whether ``champion_units`` is another recipe's.
        limits: Tolerances.
    """
    methods = METHODS | ({"champion": "champion_units"} if has_champion else {})
    scored = backtest.dropna(subset=["actual_units", *methods.values()])
    wape, bias = _ratios(scored, methods)
    reference = methods.get("champion", "baseline_units")
    test = paired_test(scored, reference=reference)
    classes = _by_class(scored, methods, limits) if has_champion else {}
    conditions = _conditions(wape, bias, test, classes, limits) if has_champion else ()
    return Comparison(len(scored), wape, bias, test, {name: _over(*both) for name, both in classes.items()}, conditions)


def _ratios(scored: pd.DataFrame, methods: dict[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    nothing = dict.fromkeys([*METHODS, "champion"], np.nan)
    if scored.empty:
        return nothing, dict(nothing)
    row = accuracy_table(scored.assign(all_cells="all"), ["all_cells"], forecasts=methods).iloc[0]
    wape, bias = ({name: float(row[f"{measure}_{name}"]) for name in methods} for measure in ("wape", "bias"))
    return nothing | wape, nothing | bias


def _by_class(scored: pd.DataFrame, methods: dict[str, str], limits: Limits) -> dict[str, tuple[float, float]]:
    """WAPE of challenger and champion in each class with enough cells and a WAPE."""
    if scored.empty:
        return {}
    table = accuracy_table(scored, ["abc_class"], forecasts=methods)
    enough = table[(table["cells"] >= limits.class_min_cells) & table["wape_champion"].notna()]
    return {
        str(name): (float(challenger), float(champion))
        for name, challenger, champion in zip(
            enough["abc_class"], enough["wape_challenger"], enough["wape_champion"], strict=True
        )
    }


def _over(challenger: float, champion: float) -> float:
    """Ratio of two WAPEs; 1 where neither has an error, infinite where only the champion has none."""
    if champion > 0:
        return challenger / champion
    return np.inf if challenger > 0 else 1.0


def _conditions(
    wape: dict[str, float],
    bias: dict[str, float],
    test: PairedTest,
    classes: dict[str, tuple[float, float]],
    limits: Limits,
) -> tuple[Condition, ...]:
    if np.isnan(wape["challenger"]):
        return (Condition("scored", False, np.nan, np.nan, "no cell of the backtest to compare on"),)
    most_bias = np.nanmax([limits.max_bias, abs(bias["champion"])])
    found = [
        _at_most("champion", wape["challenger"], (1 + limits.champion_tolerance) * wape["champion"], "WAPE"),
        _at_most("baseline", wape["challenger"], (1 + limits.baseline_tolerance) * wape["baseline"], "WAPE"),
    ]
    if not np.isnan(bias["challenger"]):
        found.append(_at_most("bias", abs(bias["challenger"]), most_bias, "absolute bias"))
    for name, (challenger, champion) in classes.items():
        found.append(_at_most(f"class {name}", challenger, (1 + limits.class_tolerance) * champion, "WAPE"))
    found.append(
        Condition("paired test", test.verdict != WORSE, test.ratio, np.nan, f"against the champion {test.in_words}")
    )
    return tuple(found)


def _at_most(name: str, figure: float, limit: float, measure: str) -> Condition:
    words = f"{measure} {figure:.4f}, at most {limit:.4f} allowed ({name})"
    return Condition(name, bool(figure <= limit + ROUNDING), figure, limit, words)


def champion(contest: Contest, backtest: pd.DataFrame, month: pd.Timestamp, limits: Limits) -> pd.DataFrame:
    """The recipe in force from a cycle on, what makes its forecast, and every number of the decision.

    Args:
        contest: Who competed.
        backtest: Cells of the month's backtest; may be empty.
        month: The origin month.
        limits: Of the rule.

    Returns:
        One row with the columns of the table ``champion``.
    """
    compared = compare(backtest, contest.champion is not None, limits)
    outcome = _outcome(contest, compared)
    in_force = contest.champion if outcome == HELD and contest.champion is not None else contest.recipe
    decision = _decision(contest, outcome, backtest)
    keeps = outcome in (UNCHANGED, HELD) and contest.holder is not None and contest.holder.since_month is not None
    reason = "; ".join(filter(None, [_why(contest, compared, outcome), decision.reason, contest.note]))
    row = {
        "recipe_id": recipe_id(in_force),
        "recipe": recipe_text(in_force),
        "since_month": contest.holder.since_month if keeps else month,
        "outcome": outcome,
        "source": decision.source,
        "challenger_id": contest.challenger_id,
        "champion_before_id": recipe_id(contest.holder.recipe) if contest.holder else None,
        "scored_cells": compared.cells,
        "scored_skus": compared.test.skus,
        "scored_origins": compared.test.origins,
        **{f"wape_{name}": value for name, value in compared.wape.items()},
        **{f"bias_{name}": value for name, value in compared.bias.items()},
        "wape_ratio": compared.test.ratio,
        "wape_ratio_p05": compared.test.low,
        "wape_ratio_p95": compared.test.high,
        "verdict": compared.test.verdict,
        "class_ratios": json.dumps({name: _finite(ratio) for name, ratio in compared.class_ratios.items()}),
        "conditions": json.dumps([_as_json(condition) for condition in compared.conditions]),
        "reason": reason,
    }
    return pd.DataFrame([row]).astype({"champion_before_id": object, "since_month": "datetime64[ns]"})


def _outcome(contest: Contest, compared: Comparison) -> str:
    if contest.is_refused:
        return REFUSED
    if contest.holder is None:
        return FIRST
    if contest.stood_aside:
        return HELD
    if contest.champion is None:
        return UNCHANGED
    return HELD if compared.failed else PROMOTED


def _decision(contest: Contest, outcome: str, backtest: pd.DataFrame) -> Decision:
    """What is published: the recipe in force where it is no worse than the seasonal naive, else the baseline."""
    if outcome == REFUSED:
        return Decision("baseline", "no recipe is left that may forecast")
    return decide(backtest, "champion" if outcome == HELD else "model")


def _why(contest: Contest, compared: Comparison, outcome: str) -> str:
    if contest.stood_aside:
        return contest.stood_aside
    if outcome == PROMOTED:
        return (
            f"challenger {contest.challenger_id} promoted over {recipe_id(contest.champion)}: "
            f"WAPE {compared.wape['challenger']:.4f} and {compared.wape['champion']:.4f}, {compared.test.in_words}"
        )
    if outcome == HELD:
        failed = "; ".join(condition.in_words for condition in compared.failed)
        return f"challenger {contest.challenger_id} held, champion {recipe_id(contest.champion)} stays: {failed}"
    return ""


def _as_json(condition: Condition) -> dict[str, object]:
    return dataclasses.asdict(condition) | {"figure": _finite(condition.figure), "limit": _finite(condition.limit)}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
