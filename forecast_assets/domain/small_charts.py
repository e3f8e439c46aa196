"""Small charts as SVG texts, for metadata and records. Nothing is loaded, and no library draws them.

Not here: charts of the report page (``template/charts.js``) and plots of experiments (``experiment_files.py``).
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT, MARGIN = 360, 80, 6
COLORS = ("#1a56db", "#d97706", "#9ca3af")
COLOR_NAMES = ("blue", "orange", "grey")
ROW, LABEL = 18, 200
OPENING = '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'


def line_chart(lines: Sequence[np.ndarray]) -> str:
    """Return lines from zero to the highest value; unknown points are left out."""
    top = highest(lines) or 1.0
    drawn = "".join(_polyline(line, top, color) for line, color in zip(lines, COLORS, strict=False))
    return f"{OPENING.format(width=WIDTH, height=HEIGHT)}{drawn}</svg>"


def highest(lines: Sequence[np.ndarray]) -> float:
    """Return the highest known value of the lines; 0 without one."""
    return max((float(np.nanmax(line)) for line in lines if np.isfinite(line).any()), default=0.0)


def bar_chart(values: Mapping[str, float], title: str) -> str:
    """Return a bar per name with its share of the largest, in the order given, below a title."""
    top = max(values.values(), default=0.0) or 1.0
    rows = [
        f'<text x="{LABEL - 6}" y="{ROW * row + 13}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{LABEL}" y="{ROW * row + 2}" width="{WIDTH * max(value, 0.0) / top:.0f}" '
        f'height="{ROW - 4}" fill="{COLORS[0]}"/>'
        for row, (name, value) in enumerate(values.items(), 1)
    ]
    size = OPENING.format(width=LABEL + WIDTH + MARGIN, height=ROW * (len(values) + 1) + MARGIN)
    head = f'<text x="{MARGIN}" y="{ROW - 5}" font-weight="bold">{escape(title)}</text>'
    return f'{size}<g font-family="sans-serif" font-size="12">{head}{"".join(rows)}</g></svg>'


def _polyline(line: np.ndarray, top: float, color: str) -> str:
    step = (WIDTH - 2 * MARGIN) / max(len(line) - 1, 1)
    points = " ".join(
        f"{MARGIN + number * step:.0f},{HEIGHT - MARGIN - value / top * (HEIGHT - 2 * MARGIN):.0f}"
        for number, value in enumerate(line)
        if np.isfinite(value)
    )
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'
