"""Names that runs carry: tags, jobs and the groups of tables that jobs compute. Dagster keeps state by them.

Jobs are declared in ``defs/jobs.py``.
"""

# The run tag of a reopened month, e.g. prod-2024-06.r2.
CYCLE_ID_TAG = "forecast/cycle_id"
MARKET_TAG = "forecast/market"
# Market, first and last month of a run over a range, for people who read the list of runs.
MONTHS_TAG = "forecast/months"
# The schedule, sensor or command that started a run; runs started by a person have none. Such a run may wait for its
# delivery.
STARTED_BY_TAG = "forecast/started_by"
# Fingerprint of the delivery for which a run was started.
DELIVERY_TAG = "forecast/delivery"
# On a run that ended without a forecast: the missing delivery or months.
WAITS_TAG = "forecast/waits_for"
# On a run that follows a failed cycle: the id of the run that failed.
AFTER_RUN_TAG = "forecast/after_run"
# On a tuning that an alarm started: the cycle whose budget it uses, its place in it, and the alarms.
RETUNE_TAG, BUDGET_TAG, ALARMS_TAG = "forecast/retune", "forecast/retune_budget", "forecast/alarms"
# Leaves the challenger out of a run; the value is the reason.
SET_ASIDE_TAG = "forecast/challenger_set_aside"
# Id of the backfill that a run belongs to.
BACKFILL_TAG = "forecast/backfill"

# Tags of Dagster itself.
PARTITION_TAG = "dagster/partition"
RANGE_START_TAG, RANGE_END_TAG = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
RUN_KEY_TAG, PRIORITY_TAG = "dagster/run_key", "dagster/priority"
WILL_RETRY_TAG, RETRY_RUN_TAG = "dagster/will_retry", "dagster/auto_retry_run_id"
RETRY_NUMBER_TAG, RETRY_STRATEGY_TAG = "dagster/retry_number", "dagster/retry_strategy"

# Jobs of one market.
INGEST, MARKET_FEATURES, TUNE, MEASURE, MONTHLY_CYCLE = "ingest", "market_features", "tune", "measure", "monthly_cycle"
REFUSE_RECIPE, REPUBLISH = "refuse_recipe", "republish"
# Compares recipes and writes no table; its failures concern the person who started it alone.
EXPERIMENTS = "experiments"
CHAMPION_CYCLE, PUBLISH_FALLBACK = "champion_cycle", "publish_fallback"
# Jobs that run after a failed cycle, in order.
FALLBACK_JOBS = (CHAMPION_CYCLE, PUBLISH_FALLBACK)
# The job of each table over all markets, in order of computation.
JOBS_OVER_ALL_MARKETS = {
    "demand_totals": "totals",
    "demand_totals_known": "totals_known",
    "pooled_rows": "pool_rows",
    "pooled_model": "pool_model",
    "forecast_totals": "sum_forecasts",
    "company_report": "sum_forecasts",
}

# Groups of tables that jobs compute.
SOURCES = ["sell_in", "sell_out", "products", "promotions", "overrides", "covid_policy"]
BY_RECIPE = ["model", "forecasts", "backtest", "champion", "published_forecasts", "forecast_levels"]
FORECAST = ["baseline_forecasts", *BY_RECIPE]
PERFORMANCE, VALUE_ADDED = "performance", "forecast_value_added"
# Tables that measure what was published, in order.
MEASURED = (PERFORMANCE, VALUE_ADDED)
FORECAST_REASONS, FORECAST_EXCEPTIONS = "forecast_reasons", "forecast_exceptions"
