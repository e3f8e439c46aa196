"""Horizon of the product; it stands alone so that the settings read it without importing pandas."""

# Months ahead that every forecast covers; the default of every ``horizon_months`` parameter.
HORIZON_MONTHS = 18
