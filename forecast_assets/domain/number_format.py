"""How numbers and months are written on the page: one place for separators, signs and decimals.

The page's script repeats these rules for the numbers it draws (`report.js`, `formatUnits`); the workbook uses Excel's
number formats instead.
"""

import math

import pandas as pd

NOTHING = "–"
THIN_SPACE = "\u202f"  # narrow and no-break: a number never wraps
MINUS = "\u2212"


def format_units(value: float | None) -> str:
    """Units with thin thousands separators: whole from 10 up, one decimal below unless whole; a dash if unknown."""
    if value is None or math.isnan(value):
        return NOTHING
    decimals = 0 if abs(value) >= 10 or float(value).is_integer() else 1
    return _signed(f"{value:,.{decimals}f}")


def format_percent(fraction: float | None) -> str:
    """A fraction as a percentage with one decimal; a dash if there is none (actuals sum to zero)."""
    if fraction is None or math.isnan(fraction):
        return NOTHING
    return _signed(f"{fraction * 100:,.1f}") + "%"


def format_signed_percent(fraction: float | None) -> str:
    """As `format_percent`, with a plus sign where positive: for bias and changes."""
    text = format_percent(fraction)
    return f"+{text}" if text[0].isdigit() and fraction > 0 and text != "0.0%" else text


def format_points(fraction: float | None) -> str:
    """A difference of two percentages, in percentage points with a sign."""
    text = format_signed_percent(fraction)
    return text if text == NOTHING else text.removesuffix("%") + f"{THIN_SPACE}pp"


def format_month(month: pd.Timestamp) -> str:
    """A month in words that do not depend on the machine's locale: `Oct 2026`."""
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{names[month.month - 1]} {month.year}"


def _signed(text: str) -> str:
    text = text.replace(",", THIN_SPACE)
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else MINUS + text[1:]
    return text
