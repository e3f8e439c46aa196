"""A market's model at an origin with its accuracy on earlier months: fitted here, or found where a job has kept it."""

import dataclasses
import io
import json

import pandas as pd

from forecast_assets.domain.models.market_model import MarketModel, fit_market_model
from forecast_assets.domain.models.market_model_storage import model_from_parts, model_to_parts
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refit_accuracy import refit_errors
from forecast_assets.domain.models.refits import refit_at_earlier_origins
from forecast_assets.domain.selection.contest import recipe_text
from forecast_assets.market_state.anchor_fits import AnchorFits, digest_of, pooled_identity
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.code_version import code_version

# Name of the row that holds the errors, beside the texts of the model.
ERRORS = "refit_errors"


@dataclasses.dataclass(frozen=True)
class FittedModel:
    """A trained model, and the errors of its refits as ``refit_errors`` returns them."""

    model: MarketModel
    errors: pd.DataFrame


def fitted_model(
    anchors: AnchorFits, origin: pd.Timestamp, recipe: Recipe, pooled: PooledModel | None, skus: int, *, remember: bool
) -> FittedModel:
    """Return the model of a recipe at an origin.

    Args:
        anchors: The market's inputs and the results of earlier runs.
        origin: The origin month.
        recipe: Recipe of the model.
        pooled: Learners over all markets as known at the origin; None if the company does not pool.
        skus: Number of SKUs with features, by which small markets are told.
        remember: True to look for the model among the results of earlier runs, and to keep it there: a training job
            and the step that waits for it share it so. The key is the digest of all that the model is computed from.

    Raises:
        OutdatedFeatures: If a month lacks a column that the code builds.
        TooFewRowsError: If there is too little history and no pooled boosters.
    """
    if not remember:
        return _fitted(anchors, origin, recipe, pooled, skus)
    partition = PartitionKey(origin, anchors.country)
    digest = digest_of(code_version("model"), recipe_text(recipe), anchors.identity(), pooled_identity(pooled))
    kept = anchors.memory.recall(partition, "model", digest)
    if kept is not None:
        return _from_bytes(kept)
    fitted = _fitted(anchors, origin, recipe, pooled, skus)
    anchors.memory.keep(partition, "model", digest, _to_bytes(fitted))
    return fitted


def _fitted(
    anchors: AnchorFits, origin: pd.Timestamp, recipe: Recipe, pooled: PooledModel | None, skus: int
) -> FittedModel:
    panel = anchors.panel(origin)
    refits = anchors.refits(origin, recipe, pooled if recipe.learns_from_others(skus) else None)
    learned_from = anchors.training_features(origin, refits, recipe)
    model = fit_market_model(learned_from, panel, origin, recipe, refits, pooled)
    held_out = refit_at_earlier_origins(learned_from, panel, origin, recipe, refits)
    return FittedModel(model, refit_errors(held_out, model))


def _to_bytes(fitted: FittedModel) -> bytes:
    errors = pd.DataFrame({"part": [ERRORS], "content": [json.dumps(fitted.errors.to_dict("list"))]})
    buffer = io.BytesIO()
    pd.concat([model_to_parts(fitted.model), errors], ignore_index=True).to_parquet(buffer, index=False)
    return buffer.getvalue()


def _from_bytes(content: bytes) -> FittedModel:
    texts = pd.read_parquet(io.BytesIO(content))
    is_errors = texts["part"] == ERRORS
    errors = pd.DataFrame(json.loads(texts.loc[is_errors, "content"].iloc[0]))
    return FittedModel(model_from_parts(texts[~is_errors]), errors)
