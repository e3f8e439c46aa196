"""Search for a market's own recipe: the parameters with the best forecasts at earlier origins.

The last 18 months before the tuning month are not read, because the promotion rule scores the recipe on them. The
search uses the backtest as it would have been made 18 months earlier.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS, MONTHS_BACK
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.paired_comparison import BETTER, NOT_DECIDABLE, compare_paired
from forecast_assets.domain.models.recipe import Recipe, read_parameters
from forecast_assets.domain.selection.backtest import backtest

if TYPE_CHECKING:
    import optuna

# The months that the backtest of the promotion rule may score at the tuning month.
MONTHS_LEFT_TO_THE_GATE = EARLIEST_ANCHOR_MONTHS
# A bias of one percentage point has the weight of a quarter of a point of WAPE.
BIAS_WEIGHT = 0.25
# Another recipe must have this much less loss than the default one: the best of many trials is partly luck.
LEAST_GAIN = 0.01
IN_FORCE, TRIED = "in_force", "tried"
COLUMNS = {"trial": "int64", "role": "object", "parameters": "object"} | dict.fromkeys(
    ("wape", "bias", "loss"), "float64"
)


class TooLittleToTuneError(ValueError):
    """No earlier origin of the market can be backtested."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A recipe tried: its differences from the default one, and its figures on the cells that all trials share."""

    number: int
    parameters: Mapping[str, object]
    wape: float
    bias: float
    loss: float


def tuned_recipe(
    features: pd.DataFrame,
    sell_in: DemandPanel,
    month: pd.Timestamp,
    recipe_with: Callable[[Mapping[str, object]], Recipe],
    trials: int,
    products: pd.DataFrame | None = None,
    on_trial: Callable[[Trial, Trial], None] = lambda trial, best: None,
) -> pd.DataFrame:
    """Try recipes on a market and choose the one in force from this month on.

    The default recipe is the first trial. The recipe with the least loss replaces it if its loss is at least 1 % less
    and ``compare_paired`` finds it better. With too few SKUs or origins for that test, the 1 % alone decides. Loss is
    WAPE + a quarter of |bias| over rolling origins 36, 30 and 24 months back, scored up to 18 months back. The search
    is Optuna's tree-structured Parzen estimator with the recipe's seed: the same inputs give the same trials.

    Args:
        features: Features of earlier origins; those of the last 24 months are not read.
        sell_in: Panel of the market; its last 18 months up to ``month`` and later ones are not read.
        month: The tuning month; cycles use the recipe from this month on.
        recipe_with: Function that returns the recipe with given parameters, ``{}`` for the default one.
        trials: Number of recipes to try, the default one included; at least 1.
        products: Products as known in each ``month``, for the portfolio rules.
        on_trial: Called with each trial and the best one so far.

    Returns:
        One row per trial: ``trial`` (0 is the default recipe), ``role`` (``in_force`` for one, else ``tried``),
        ``parameters`` (differences from the default recipe, JSON), ``wape``, ``bias``, ``loss`` (fractions).

    Raises:
        TooLittleToTuneError: If no origin has enough history, or nothing was sold in the months scored.
    """
    last = add_months(month, -MONTHS_LEFT_TO_THE_GATE)
    if last not in sell_in.months:
        raise _too_little(month)
    panel = sell_in.until(last)
    tried: list[Trial] = []
    errors: dict[int, pd.DataFrame] = {}

    def try_out(parameters: Mapping[str, object]) -> float:
        cells = backtest(features, panel, last, recipe_with(parameters), products, months_back=MONTHS_BACK)
        cells = cells.dropna(subset=["actual_units"])
        trial = _scored(len(tried), parameters, cells, month)
        tried.append(trial)
        # Only the default recipe and the best one are compared in the end.
        if trial.number == 0 or trial.loss <= min(each.loss for each in tried):
            errors[trial.number] = cells
        on_trial(trial, _best(tried))
        return trial.loss

    _search(try_out, recipe_with({}), trials)
    chosen = _in_force(tried, errors)
    rows = [
        [each.number, IN_FORCE if each is chosen else TRIED, _json(each.parameters), each.wape, each.bias, each.loss]
        for each in tried
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def parameters_in_force(tuned: pd.DataFrame) -> dict[str, object]:
    """Return the parameters set by the tuning of the latest ``month``; empty without a tuning."""
    if tuned.empty:
        return {}
    latest = tuned[tuned["month"] == tuned["month"].max()]
    (text,) = latest.loc[latest["role"] == IN_FORCE, "parameters"]
    return read_parameters(json.loads(text))


def latest_tuning(tuned: pd.DataFrame) -> str:
    """Return the month of the latest tuning as 2024-06, or "never"."""
    return "never" if tuned.empty else f"{tuned['month'].max():%Y-%m}"


def _search(try_out: Callable[[Mapping[str, object]], float], usual: Recipe, trials: int) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try_out({})
    if trials < 2:
        return
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=usual.seed, n_startup_trials=min(10, trials)))
    study.optimize(lambda trial: try_out(suggested(trial)), n_trials=trials - 1)


