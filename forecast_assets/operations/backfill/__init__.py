"""Backfills: plan, runs, outcome, and the staleness of stored partitions."""
