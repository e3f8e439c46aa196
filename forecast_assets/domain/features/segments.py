"""Features that describe the kind of demand: segment ranks, intermittence and length of history.

The definitions are in ``domain/demand/segmentation.py``; here they get names and numbers.
"""

import numpy as np

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.demand import segmentation
from forecast_assets.domain.demand.demand_panel import known_mean

ABC_RANK = {"A": 1.0, "B": 2.0, "C": 3.0}
XYZ_RANK = {"X": 1.0, "Y": 2.0, "Z": 3.0}


def segment_features(units: Floats, abc_class: Labels, xyz_class: Labels) -> dict[str, Floats]:
    """Return ranks and statistics of the demand up to the origin, each (n,).

    ``abc_rank``, ``xyz_rank`` (1 = A or X .. 3; NaN for another letter), ``adi``, ``cv2``, ``zero_share_24``,
    ``months_since_last_sale``, ``nonzero_mean_units`` (mean of the months with a sale), ``nonzero_share`` (months with
    a sale / known months), ``observations`` (known months). NaN as in ``segmentation`` where nothing was sold.

    Args:
        units: (n, T) ending at the origin month.
        abc_class: (n,) letters A, B, C.
        xyz_class: (n,) letters X, Y, Z.
    """
    observations = (~np.isnan(units)).sum(axis=1).astype(float)
    sales = (units > 0).sum(axis=1)
    return {
        "abc_rank": _rank(abc_class, ABC_RANK),
        "xyz_rank": _rank(xyz_class, XYZ_RANK),
        "adi": segmentation.average_demand_interval(units),
        "cv2": segmentation.squared_variation_of_sizes(units),
        "zero_share_24": segmentation.zero_share(units),
        "months_since_last_sale": segmentation.months_since_last_sale(units),
        "nonzero_mean_units": known_mean(np.where(units > 0, units, np.nan)),
        "nonzero_share": np.divide(sales, observations, out=np.full(len(units), np.nan), where=observations > 0),
        "observations": observations,
    }


def _rank(letters: Labels, ranks: dict[str, float]) -> Floats:
    letters = np.asarray(letters, dtype=object)
    return np.select([letters == letter for letter in ranks], list(ranks.values()), default=np.nan)
