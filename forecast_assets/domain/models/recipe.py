"""The recipe of the market's model: every number that decides what is learned, in one place.

A recipe together with the features up to a cutoff gives the same model again; it is stored in the model's manifest.
"""

import dataclasses
from collections.abc import Mapping

from forecast_assets.domain.calendar import HORIZON_MONTHS

__all__ = ["HORIZON_MONTHS", "INTERMITTENT_ZERO_SHARE", "REFIT_OFFSETS_MONTHS", "Recipe", "read_parameters"]

# Zero share of the last 24 months above which a SKU counts as intermittent: L1 would forecast nearly nothing for it.
INTERMITTENT_ZERO_SHARE = 0.15
# Months before the cutoff at which the recipe is refitted, to learn weights and interval widths out of sample.
REFIT_OFFSETS_MONTHS = (18, 12, 6)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Parameters of the learners and of the blend.

    ``training_rows`` is how many SKU-origin-horizon rows a learner sees, cut from at most ``sku_origins`` SKU-origins:
    40,000 rows forecast as well as 120,000 (WAPE on M3 .1107 and .1108) in a third of the time. ``max_bin`` 63 trains
    in two thirds of the time of 255 with the same fit.

    Weights of the blend for regular SKUs: ``boosting_weight`` for the direct boosting where nothing better is learned
    from the refits (``boosting_weight_of_few`` in a market of under ``few_skus`` SKUs, which has little to train on: on
    15 SKUs a market .20 and .40 have .936 and .943 of Holt-Winters' WAPE over three origins), the rest for the other
    members in the proportions ``member_weights``. For intermittent SKUs ``sharpness`` is the share of the
    common quantile ``intermittent_quantile`` (see ``intermittent.py``).

    In a market of few SKUs what was learned over all markets has a share in the direct boosting and in the recursive
    member: ``share_if_most_better`` or ``share_if_all_better`` by the votes of the refits (``refits.py``), and
    ``pooled_share_of_few`` where they are too few to vote.

    The refits use ``refit_rows`` rows and ``refit_rounds`` rounds and are scored on at most ``refit_skus`` SKUs each:
    they only set weights and widths, and choose the ``kept_features`` with the largest gains that the model learns
    from; a market with promotions and sell-out has 310 columns, and training time grows with them.
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
    intermittent_quantile: float = 0.7
    sharpness: float = 0.6
    kept_features: int = 120
    refit_rows: int = 8_000
    refit_rounds: int = 60
    refit_skus: int = 400
    threads: int = 1
    seed: int = 20

    def usual_weight(self, skus: int) -> float:
        """Weight of the direct boosting in a market of so many SKUs, before anything is learned from refits."""
        return self.boosting_weight if skus >= self.few_skus else self.boosting_weight_of_few

    def learns_from_others(self, skus: int) -> bool:
        """Whether a market of so many SKUs mixes in what all markets teach: with 150 SKUs it gained nothing."""
        return skus < self.few_skus

    def lightgbm_parameters(self, objective: dict[str, object]) -> dict[str, object]:
        """Parameters of the direct learners; the same rows give the same trees on one machine."""
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
        """Parameters of the recursive learners, which have few columns and many rows."""
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
        """The same recipe with fewer rows and rounds in larger steps, as the refits train it."""
        return dataclasses.replace(
            self,
            training_rows=min(self.refit_rows, self.training_rows),
            recursive_rows=min(self.refit_rows, self.recursive_rows),
            rounds=min(self.refit_rounds, self.rounds),
            learning_rate=self.learning_rate * max(1.0, self.rounds / self.refit_rounds),
            recursive_rounds=min(self.refit_rounds, self.recursive_rounds),
            recursive_learning_rate=self.recursive_learning_rate * max(1.0, self.recursive_rounds / self.refit_rounds),
        )

    def of_backtest(self, training_rows: int) -> "Recipe":
        """The same recipe with so many rows and half the rounds in larger steps: it is fitted at three origins."""
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


def read_parameters(stored: Mapping[str, object]) -> dict[str, object]:
    """Parameters of a recipe as they were stored in JSON, which has lists where a recipe has pairs.

    Raises:
        ValueError: If one is not known: it was stored by another version of the code.
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
