"""Forecast table of an origin: the model's numbers beside the baseline, with the segments of the SKU."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.quantiles import DISTRIBUTION
from forecast_assets.domain.publication.published_forecasts import CHAMPION_COLUMNS

COLUMNS = [
    "sku", "origin_month", "target_month", "horizon_months", *DISTRIBUTION, "baseline_units", "naive_units", "category",
    "abc_class", "xyz_class", "inputs_missing", "rule", *CHAMPION_COLUMNS.values(),
]  # fmt: skip
KEYS = ["sku", "origin_month", "target_month", "horizon_months"]
# Mark in ``inputs_missing`` of a delivered source of features that the model does not read because it costs accuracy.
SWITCHED_OFF = "(switched off)"


def beside_baseline(forecasts: pd.DataFrame, baseline: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Add the baseline and the SKU's segments to the model's forecast with its ``rule``.

    Raises:
        ValueError: If model and baseline do not forecast the same cells.
    """
    cells = forecasts.merge(baseline, on=KEYS, how="outer", validate="1:1", indicator=True)
    alone = cells[cells["_merge"] != "both"]
    if len(alone):
        first = alone[["sku", "target_month", "_merge"]].head(3).to_dict("records")
        raise ValueError(f"{len(alone)} cells are forecast by only one of model (left) and baseline (right): {first}")
    described = features[["sku", "category", "abc_class", "xyz_class", "inputs_missing"]]
    return cells.merge(described, on="sku", validate="m:1")[COLUMNS]


def with_champion(forecasts: pd.DataFrame, champion: pd.DataFrame | None) -> pd.DataFrame:
    """Add the champion's forecasts of the same cells in separate columns; null without a champion.

    Raises:
        ValueError: If the two do not forecast the same cells.
    """
    if champion is None:
        return forecasts.assign(**dict.fromkeys(CHAMPION_COLUMNS.values(), np.nan))
    champion_cells = champion[[*KEYS, *CHAMPION_COLUMNS]].rename(columns=CHAMPION_COLUMNS)
    both = forecasts.merge(champion_cells, on=KEYS, how="left", validate="1:1")
    if len(both) != len(champion) or both["champion_units"].isna().any():
        raise ValueError(f"the model forecasts {len(forecasts)} cells, the champion {len(champion)} or others")
    return both


def with_inputs_missing(features: pd.DataFrame, inputs: Sequence[str]) -> pd.DataFrame:
    """Add the inputs missing for the model to those missing for the features, in alphabetical order."""
    merged = {
        text: ",".join(sorted({*inputs, *filter(None, text.split(","))}))
        for text in features["inputs_missing"].unique()
    }
    return features.assign(inputs_missing=features["inputs_missing"].map(merged))
