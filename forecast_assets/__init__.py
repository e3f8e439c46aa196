"""Monthly demand forecasts per market, SKU and month as Dagster assets."""
