"""The company over all markets: one row a market, region and category."""
