"""A market's model as a table of texts, and back: stored without pickle, readable by another version of the code.

The table has one row per text, with ``part`` (its name) and ``content``. A champion's model may stand beside it.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from forecast_assets.domain.models.distribution import table_from_manifest
from forecast_assets.domain.models.market_model import Learned, MarketModel, OwnAlone, OwnWithPooled, PooledAlone
from forecast_assets.domain.models.serialization import (
    MANIFEST,
    boosters_from_texts,
    boosters_to_texts,
    recipe_from_manifest,
    recipe_to_manifest,
)
from forecast_assets.domain.models.sku_weights import sku_weights_from_manifest

POOLED_PREFIX = "pooled_"
# Texts of the model by the champion's recipe, if it is stored beside a challenger's.
CHAMPION_PREFIX = "champion_"


def model_to_parts(model: MarketModel) -> pd.DataFrame:
    """Return the model as a table of texts: ``part, content``; the manifest first."""
    from forecast_assets.domain.models.boosting_library import lightgbm

    own, pooled = model.learned.own, model.learned.pooled
    manifest = {
        "cutoff": f"{model.cutoff:%Y-%m-%d}",
        "recipe": recipe_to_manifest(model.recipe),
        "features": dataclasses.asdict(own.names) if own else None,
        "pooled_features": dataclasses.asdict(pooled.names) if pooled else None,
        "pooled_share": model.pooled_share,
        "inputs_missing": list(model.inputs_missing),
        "boosting_weight": model.boosting_weight,
        "planned_share": model.planned_share,
        "switched_off": list(model.switched_off),
        "sku_weights": dataclasses.asdict(model.sku_weights) if model.sku_weights else None,
        "quantiles": model.quantiles.to_dict("records"),
        "rows": model.rows,
        "refits": model.refits,
        "lightgbm_version": lightgbm.__version__,
    }
    texts = {MANIFEST: json.dumps(manifest, indent=1)}
    texts |= boosters_to_texts(own) if own else {}
    texts |= boosters_to_texts(pooled, POOLED_PREFIX) if pooled else {}
    return pd.DataFrame({"part": list(texts), "content": list(texts.values())})


def model_from_parts(parts: pd.DataFrame) -> MarketModel:
    """Read a model from its texts; those of a champion beside it are ignored.

    Raises:
        KeyError: If there is no manifest among the texts.
        ValueError: If the manifest names no boosters.
    """
    parts = parts[~parts["part"].str.startswith(CHAMPION_PREFIX)]
    texts = dict(zip(parts["part"], parts["content"], strict=True))
    manifest = json.loads(texts.pop(MANIFEST))
    return MarketModel(
        cutoff=pd.Timestamp(manifest["cutoff"]),
        recipe=recipe_from_manifest(manifest["recipe"]),
        learned=_learned(manifest, texts),
        boosting_weight=manifest["boosting_weight"],
        quantiles=table_from_manifest(manifest["quantiles"]),
        rows=manifest["rows"],
        refits=manifest["refits"],
        planned_share=manifest.get("planned_share", 0.0),
        inputs_missing=tuple(manifest.get("inputs_missing", ())),
        switched_off=tuple(manifest.get("switched_off", ())),
        sku_weights=sku_weights_from_manifest(manifest.get("sku_weights")),
    )


def _learned(manifest: Mapping[str, Any], texts: Mapping[str, str]) -> Learned:
    own_texts = {name: text for name, text in texts.items() if not name.startswith(POOLED_PREFIX)}
    own_names, pooled_names = manifest["features"], manifest.get("pooled_features")
    own = boosters_from_texts(own_texts, own_names) if own_names else None
    pooled = boosters_from_texts(texts, pooled_names, POOLED_PREFIX) if pooled_names else None
    if own and pooled:
        return OwnWithPooled(own, pooled, manifest["pooled_share"])
    if own:
        return OwnAlone(own)
    if pooled:
        return PooledAlone(pooled)
    raise ValueError("the manifest of a stored model names no boosters; materialize the model again")


def beside_champion(model: pd.DataFrame, champion: pd.DataFrame) -> pd.DataFrame:
    """Return the texts of two models as one table, those of the champion with a prefix."""
    return pd.concat([model, champion.assign(part=CHAMPION_PREFIX + champion["part"])], ignore_index=True)


def champion_from_parts(parts: pd.DataFrame) -> MarketModel | None:
    """Read the champion's model from the texts; None if there is one model alone."""
    of_champion = parts[parts["part"].str.startswith(CHAMPION_PREFIX)]
    if of_champion.empty:
        return None
    return model_from_parts(of_champion.assign(part=of_champion["part"].str.removeprefix(CHAMPION_PREFIX)))
