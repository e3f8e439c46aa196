"""Forecasts under other plans, beside the published one; nothing of the store is written."""
