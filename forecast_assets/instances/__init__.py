"""Configurations of a Dagster instance that `forecast-assets prepare` writes. No code."""
