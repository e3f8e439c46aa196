-- What planners and their tools read: forecasts of live markets, as published or kept from the last publication.
-- Grain: one row per market, SKU, origin month and target month. Units: forecast_units in units sold to the trade.
-- forecast_units_p05 to _p95: demand is expected below them in 5 to 95 of 100 cases; _p95 serves a service level of 95 %.
-- Left out: shadow (measured, not for readers), held (retired) and backfilled (made when later months were known).
-- Runs on the store alone, in DuckDB: set variable store = '<FORECAST_STORE>' first.
select
  country,
  sku,
  origin_month,
  target_month,
  horizon_months,
  forecast_units,
  forecast_units_p05,
  forecast_units_p10,
  forecast_units_p15,
  forecast_units_p20,
  forecast_units_p25,
  forecast_units_p30,
  forecast_units_p35,
  forecast_units_p40,
  forecast_units_p45,
  forecast_units_p50,
  forecast_units_p55,
  forecast_units_p60,
  forecast_units_p65,
  forecast_units_p70,
  forecast_units_p75,
  forecast_units_p80,
  forecast_units_p85,
  forecast_units_p90,
  forecast_units_p95,
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
