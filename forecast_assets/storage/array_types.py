"""Types of arrays and columns in the store, named once.

pyarrow's classes are generic in its stubs alone, so the aliases are text at run time.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

# Values of a column in one piece.
Values: TypeAlias = "pa.Array[Any]"
# A column in chunks.
Column: TypeAlias = "pa.ChunkedArray[Any]"
# Row numbers or ranks.
Positions = npt.NDArray[np.signedinteger[Any]]
Mask = npt.NDArray[np.bool_]
