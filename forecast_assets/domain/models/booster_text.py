"""LightGBM models as texts: what is stored instead of a pickle."""

import re

import lightgbm

# The text of a model names the threads that trained it; they change no tree.
NUM_THREADS = re.compile(r"\[num_threads: \d+\]")


def booster_text(booster: lightgbm.Booster) -> str:
    """The model as text, the same whatever number of threads trained it."""
    return NUM_THREADS.sub("[num_threads: 0]", booster.model_to_string())
