"""The present state of a market: its lease, look-ups, recipe in force, published months and fallback runs."""
