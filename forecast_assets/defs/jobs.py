"""Named selections of assets that people, schedules and the command line launch."""

import dagster as dg

from forecast_assets.partitions import SET_ASIDE_TAG

SOURCES = ["sell_in", "sell_out", "products", "promotions", "overrides", "covid_policy"]
BY_RECIPE = ["model", "forecasts", "backtest", "champion", "published_forecasts"]
FORECAST = ["baseline_forecasts", *BY_RECIPE]
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
refuse_recipe = dg.define_asset_job(
    "refuse_recipe",
    ["refused_recipe"],
    description="Refuse the recipe in force, so that the one before it takes its place; or take a refusal back.",
)
republish = dg.define_asset_job(
    "republish",
    [*BY_RECIPE, "market_report", "mlflow_run"],
    description="The forecast of a month again, by the recipe that is in force now.",
)
champion_cycle = dg.define_asset_job(
    "champion_cycle",
    [*FORECAST, "market_report", "mlflow_run"],
    tags={SET_ASIDE_TAG: "challenger set aside: the cycle failed with it"},
    description="The forecast of a month by the champion's recipe alone, after a cycle with a challenger failed.",
)
publish_fallback = dg.define_asset_job(
    "publish_fallback",
    ["champion", "published_forecasts"],
    tags={SET_ASIDE_TAG: "challenger set aside: the cycle failed"},
    description="Publish the best that a failed cycle left: its forecasts, the baseline, or the last published ones.",
)

# The job of each table over all markets, in the order in which they are made.
JOBS_OVER_ALL_MARKETS = {
    "demand_totals": totals.name,
    "demand_totals_known": totals_known.name,
    "pooled_rows": pool_rows.name,
    "pooled_model": pool_model.name,
}
ALL_JOBS = [
    ingest, totals, totals_known, market_features, pool_rows, pool_model, tune, measure, monthly_cycle, refuse_recipe,
    republish, champion_cycle, publish_fallback,
]  # fmt: skip
