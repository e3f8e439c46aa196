"""LightGBM models as texts, which are stored instead of pickles."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import lightgbm

# The text of a model names the number of threads that trained it, which changes no tree.
NUM_THREADS = re.compile(r"\[num_threads: \d+\]")


def booster_text(booster: "lightgbm.Booster") -> str:
    """Return the model as text, independent of the number of threads that trained it."""
    return NUM_THREADS.sub("[num_threads: 0]", str(booster.model_to_string()))
