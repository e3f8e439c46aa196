"""LightGBM without scikit-learn, which its import loads for classes that nothing here uses: 0.04 instead of 0.8 CPU s.

Import it inside of the functions that train or predict, as ``from ...boosting_library import lightgbm``. Who wants
``LGBMRegressor`` still gets it: the classes are loaded with scikit-learn when they are first asked for.
"""

import importlib
import sys

SCIKIT_LEARN = "sklearn"
# Modules of LightGBM that are different with scikit-learn.
WITH_CLASSES = ("lightgbm.compat", "lightgbm.sklearn", "lightgbm.dask")
CLASSES = ("LGBMModel", "LGBMRegressor", "LGBMClassifier", "LGBMRanker")


def _class_of_lightgbm(name: str) -> object:
    """Return a class of LightGBM that needs scikit-learn, as an attribute of the module."""
    if name not in CLASSES:
        raise AttributeError(f"module 'lightgbm' has no attribute {name!r}")
    return getattr(importlib.import_module("lightgbm.sklearn"), name)


def _without_scikit_learn() -> None:
    """Import LightGBM with scikit-learn hidden; afterwards both are as if it had not been."""
    # An import of a name that is None fails, as if the package were not installed (docs.python.org, import system).
    sys.modules[SCIKIT_LEARN] = None  # type: ignore[assignment]
    try:
        library = importlib.import_module("lightgbm")
    finally:
        del sys.modules[SCIKIT_LEARN]
    for name in WITH_CLASSES:
        sys.modules.pop(name, None)
    for name in CLASSES:
        delattr(library, name)
    library.__getattr__ = _class_of_lightgbm  # type: ignore[method-assign]


if "lightgbm" not in sys.modules and SCIKIT_LEARN not in sys.modules:
    _without_scikit_learn()
import lightgbm  # noqa: E402 - only after it was loaded without scikit-learn

__all__ = ["lightgbm"]