def suggested(trial: "optuna.Trial") -> dict[str, object]:
    """Suggest the parameters of one trial: growth of trees, number of features, and weights of the blend."""
    boosting = trial.suggest_float("boosting_weight", 0.1, 0.8)
    members = {
        "recursive": trial.suggest_float("recursive", 0.0, 1.0),
        "dynamic_theta": trial.suggest_float("dynamic_theta", 0.0, 1.0),
        "exponential_smoothing": trial.suggest_float("exponential_smoothing", 0.0, 1.0),
        "holt_winters": trial.suggest_float("holt_winters", 0.0, 1.0),
    }
    total = sum(members.values())
    shares = {name: round(value / total, 4) for name, value in members.items()} if total else {}
    return {
        "learning_rate": round(trial.suggest_float("learning_rate", 0.02, 0.15, log=True), 5),
        "leaves": trial.suggest_int("leaves", 7, 63, log=True),
        "min_rows_per_leaf": trial.suggest_int("min_rows_per_leaf", 20, 300, log=True),
        "feature_fraction": round(trial.suggest_float("feature_fraction", 0.15, 0.8), 3),
        "lambda_l2": round(trial.suggest_float("lambda_l2", 0.1, 50.0, log=True), 3),
        "kept_features": trial.suggest_int("kept_features", 40, 240, step=20),
        "boosting_weight": round(boosting, 3),
        "boosting_weight_of_few": round(boosting, 3),
        **({"member_weights": tuple(shares.items())} if shares else {}),
        "sharpness": round(trial.suggest_float("sharpness", 0.2, 1.0), 3),
        "intermittent_quantile": round(trial.suggest_float("intermittent_quantile", 0.5, 0.85), 3),
    }


def _scored(number: int, parameters: Mapping[str, object], cells: pd.DataFrame, month: pd.Timestamp) -> Trial:
    if not cells["actual_units"].any():
        raise _too_little(month)
    row = accuracy_table(cells.assign(all_cells="all"), ["all_cells"], forecasts={"model": "model_units"}).iloc[0]
    wape, bias = float(row["wape_model"]), float(row["bias_model"])
    return Trial(number, parameters, wape, bias, wape + BIAS_WEIGHT * abs(bias))


def _too_little(month: pd.Timestamp) -> TooLittleToTuneError:
    last = add_months(month, -MONTHS_LEFT_TO_THE_GATE)
    return TooLittleToTuneError(
        f"nothing to tune on at {month:%Y-%m}: no origin before {last:%Y-%m} has features, a year of history before it "
        "and sales after it. Build features of earlier origins, or tune at a later month"
    )


def _best(tried: list[Trial]) -> Trial:
    return min(tried, key=lambda trial: trial.loss)


def _in_force(tried: list[Trial], errors: Mapping[int, pd.DataFrame]) -> Trial:
    usual, best = tried[0], _best(tried)
    if best is usual or not best.loss < (1.0 - LEAST_GAIN) * usual.loss:
        return usual
    keys = ["sku", "origin_month", "target_month", "actual_units"]
    both = errors[best.number][[*keys, "model_units"]].merge(
        errors[0][[*keys, "model_units"]], on=keys, suffixes=("", "_usual"), validate="1:1"
    )
    test = compare_paired(both, method="model_units", reference="model_units_usual")
    return best if test.verdict in (BETTER, NOT_DECIDABLE) else usual


def _json(parameters: Mapping[str, object]) -> str:
    return json.dumps(parameters, sort_keys=True)
