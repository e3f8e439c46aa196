"""Rules on what a market delivers, each against the market's own past: SKUs, rows of days, volumes and prices."""
