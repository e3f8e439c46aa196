"""Named selections of assets that people, schedules and the command line launch.

Jobs of a stage select the tables that ``operations/stages.py`` lists. Only jobs outside of the stages list their own.
"""

import dagster as dg

from forecast_assets.operations.stages import STAGES
from forecast_assets.tags import (
    BY_RECIPE,
    CHAMPION_CYCLE,
    FORECAST_EXCEPTIONS,
    FORECAST_REASONS,
    INGEST,
    JOBS_OVER_ALL_MARKETS,
    MARKET_FEATURES,
    MEASURE,
    MONTHLY_CYCLE,
    PUBLISH_FALLBACK,
    REFUSE_RECIPE,
    REPUBLISH,
    SET_ASIDE_TAG,
    TUNE,
)

# Tables of each job of a stage.
TABLES_BY_JOB = {each.job: list(each.tables) for stage in STAGES for each in stage.jobs}
# The tables of all stages over one market.
TABLES_OF_A_MARKET = [table for stage in STAGES if not stage.over_all_markets for table in stage.tables]

ingest = dg.define_asset_job(
    INGEST,
    TABLES_BY_JOB[INGEST],
    description="Deliveries of a market for a month, or for a range of months in one run.",
)
totals = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["demand_totals"],
    TABLES_BY_JOB[JOBS_OVER_ALL_MARKETS["demand_totals"]],
    description="Demand of a closed month over the markets that have delivered.",
)
totals_known = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["demand_totals_known"],
    TABLES_BY_JOB[JOBS_OVER_ALL_MARKETS["demand_totals_known"]],
    description="Totals of earlier months as every market may read them.",
)
pool_rows = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["pooled_rows"],
    TABLES_BY_JOB[JOBS_OVER_ALL_MARKETS["pooled_rows"]],
    description="Rows of earlier months over all markets, to learn from together.",
)
pool_model = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["pooled_model"],
    TABLES_BY_JOB[JOBS_OVER_ALL_MARKETS["pooled_model"]],
    description="Learners trained over all markets, for every market to read.",
)
sum_forecasts = dg.define_asset_job(
    JOBS_OVER_ALL_MARKETS["forecast_totals"],
    TABLES_BY_JOB[JOBS_OVER_ALL_MARKETS["forecast_totals"]],
    description="Published forecasts of a month summed to regions and the world, and the report over all markets.",
)
market_features = dg.define_asset_job(
    MARKET_FEATURES,
    TABLES_BY_JOB[MARKET_FEATURES],
    description="Marks and features of a market for an origin or a range of origins.",
)
tune = dg.define_asset_job(
    TUNE, ["tuned_recipe"], description="Search for a market's own recipe, which its later cycles use."
)
measure = dg.define_asset_job(
    MEASURE, TABLES_BY_JOB[MEASURE], description="Realised performance of closed months whose sell-in is there."
)
monthly_cycle = dg.define_asset_job(
    MONTHLY_CYCLE,
    ["delivery", *TABLES_OF_A_MARKET],
    description="Everything of one market and month, from the delivery to the report.",
)
refuse_recipe = dg.define_asset_job(
    REFUSE_RECIPE,
    ["refused_recipe"],
    description="Reject the recipe in force, so that the one before it takes its place; or withdraw a rejection.",
)
republish = dg.define_asset_job(
    REPUBLISH,
    [*BY_RECIPE, FORECAST_REASONS, FORECAST_EXCEPTIONS, "market_report", "mlflow_run"],
    description="Repeat the forecast of a month by the recipe that is in force now.",
)
champion_cycle = dg.define_asset_job(
    CHAMPION_CYCLE,
    TABLES_BY_JOB[MONTHLY_CYCLE],
    tags={SET_ASIDE_TAG: "challenger set aside: the cycle failed with it"},
    description="The forecast of a month by the champion's recipe alone, after a cycle with a challenger failed.",
)
publish_fallback = dg.define_asset_job(
    PUBLISH_FALLBACK,
    ["champion", "published_forecasts", FORECAST_REASONS, FORECAST_EXCEPTIONS, "forecast_levels"],
    tags={SET_ASIDE_TAG: "challenger set aside: the cycle failed"},
    description="Publish the best that a failed cycle left: its forecasts, the baseline, or the last published ones.",
)

ALL_JOBS = [
    ingest, totals, totals_known, market_features, pool_rows, pool_model, tune, measure, monthly_cycle, refuse_recipe,
    republish, champion_cycle, publish_fallback, sum_forecasts,
]  # fmt: skip
