"""Histories at another scale than what is stored: thousands points, decimals, packs instead of pieces.

A month that comes with its history at another scale looks like its own past. What was stored before shows it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools

# Factors of packs, decimals and thousands points, and how near a change must be (in logs).
FACTORS = np.array([3, 4, 6, 8, 10, 12, 24, 100, 1000], dtype=float)
FACTOR_TOLERANCE, LEAST_CELLS = 0.05, 5
# Shares from which on a scale blocks: of the cells, and of the units of SKUs whose every month changed.
LEAST_SHARE, LEAST_UNITS = 0.25, 0.1
LEAST_CELLS_OF_MONTH, LEAST_MONTHS_OF_SKU, WHOLE_SKU = 3, 3, 0.8


@dataclass(frozen=True)
class Scale:
    """A factor between what is delivered and what is stored.

    Attributes:
        factor: Delivered by stored.
        cells: Number of cells that changed by it.
        blocks: True if it reaches the month that is judged: a quarter of all cells or of those of the latest month, or
            SKUs with a tenth of the units whose every month changed.
    """

    factor: float
    cells: int
    blocks: bool

    def __str__(self) -> str:
        return f"x {self.factor:,.4g}" if self.factor > 1 else f"1/{1 / self.factor:,.4g}"


def changed_scale(cells: pd.DataFrame) -> Scale | None:
    """Return the scale that most changed cells have in common; None without one.

    Args:
        cells: ``sku, month, stored, delivered``: every cell that is stored and delivered, changed or not. Those
            that are not positive in both are left out.
    """
    both = cells[(cells["stored"] > 0) & (cells["delivered"] > 0)]
    ratios = np.log(both["delivered"].to_numpy(dtype=float) / both["stored"].to_numpy(dtype=float))
    factors = np.log(np.concatenate([FACTORS, 1 / FACTORS]))
    near = np.abs(ratios[:, None] - factors[None, :]) < FACTOR_TOLERANCE
    counts = near.sum(axis=0)
    best = int(counts.argmax())
    is_scaled, changed = near[:, best], int((np.abs(ratios) > 1e-6).sum())
    blocks = _blocks(both, is_scaled)
    if not blocks and (counts[best] < LEAST_CELLS or counts[best] * 2 <= changed):
        return None
    return Scale(float(np.exp(np.median(ratios[is_scaled]))), int(counts[best]), blocks) if counts[best] else None


def _blocks(cells: pd.DataFrame, is_scaled: Bools) -> bool:
    """Return True if the scale reaches the month that is judged."""
    if is_scaled.sum() >= max(LEAST_CELLS, LEAST_SHARE * len(cells)):
        return True
    latest = (cells["month"] == cells["month"].max()).to_numpy()
    if is_scaled[latest].sum() >= max(LEAST_CELLS_OF_MONTH, LEAST_SHARE * latest.sum()):
        return True
    of_sku = pd.Series(is_scaled, index=cells.index).groupby(cells["sku"])
    is_whole = (of_sku.transform("mean") >= WHOLE_SKU) & (of_sku.transform("size") >= LEAST_MONTHS_OF_SKU)
    return max(_share(cells[name], is_whole) for name in ("stored", "delivered")) >= LEAST_UNITS


def _share(values: pd.Series, mask: pd.Series) -> float:
    total = float(values.sum())
    return float(values[mask].sum()) / total if total > 0 else 0.0
