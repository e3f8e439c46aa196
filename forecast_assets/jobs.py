"""Named selections of assets that people, schedules and the command line launch."""

import dagster as dg

SOURCES = ["sell_in", "sell_out", "products", "promotions", "overrides", "covid_policy"]
FORECAST = ["baseline_forecasts", "model", "forecasts", "backtest", "published_forecasts"]
REPORTING = ["performance", "market_report", "mlflow_run"]

ingest = dg.define_asset_job(
    "ingest", SOURCES, description="Deliveries of a market for a month, or for a range of months in one run."
)
totals = dg.define_asset_job(
    "totals", ["demand_totals"], description="Demand of a closed month over the markets that are in."
)
totals_known = dg.define_asset_job(
    "totals_known", ["demand_totals_known"], description="Totals of earlier months as every market may read them."
)
pool_rows = dg.define_asset_job(
    "pool_rows", ["pooled_rows"], description="Rows of earlier months over all markets, to learn from together."
)
pool_model = dg.define_asset_job(
    "pool_model", ["pooled_model"], description="What is learned over all markets, as every market may read it."
)
market_features = dg.define_asset_job(
    "market_features",
    ["history_marks", "features"],
    description="Marks and features of a market for an origin or a range of origins.",
)
tune = dg.define_asset_job(
    "tune", ["tuned_recipe"], description="Search for a market's own recipe, which its later cycles use."
)
measure = dg.define_asset_job(
    "measure", ["performance"], description="Realised performance of closed months whose sell-in is there."
)
monthly_cycle = dg.define_asset_job(
    "monthly_cycle",
    ["delivery", *SOURCES, "history_marks", "features", *FORECAST, *REPORTING],
    description="Everything of one market and month, from the delivery to the report.",
)

ALL_JOBS = [ingest, totals, totals_known, market_features, pool_rows, pool_model, tune, measure, monthly_cycle]
