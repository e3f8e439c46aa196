"""Types of the domain's arrays by what a cell holds.

The shape is not part of the type: the docstring of a function gives it, for example (n_sku, n_months).
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Floats32: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.integer[Any]]
Bools: TypeAlias = npt.NDArray[np.bool_]
Days: TypeAlias = npt.NDArray[np.datetime64]
# Codes, names and letters: SKUs, categories, segments.
Labels: TypeAlias = npt.NDArray[np.object_]
