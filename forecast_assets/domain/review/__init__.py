"""Monthly review of a market: SKUs to look at, the headline, and the change since the last publication by cause."""
