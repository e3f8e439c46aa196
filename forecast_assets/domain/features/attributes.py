"""Features of a SKU's attributes: category, brand, pack and further attributes as columns of 0 and 1.

The vocabulary is learned from the SKUs of the partition itself, so no other market or month affects its columns.
Products are read as known at the origin.
"""

import re
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast_assets.domain.arrays import Floats

Texts: TypeAlias = npt.NDArray[np.str_]

MIN_SKUS = 3
MAX_VALUES = 30
PLAIN_ATTRIBUTES = ("category", "brand", "pack")


def attribute_columns(products: pd.DataFrame) -> list[str]:
    """Return the attribute columns of products in their order: category, brand, pack and every ``attribute_<name>``."""
    return [str(name) for name in products.columns if name in PLAIN_ATTRIBUTES or str(name).startswith("attribute_")]


def learn_vocabulary(products: pd.DataFrame, columns: list[str] | None = None) -> dict[str, list[str]]:
    """Return the values of each attribute that get a column of their own.

    These are the values of at least 3 SKUs, at most 30 per attribute: the most frequent, ties in alphabetical order.

    Args:
        products: One row per SKU.
        columns: Attributes to learn; default ``attribute_columns(products)``.
    """
    vocabulary = {}
    for column in attribute_columns(products) if columns is None else columns:
        text = _text(products, column)
        values, counts = np.unique(text[text != ""], return_counts=True)
        frequent = [(-count, value) for value, count in zip(values, counts, strict=True) if count >= MIN_SKUS]
        vocabulary[column] = [str(value) for _, value in sorted(frequent)[:MAX_VALUES]]
    return vocabulary


def attribute_features(products: pd.DataFrame, vocabulary: dict[str, list[str]]) -> dict[str, Floats]:
    """Return ``<attribute>_is_<value>`` for each value of the vocabulary and ``<attribute>_is_other``, (n,) of 0 and 1.

    An attribute that is null, blank or not a column is 0 in all of them, ``_is_other`` included. Names hold only
    ``[A-Za-z0-9_]``. Names that are equal regardless of case, as SQL engines compare them, get ``_2``, ``_3``, ...

    Args:
        products: One row per SKU, in the order of the features.
        vocabulary: Values by attribute, from ``learn_vocabulary``.
    """
    features: dict[str, Floats] = {}
    for attribute, vocabulary_values in vocabulary.items():
        text = _text(products, attribute)
        other = (text != "") & ~np.isin(text, vocabulary_values)
        stem = f"{_sanitised(attribute)}_is"
        features[_free_name(f"{stem}_other", features)] = other.astype(float)
        for value in vocabulary_values:
            features[_free_name(f"{stem}_{_sanitised(value)}", features)] = (text == value).astype(float)
    return features


def _text(products: pd.DataFrame, attribute: str) -> Texts:
    """Return the attribute as text, (n,); the empty string where it is null, blank or not a column."""
    if attribute not in products:
        return np.full(len(products), "", dtype=str)
    values = products[attribute]
    return values.astype(str).str.strip().where(values.notna(), "").to_numpy(dtype=str)


def _sanitised(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "value"


def _free_name(name: str, taken: dict[str, Floats]) -> str:
    lowered = {existing.lower() for existing in taken}
    candidate, number = name, 1
    while candidate.lower() in lowered:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
