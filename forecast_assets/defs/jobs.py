"""Named selections of assets that people, schedules and the command line launch."""

import dagster as dg

from forecast_assets.tags import (
    BY_RECIPE,
    CHAMPION_CYCLE,
    FORECAST,
    INGEST,
    JOBS_OVER_ALL_MARKETS,
    MARKET_FEATURES,
    MEASURE,
    MONTHLY_CYCLE,
    PUBLISH_FALLBACK,
    REFUSE_RECIPE,
    REPORTING,
    REPUBLISH,
    SET_ASIDE_TAG,
    SOURCES,
    TUNE,
)

ingest = dg.define_asset_job(
    INGEST, SOURCES, description="Deliveries of a market for a month, or for a range of months in one run."
)
totals = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["demand_totals"],
    ["demand_totals"],
    description="Demand of a closed month over the markets that have delivered.",
)
totals_known = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["demand_totals_known"],
    ["demand_totals_known"],
    description="Totals of earlier months as every market may read them.",
)
pool_rows = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["pooled_rows"],
    ["pooled_rows"],
    description="Rows of earlier months over all markets, to learn from together.",
)
pool_model = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["pooled_model"],
    ["pooled_model"],
    description="Learners trained over all markets, for every market to read.",
)
market_features = dg.define_asset_job(
    MARKET_FEATURES,
    ["history_marks", "features"],
    description="Marks and features of a market for an origin or a range of origins.",
)
tune = dg.define_asset_job(
    TUNE, ["tuned_recipe"], description="Search for a market's own recipe, which its later cycles use."
)
measure = dg.define_asset_job(
    MEASURE, ["performance"], description="Realised performance of closed months whose sell-in is there."
)
monthly_cycle = dg.define_asset_job(
    MONTHLY_CYCLE,
    ["delivery", *SOURCES, "history_marks", "features", *FORECAST, *REPORTING],
    description="Everything of one market and month, from the delivery to the report.",
)
refuse_recipe = dg.define_asset_job(
    REFUSE_RECIPE,
    ["refused_recipe"],
    description="Reject the recipe in force, so that the one before it takes its place; or withdraw a rejection.",
)
republish = dg.define_asset_job(
    REPUBLISH,
    [*BY_RECIPE, "market_report", "mlflow_run"],
    description="Repeat the forecast of a month by the recipe that is in force now.",
)
champion_cycle = dg.define_asset_job(
    CHAMPION_CYCLE,
    [*FORECAST, "market_report", "mlflow_run"],
    tags={SET_ASIDE_TAG: "challenger set aside: the cycle failed with it"},
    description="The forecast of a month by the champion's recipe alone, after a cycle with a challenger failed.",
)
publish_fallback = dg.define_asset_job(
    PUBLISH_FALLBACK,
    ["champion", "published_forecasts"],
    tags={SET_ASIDE_TAG: "challenger set aside: the cycle failed"},
    description="Publish the best that a failed cycle left: its forecasts, the baseline, or the last published ones.",
)

ALL_JOBS = [
    ingest, totals, totals_known, market_features, pool_rows, pool_model, tune, measure, monthly_cycle, refuse_recipe,
    republish, champion_cycle, publish_fallback,
]  # fmt: skip
