"""Request of a training job on another machine: all that decides its result, as values that fit in a message.

The job reads the named versions of the inputs from the store and keeps its results there, by the digests of what they
are computed from (``AnchorMemory``). The step that waits for it then does its usual work and finds them.
"""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from forecast_assets.domain.models.pooled_model import PooledModel, pooled_from_texts
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.contest import read_recipe, recipe_id, recipe_text
from forecast_assets.market_state.anchor_fits import AnchorFits
from forecast_assets.market_state.fitted_model import fitted_model
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.code_version import code_version
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.storage.stored_window import StoredWindow
from forecast_assets.storage.table_specs import table_specs

POOLED = "pooled_model"


class OtherCode(RuntimeError):
    """The job runs another version of the code than the step that asked for it."""


@dataclasses.dataclass(frozen=True)
class TrainingRequest:
    """One job.

    Attributes:
        work: ``model``, or ``backtest``.
        country: The market.
        origin: The origin month, as ``2024-11-01``.
        inputs: Of each table the columns to read (None: all) and the content hash of each partition.
        recipes: Recipes to train, as texts.
        code: Code version of the work.
    """

    work: str
    country: str
    origin: str
    inputs: Mapping[str, Any]
    recipes: Sequence[str]
    code: str

    @property
    def partition(self) -> PartitionKey:
        """Market and origin month."""
        return PartitionKey(pd.Timestamp(self.origin), self.country)

    def values(self) -> dict[str, Any]:
        """Return the request as values that JSON has."""
        return dataclasses.asdict(self)

    def is_done(self, memory: AnchorMemory) -> bool:
        """Return True if a job has carried out this request to its end."""
        return memory.recall(self.partition, self._kind, self._digest()) is not None

    def mark_done(self, memory: AnchorMemory) -> None:
        """Note that the request was carried out; kept with its results."""
        memory.keep(self.partition, self._kind, self._digest(), json.dumps(self.values()).encode())

    @property
    def _kind(self) -> str:
        return f"job_of_{self.work}"

    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(self.values(), sort_keys=True).encode()).hexdigest()[:32]


def request_of(
    work: str, anchors: AnchorFits, origin: pd.Timestamp, recipes: Sequence[Recipe], pooled: Mapping[PartitionKey, str]
) -> TrainingRequest:
    """Return the request of the work that a step is about to do.

    Args:
        work: ``model``, or ``backtest``.
        anchors: Inputs of the step.
        origin: The origin month.
        recipes: Recipes that it trains.
        pooled: Content hash of the learners over all markets, by partition; empty where they are not used.
    """
    windows = (anchors.features, anchors.sell_in, anchors.history_marks, anchors.products)
    inputs = {
        each.spec.name: {"columns": list(each.columns) if each.columns else None, "hashes": dict(each.identity())}
        for each in windows
        if each is not None
    }
    if pooled:
        inputs[POOLED] = {"columns": None, "hashes": {key.to_dagster(): digest for key, digest in pooled.items()}}
    return TrainingRequest(
        work, anchors.country, f"{origin:%Y-%m-%d}", inputs, [recipe_text(each) for each in recipes], code_version(work)
    )


def carry_out(
    request: TrainingRequest, store: TableReader, memory: AnchorMemory, threads: int, say: Callable[[str], None]
) -> None:
    """Do the work of a request and keep its results; what earlier jobs have kept of it is not done again.

    Args:
        request: The request.
        store: Store to read from.
        memory: Where results are kept.
        threads: Threads that the learners may use; their number changes no result.
        say: Called with a line of progress after each recipe.

    Raises:
        OtherCode: If the code is not the version that was asked for.
        ChangedInput: If an input has other content than was asked for.
    """
    if request.code != code_version(request.work):
        raise OtherCode(
            f"this job's code computes {request.work} as version {code_version(request.work)}, and "
            f"{request.code} was asked for. Register the image of the running release for the job"
        )
    windows = {
        table: StoredWindow(
            store,
            table_specs()[table],
            {PartitionKey.from_dagster(key): digest for key, digest in each["hashes"].items()},
            each["columns"],
        )
        for table, each in request.inputs.items()
    }
    pooled = pooled_from_texts(windows[POOLED].frame()) if POOLED in windows else None
    anchors = AnchorFits(
        request.country,
        memory,
        CurrentFeatures(store),
        windows["features"],
        windows["sell_in"],
        windows["history_marks"],
        windows.get("products"),
    )
    for number, text in enumerate(request.recipes, 1):
        recipe, begun = dataclasses.replace(read_recipe(text), threads=threads), time.monotonic()
        _train(request, anchors, recipe, pooled)
        say(
            f"{request.country} {request.origin[:7]}: {request.work} of recipe {recipe_id(recipe)}, "
            f"{number} of {len(request.recipes)}, {time.monotonic() - begun:.0f} s"
        )
    request.mark_done(memory)


def _train(request: TrainingRequest, anchors: AnchorFits, recipe: Recipe, pooled: PooledModel | None) -> None:
    origin = pd.Timestamp(request.origin)
    if request.work == "model":
        skus = anchors.features.frame(["sku"])["sku"].nunique()
        fitted_model(anchors, origin, recipe, pooled, skus, remember=True)
    else:
        anchors.backtest_forecasts(origin, recipe, pooled)
