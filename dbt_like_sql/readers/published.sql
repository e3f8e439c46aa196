-- What planners and their tools read: forecasts of live markets, as published or kept from the last publication.
-- Grain: one row per market, SKU, origin month and target month. Units: forecast_units in units sold to the trade.
-- Left out: shadow (measured, not for readers), held (retired) and backfilled (made when later months were known).
-- Runs on the store alone, in DuckDB: set variable store = '<FORECAST_STORE>' first.
select
  country,
  sku,
  origin_month,
  target_month,
  horizon_months,
  forecast_units,
  forecast_units_p10,
  forecast_units_p90,
  baseline_units,
  category,
  status,
  source,
  reason
from read_parquet(
  getvariable('store') || '/published_forecasts/**/*.parquet',
  hive_partitioning = true,
  hive_types = {'country': varchar, 'month': date},
  union_by_name = true
)
where status in ('published', 'stale')
