"""Features of what a SKU is: category, brand, pack and further attributes as columns of 0 and 1.

The vocabulary is learned from the SKUs of the partition itself, so no other market or month decides its columns. What
was known at the origin is decided when products are read.
"""

import re

import numpy as np
import pandas as pd

MIN_SKUS = 3
MAX_VALUES = 30
PLAIN_ATTRIBUTES = ("category", "brand", "pack")


def attribute_columns(products: pd.DataFrame) -> list[str]:
    """The attribute columns of a products table: category, brand, pack and every ``attribute_<name>``, in its order."""
    return [str(name) for name in products.columns if name in PLAIN_ATTRIBUTES or str(name).startswith("attribute_")]


def learn_vocabulary(products: pd.DataFrame, columns: list[str] | None = None) -> dict[str, list[str]]:
    """The values of each attribute that get a column of their own.

    Every value of at least 3 SKUs, at most 30 an attribute: the most frequent, ties in alphabetical order.

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


def attribute_features(products: pd.DataFrame, vocabulary: dict[str, list[str]]) -> dict[str, np.ndarray]:
    """``<attribute>_is_<value>`` for each value of the vocabulary and ``<attribute>_is_other``, each (n,) of 0 and 1.

    A null or blank attribute, and one that ``products`` lacks, is 0 throughout, in ``_is_other`` too. Names hold only
    ``[A-Za-z0-9_]``; names that would be equal (in any case, as SQL engines compare them) get ``_2``, ``_3``, ...

    Args:
        products: One row per SKU, in the order of the features.
    """
    features: dict[str, np.ndarray] = {}
    for attribute, vocabulary_values in vocabulary.items():
        text = _text(products, attribute)
        other = (text != "") & ~np.isin(text, vocabulary_values)
        stem = f"{_sanitised(attribute)}_is"
        features[_free_name(f"{stem}_other", features)] = other.astype(float)
        for value in vocabulary_values:
            features[_free_name(f"{stem}_{_sanitised(value)}", features)] = (text == value).astype(float)
    return features


def _text(products: pd.DataFrame, attribute: str) -> np.ndarray:
    """The attribute as text, (n,); the empty string where it is null, blank or not a column."""
    if attribute not in products:
        return np.full(len(products), "", dtype=str)
    values = products[attribute]
    return values.astype(str).str.strip().where(values.notna(), "").to_numpy(dtype=str)


def _sanitised(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "value"


def _free_name(name: str, taken: dict[str, np.ndarray]) -> str:
    lowered = {existing.lower() for existing in taken}
    candidate, number = name, 1
    while candidate.lower() in lowered:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
