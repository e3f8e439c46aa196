"""Demand and forecasting as pure functions: no Dagster, no files, no clock and no environment."""
