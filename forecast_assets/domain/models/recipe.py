"""The recipe of a market's model: the configuration with every number that decides what is learned.

The same recipe and the same features up to a cutoff give the same model. The model's manifest stores the recipe.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

# Zero share of the last 24 months above which a SKU counts as intermittent: L1 would forecast nearly nothing for it.
INTERMITTENT_ZERO_SHARE = 0.15
# Quantiles of regular SKUs (``error_scale.py``). The quantile loss on M3 is .0921 with one scale per SKU at all
# horizons, .0885 with the SKU's errors at each, .0878 if recent ones weigh more. Half-lives of 24 and 48 months: .0002.
ERROR_HALF_LIFE_MONTHS = 36.0
# Errors that the median of the market counts as: 6 to 24 are within .0003.
ERRORS_OF_THE_MARKET = 12
# Known months that the median error of the market, in relation to the level, counts as. With 0, 6 and 12 the quantile
# loss is .0876, .0874, .0873 on M3, .0477, .0477, .0478 on hospital, .1532, .1520, .1513 on beer with 36 months.
MONTHS_OF_THE_MARKET = 6
USUAL_ALPHA = 0.3
# Quantiles of intermittent SKUs (``sporadic_quantiles.py``): quantile loss on the car parts .876; with 36 months and a
# half-life of 12 .880, unmoved by the expectation .880, moved in full proportion .891.
OWN_DEMAND_MONTHS = 24
OWN_DEMAND_HALF_LIFE_MONTHS = 9.0
SHARE_OF_EXPECTATION = 0.5


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Parameters of the learners and of the blend.

    - Rows: a learner sees ``training_rows`` SKU-origin-horizon rows of at most ``sku_origins`` SKU-origins. 40,000 rows
      forecast as well as 120,000 (WAPE on M3 .1107 and .1108) in a third of the time. ``max_bin`` 63 trains in two
      thirds of the time of 255 with the same fit.
    - Rounds: learners of regular SKUs need ``regular_rounds`` of the rounds in larger steps, each on ``regular_rows``
      of the rows: 0.6 of the time. WAPE on M3 .1098 and .1098, hospital .0648 and .0652, Australian retail .0302 and
      .0302. The car parts, which are intermittent, would lose 0.5 %.
    - Blend of regular SKUs: the direct boosting has ``boosting_weight`` unless the refits suggest a better one. In a
      market of under ``few_skus`` SKUs, which has little to train on, it is ``boosting_weight_of_few``. On 15 SKUs a
      market, .20 and .40 have .936 and .943 of Holt-Winters' WAPE over three origins. The other members share the rest
      in the proportions ``member_weights``.
    - Weights by SKU (``sku_weights.py``): a larger ``trait_penalty`` keeps them nearer to the market's. With 0 all SKUs
      have the market's. Over 13 origins of five sets, .02 and .01 have .9985 and .9979 of the WAPE.
    - Blend of intermittent SKUs: ``sharpness`` is the share of the common quantile ``intermittent_quantile``
      (``intermittent.py``).
    - Pooled boosters: in a market of few SKUs they have a share in the direct boosting and in the recursive member. The
      votes of the refits (``refits.py``) decide on ``share_if_most_better`` or ``share_if_all_better``. With too few
      cells for a vote it is ``pooled_share_of_few``.
    - Refits: they use ``refit_rows`` rows and ``refit_rounds`` rounds and are scored on at most ``refit_skus`` SKUs
      each. They set weights and quantiles and choose the ``kept_features`` with the largest gains. A market with
      promotions and sell-out has 310 columns, and training time grows with them.
    """

    training_rows: int = 40_000
    sku_origins: int = 35_000
    min_history_months: int = 12
    rounds: int = 200
    learning_rate: float = 0.06
    leaves: int = 31
    min_rows_per_leaf: int = 100
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.8
    regular_rounds: float = 0.75
    regular_rows: float = 0.625
    lambda_l2: float = 5.0
    max_bin: int = 63
    recursive_rows: int = 60_000
    min_recursive_rows: int = 500
    recursive_rounds: int = 200
    recursive_learning_rate: float = 0.05
    boosting_weight: float = 0.30
    boosting_weight_of_few: float = 0.20
    few_skus: int = 50
    pooled_share_of_few: float = 0.25
    share_if_most_better: float = 0.25
    share_if_all_better: float = 0.40
    member_weights: tuple[tuple[str, float], ...] = (
        ("recursive", 0.20),
        ("dynamic_theta", 0.15),
        ("exponential_smoothing", 0.15),
        ("holt_winters", 0.10),
    )
    trait_penalty: float = 0.01
    intermittent_quantile: float = 0.7
    sharpness: float = 0.6
    kept_features: int = 120
    refit_rows: int = 8_000
    refit_rounds: int = 60
    refit_skus: int = 400
    threads: int = 1
    seed: int = 20

    def usual_weight(self, skus: int) -> float:
        """Return the weight of the direct boosting in a market of so many SKUs, before refits change it."""
        return self.boosting_weight if skus >= self.few_skus else self.boosting_weight_of_few

    def learns_from_others(self, skus: int) -> bool:
        """Return True if a market of so many SKUs mixes in pooled boosters; with 150 SKUs it gained nothing."""
        return skus < self.few_skus

    def lightgbm_parameters(self, objective: dict[str, object]) -> dict[str, object]:
        """Return the parameters of the direct learners; the same rows give the same trees on one machine."""
        return {
            **objective,
            **self._reproducible(),
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.min_rows_per_leaf,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1,
            "lambda_l2": self.lambda_l2,
        }

    def recursive_parameters(self, objective: dict[str, object]) -> dict[str, object]:
        """Return the parameters of the recursive learners, which have few columns and many rows."""
        return {
            **objective,
            **self._reproducible(),
            "learning_rate": self.recursive_learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": 20,
            "feature_fraction": 0.5,
            "bagging_fraction": 0.5,
            "bagging_freq": 1,
        }

    def of_refits(self) -> "Recipe":
        """Return the recipe of the refits: fewer rows, and fewer rounds in larger steps."""
        return dataclasses.replace(
            self,
            training_rows=min(self.refit_rows, self.training_rows),
            recursive_rows=min(self.refit_rows, self.recursive_rows),
            rounds=min(self.refit_rounds, self.rounds),
            learning_rate=self.learning_rate * max(1.0, self.rounds / self.refit_rounds),
            recursive_rounds=min(self.refit_rounds, self.recursive_rounds),
            recursive_learning_rate=self.recursive_learning_rate * max(1.0, self.recursive_rounds / self.refit_rounds),
        )

    def of_regular(self) -> "Recipe":
        """Return the recipe of the direct learners of regular SKUs: fewer rows a round, fewer rounds, larger steps."""
        rounds = max(1, round(self.rounds * self.regular_rounds))
        return dataclasses.replace(
            self,
            rounds=rounds,
            learning_rate=self.learning_rate * self.rounds / rounds,
            bagging_fraction=self.bagging_fraction * self.regular_rows,
        )

    def of_backtest(self, training_rows: int) -> "Recipe":
        """Return the recipe of a backtest: ``training_rows`` rows, and half the rounds in larger steps."""
        rounds = max(1, self.rounds // 2)
        rate = self.learning_rate * self.rounds / rounds
        return dataclasses.replace(self, training_rows=training_rows, rounds=rounds, learning_rate=rate)

    def _reproducible(self) -> dict[str, object]:
        return {
            "max_bin": self.max_bin,
            "num_threads": self.threads,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }


def read_parameters(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a recipe that was stored as JSON, which has lists in place of pairs.

    Raises:
        ValueError: If a parameter is unknown, because another version of the code stored it.
    """
    unknown = sorted(set(stored) - {field.name for field in dataclasses.fields(Recipe)})
    if unknown:
        raise ValueError(
            f"a stored recipe has parameters this version does not know: {', '.join(unknown)}. Tune the market again"
        )
    return {
        name: tuple((member, weight) for member, weight in value) if name == "member_weights" else value
        for name, value in stored.items()
    }
