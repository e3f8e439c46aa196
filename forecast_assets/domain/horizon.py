"""Horizon of the product; it stands alone so that settings read it without importing pandas."""

HORIZON_MONTHS = 18
