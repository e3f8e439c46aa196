"""Demand as panels, totals, seasons, promotions, segments and replenishment."""
