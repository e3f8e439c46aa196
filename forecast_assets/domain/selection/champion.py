"""Promotion rule for a challenger, and the decision of a cycle: the recipe in force and the published source.

Both recipes are scored on identical cells of the rolling backtest. Each number the rule uses is part of the result. Not
here: the choice of competitors (``contest.py``) and the published rows (``published_forecasts.py``).
"""

import dataclasses
import json

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.paired_comparison import WORSE, PairedComparison, compare_paired
from forecast_assets.domain.number_format import format_percent
from forecast_assets.domain.publication.published_forecasts import Decision, decide
from forecast_assets.domain.selection.contest import Contest, recipe_id, recipe_text

FIRST, UNCHANGED, PROMOTED, HELD, REFUSED = "first", "unchanged", "promoted", "held", "refused"
OUTCOMES = (FIRST, UNCHANGED, PROMOTED, HELD, REFUSED)
METHODS = {"challenger": "model_units", "baseline": "baseline_units", "naive": "naive_units"}
# Two ratios that differ by rounding alone are the same.
ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True)
class PromotionLimits:
    """Limits within which a challenger is promoted; fractions.

    Attributes:
        champion_tolerance: Largest relative excess of its WAPE over the champion's.
        baseline_tolerance: Largest relative excess of its WAPE over that of Holt-Winters.
        max_bias: Largest absolute bias, unless the champion's is larger.
        class_tolerance: Largest relative excess of its WAPE over the champion's in an ABC class.
        class_min_cells: Least number of scored cells for a class to count.
    """

    champion_tolerance: float = 0.01
    baseline_tolerance: float = 0.05
    max_bias: float = 0.10
    class_tolerance: float = 0.10
    class_min_cells: int = 30


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition of the rule with its figure and its limit (NaN without a limit)."""

    name: str
    holds: bool
    figure: float
    limit: float
    in_words: str


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Figures of a challenger, a champion, the baseline and the naive on the same cells; NaN if there is none.

    Without a champion there are no conditions, and its figures are NaN.
    """

    cells: int
    wape: dict[str, float]
    bias: dict[str, float]
    test: PairedComparison
    class_ratios: dict[str, float]
    conditions: tuple[Condition, ...]

    @property
    def failed(self) -> list[Condition]:
        """The conditions that do not hold."""
        return [condition for condition in self.conditions if not condition.holds]


def compare(backtest: pd.DataFrame, has_champion: bool, limits: PromotionLimits) -> Comparison:
    """Compare a challenger's backtest with the champion's.

    The challenger is promoted if every condition holds:

    ========================== ============================================================================
    ``scored``                 there is a WAPE
    ``champion, baseline``     WAPE at most the tolerance above theirs
    ``bias``                   within the limit, or not larger than the champion's
    ``class A, B, C``          WAPE at most the tolerance above the champion's, in classes of enough cells
    ``paired test``            not worse than the champion; if not decidable, the tolerance alone decides
    ========================== ============================================================================

    Args:
        backtest: ``sku, origin_month, abc_class, actual_units, model_units, champion_units, baseline_units,
            naive_units``. Cells with an unknown actual or an unknown method are left out for all.
        has_champion: True if ``champion_units`` is from another recipe.
        limits: Tolerances.
    """
    methods = METHODS | ({"champion": "champion_units"} if has_champion else {})
    scored = backtest.dropna(subset=["actual_units", *methods.values()])
    wape, bias = _ratios(scored, methods)
    reference = methods.get("champion", "baseline_units")
    test = compare_paired(scored, reference=reference)
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


def _by_class(scored: pd.DataFrame, methods: dict[str, str], limits: PromotionLimits) -> dict[str, tuple[float, float]]:
    """Return the WAPE of challenger and champion in each class with enough cells and a WAPE."""
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
    """Return the ratio of two WAPEs; 1 if neither has an error, infinite if only the champion has none."""
    if champion > 0:
        return challenger / champion
    return np.inf if challenger > 0 else 1.0


