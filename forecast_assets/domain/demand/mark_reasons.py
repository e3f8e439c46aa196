"""Reasons of a marked cell of a SKU's history.

Here belong the names and which of them replace the units everywhere. Not here: how a cell is judged
(``domain/cleaning``).
"""

COVID = "covid"
# The last months, which no later month confirms yet, and the months before the level changed for good.
LATEST_HIGH, LATEST_LOW, OLD_LEVEL = "latest_high", "latest_low", "old_level"
REASONS = (COVID, "stock_out", "outlier_high", "outlier_low", LATEST_HIGH, LATEST_LOW, OLD_LEVEL)
# Reasons that replace the units of lags, windows, scales and the baseline too: with them, a month or a level of which
# nothing is left would decide the forecast.
REPLACED_EVERYWHERE = (LATEST_HIGH, LATEST_LOW, OLD_LEVEL)
