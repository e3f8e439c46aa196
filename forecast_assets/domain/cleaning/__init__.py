"""Cleaning of a history: extreme months, shocks of a market and shifts of the level."""
