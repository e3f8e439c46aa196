"""The forecast table of an origin: the model's numbers beside the baseline, with what describes the SKU."""

from collections.abc import Sequence

import pandas as pd

COLUMNS = [
    "sku", "origin_month", "target_month", "horizon_months", "forecast_units", "forecast_units_p10",
    "forecast_units_p90", "baseline_units", "naive_units", "category", "abc_class", "xyz_class", "inputs_missing",
    "rule",
]  # fmt: skip
KEYS = ["sku", "origin_month", "target_month", "horizon_months"]


def beside_baseline(forecasts: pd.DataFrame, baseline: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Put the baseline and the SKU's segments beside the model's forecast with its ``rule``.

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


def with_inputs_missing(features: pd.DataFrame, inputs: Sequence[str]) -> pd.DataFrame:
    """Add inputs that the model had to do without to those that the features had to, in alphabetical order."""
    said = {
        text: ",".join(sorted({*inputs, *filter(None, text.split(","))}))
        for text in features["inputs_missing"].unique()
    }
    return features.assign(inputs_missing=features["inputs_missing"].map(said))
