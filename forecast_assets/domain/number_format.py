"""Numbers and months as people read them, in reports and alerts: separators, signs and decimals.

The script of the report page repeats these rules (`report.js`, `formatUnits`); the workbook uses Excel's formats.
"""

import math

import pandas as pd

NOTHING = "–"
THIN_SPACE = "\u202f"  # narrow and no-break: a number never wraps
MINUS = "\u2212"


def format_units(value: float | None) -> str:
    """Return units with thin thousands separators: one decimal below 10 unless whole; a dash if unknown."""
    if value is None or math.isnan(value):
        return NOTHING
    decimals = 0 if abs(value) >= 10 or float(value).is_integer() else 1
    return _signed(f"{value:,.{decimals}f}")


def format_percent(fraction: float | None) -> str:
    """Return a fraction as a percentage with one decimal; a dash if it is undefined (actuals sum to zero)."""
    if fraction is None or math.isnan(fraction):
        return NOTHING
    return _signed(f"{fraction * 100:,.1f}") + "%"


def format_signed_percent(fraction: float | None) -> str:
    """Return `format_percent` with a plus sign if positive: for bias and changes."""
    text = format_percent(fraction)
    return f"+{text}" if fraction is not None and fraction > 0 and text != "0.0%" else text


def format_points(fraction: float | None) -> str:
    """Return a difference of two percentages in percentage points, with a sign."""
    text = format_signed_percent(fraction)
    return text if text == NOTHING else text.removesuffix("%") + f"{THIN_SPACE}pp"


def format_month(month: pd.Timestamp) -> str:
    """Return a month in words that do not depend on the machine's locale: `Oct 2026`."""
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{names[month.month - 1]} {month.year}"


def _signed(text: str) -> str:
    text = text.replace(",", THIN_SPACE)
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else MINUS + text[1:]
    return text