def _conditions(
    wape: dict[str, float],
    bias: dict[str, float],
    test: PairedComparison,
    classes: dict[str, tuple[float, float]],
    limits: PromotionLimits,
) -> tuple[Condition, ...]:
    if np.isnan(wape["challenger"]):
        return (Condition("scored", False, np.nan, np.nan, "no cell of the backtest to compare on"),)
    most_bias = np.nanmax([limits.max_bias, abs(bias["champion"])])
    conditions = [
        _at_most("champion", wape["challenger"], (1 + limits.champion_tolerance) * wape["champion"], "WAPE"),
        _at_most("baseline", wape["challenger"], (1 + limits.baseline_tolerance) * wape["baseline"], "WAPE"),
    ]
    if not np.isnan(bias["challenger"]):
        conditions.append(_at_most("bias", abs(bias["challenger"]), most_bias, "absolute bias"))
    for name, (challenger, champion) in classes.items():
        conditions.append(_at_most(f"class {name}", challenger, (1 + limits.class_tolerance) * champion, "WAPE"))
    conditions.append(
        Condition("paired test", test.verdict != WORSE, test.ratio, np.nan, f"against the champion {test.in_words}")
    )
    return tuple(conditions)


def _at_most(name: str, figure: float, limit: float, measure: str) -> Condition:
    words = f"{measure} {format_percent(figure)}, at most {format_percent(limit)} allowed ({name})"
    return Condition(name, bool(figure <= limit + ROUNDING), figure, limit, words)


def champion(contest: Contest, backtest: pd.DataFrame, month: pd.Timestamp, limits: PromotionLimits) -> pd.DataFrame:
    """Decide the recipe in force from a cycle on and the source of its forecast, with every number used.

    Args:
        contest: The recipes that competed.
        backtest: Cells of the month's backtest; may be empty.
        month: The origin month.
        limits: Limits of the promotion rule.

    Returns:
        One row with the columns of the table ``champion``.
    """
    compared = compare(backtest, contest.champion is not None, limits)
    outcome = _outcome(contest, compared)
    in_force = contest.champion if outcome == HELD and contest.champion is not None else contest.recipe
    decision = _decision(contest, outcome, backtest)
    incumbent = contest.incumbent
    since = incumbent.since_month if incumbent and outcome in (UNCHANGED, HELD) else None
    reason = "; ".join(filter(None, [_why(contest, compared, outcome), decision.reason, contest.note]))
    row = {
        "recipe_id": recipe_id(in_force),
        "recipe": recipe_text(in_force),
        "since_month": month if since is None else since,
        "outcome": outcome,
        "source": decision.source,
        "challenger_id": contest.challenger_id,
        "champion_before_id": incumbent.current_id if incumbent else None,
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
    if contest.all_rejected:
        return REFUSED
    if contest.incumbent is None:
        return FIRST
    if contest.withdrawn_reason:
        return HELD
    if contest.champion is None:
        return UNCHANGED
    return HELD if compared.failed else PROMOTED


def _decision(contest: Contest, outcome: str, backtest: pd.DataFrame) -> Decision:
    """Publish the recipe in force if it is no worse than the seasonal naive, else the baseline."""
    if outcome == REFUSED:
        return Decision("baseline", "no recipe is left that may forecast")
    return decide(backtest, "champion" if outcome == HELD else "model")


def _why(contest: Contest, compared: Comparison, outcome: str) -> str:
    if contest.withdrawn_reason:
        return contest.withdrawn_reason
    if contest.champion is None:
        return ""
    if outcome == PROMOTED:
        return (
            f"challenger {contest.challenger_id} promoted over {recipe_id(contest.champion)}: "
            f"WAPE {format_percent(compared.wape['challenger'])} and {format_percent(compared.wape['champion'])}, "
            f"{compared.test.in_words}"
        )
    if outcome == HELD:
        failed = "; ".join(condition.in_words for condition in compared.failed)
        return f"challenger {contest.challenger_id} held, champion {recipe_id(contest.champion)} stays: {failed}"
    return ""


def _as_json(condition: Condition) -> dict[str, object]:
    return dataclasses.asdict(condition) | {"figure": _finite(condition.figure), "limit": _finite(condition.limit)}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
