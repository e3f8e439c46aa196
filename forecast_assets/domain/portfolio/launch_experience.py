"""Experience with launches: how the level of earlier ones compared with that of their relatives before they began.

A reference that ends when the new SKU begins hands its sales over. A reference that stays on sale, the largest of its
category say, tells little of what a new one will sell. Which it is, the market's own launches say. Not here: finding
the launches and their relatives (``launches``).
"""

import dataclasses

import numpy as np

from forecast_assets.domain.arrays import Floats, Ints
from forecast_assets.domain.portfolio.launch_curves import first_months

# Fewer earlier launches say nothing: the level is that of the relatives.
LAUNCHES_NEEDED = 4
# Prior weight of "as the relatives": for the level in launches, for the slope in squared logarithms of level. On five
# simulated companies the WAPE of announced SKUs is .64 with 1 and 6, .65 with 1 or 2 and 20, .67 with 2 and 2.
PRIOR_LAUNCHES, PRIOR_OF_SLOPE = 1.0, 6.0
# Prior of the distance of a launch from its relatives, as the standard deviation of a logarithm, and its weight.
USUAL_SPREAD, PRIOR_OF_SPREAD = 0.5, 3.0
# The same of a single month on sale. It says how many own months the relatives are worth; .2 to .4 are as good.
SPREAD_OF_A_MONTH = 0.3


@dataclasses.dataclass(frozen=True)
class Experience:
    """Behaviour of the earlier launches of a group beside their relatives; by default as these did.

    Attributes:
        slope: Change of the logarithm of a launch's level per change of that of its relatives.
        shift: Mean logarithm of launch / relatives.
        centre: Mean logarithm of the relatives' level.
        months_worth: Number of own months that the relatives' level weighs as much as.
    """

    slope: float = 1.0
    shift: float = 0.0
    centre: float = 0.0
    months_worth: float = 1.0

    def level(self, relatives_level: float) -> float:
        """Return the level to expect of a launch with relatives at a level > 0."""
        change = self.shift + (self.slope - 1.0) * (np.log(relatives_level) - self.centre)
        return float(relatives_level * np.exp(change))


def first_levels(units: Floats, rows: Ints, starts: Ints, curves: Floats) -> Floats:
    """Return the mature level that the first two years of each launch show, (n,); NaN without known months.

    It is the sum of the units / the sum of the curve in those months.

    Args:
        units: (n_sku, T), without season.
        rows: (n,) rows of the launches.
        starts: (n,) columns of their first months.
        curves: (n, 12) their launch curves; 1 in the second year.
    """
    first = first_months(units, rows, starts)
    expected = np.hstack([curves, np.ones_like(curves)])
    total = np.where(np.isfinite(first), expected, 0.0).sum(axis=1)
    levels: Floats = np.divide(np.nansum(first, axis=1), total, out=np.full(len(rows), np.nan), where=total > 0)
    return levels


def learned_experience(relatives_levels: Floats, own_levels: Floats) -> Experience:
    """Return the experience of earlier launches: a regression of logarithms, shrunken towards slope 1 and shift 0.

    Args:
        relatives_levels: (n,) level of the relatives before each launch.
        own_levels: (n,) level that each launch reached; those not above 0 are left out.
    """
    counts = (relatives_levels > 0) & (own_levels > 0)
    if counts.sum() < LAUNCHES_NEEDED:
        return Experience()
    relatives, own = np.log(relatives_levels[counts]), np.log(own_levels[counts])
    distance, centre = own - relatives, float(relatives.mean())
    apart = relatives - centre
    shift = distance.sum() / (len(own) + PRIOR_LAUNCHES)
    slope = 1.0 + (apart * distance).sum() / ((apart**2).sum() + PRIOR_OF_SLOPE)
    residual = own - (centre + shift + slope * apart)
    spread = ((residual**2).sum() + PRIOR_OF_SPREAD * USUAL_SPREAD**2) / (len(own) + PRIOR_OF_SPREAD)
    return Experience(float(slope), float(shift), centre, float(min(1.0, SPREAD_OF_A_MONTH**2 / spread)))
