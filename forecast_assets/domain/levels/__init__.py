"""Distributions of sums: SKUs to categories and markets, markets to regions and the world."""
