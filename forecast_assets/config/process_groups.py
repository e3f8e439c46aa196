"""Groups of settings for building and monitoring tables: training, checks, alerts, automation, promotion.

Each field names its variable, its meaning, its limits and the tables that depend on it. Shares are fractions.
"""

import json
import os
import re
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from forecast_assets.config.affects import POOLED, Affects
from forecast_assets.config.group import SettingsGroup
from forecast_assets.domain.suggestions import closest

if TYPE_CHECKING:
    from forecast_assets.domain.selection.champion import PromotionLimits


def _check_page(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s@?#]+", value):
        raise ValueError("expected an address like https://dagster.example.com, without user or query, or nothing")
    return value


def _check_time_zone(value: str) -> str:
    if value not in available_timezones():
        close = closest(value, available_timezones())
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"expected the name of a time zone, like Europe/Paris{hint}")
    return value


def _check_tags(value: str) -> str:
    try:
        tags = json.loads(value) if value else {}
    except ValueError as error:
        raise ValueError(f'expected tags as JSON, like {{"pool": "large"}}: {error}') from error
    if not isinstance(tags, dict) or not all(isinstance(each, str) for each in tags.values()):
        raise ValueError('expected tags as JSON, a text for each name, like {"pool": "large"}')
    return value


class TrainingSettings(SettingsGroup):
    """Training of the models."""

    rows: Annotated[int, Affects("pooled_model", "model", "champion")] = Field(
        default=40_000, ge=1_000, validation_alias="FORECAST_TRAINING_ROWS",
        description="Rows sampled to train one model",
    )  # fmt: skip
    backtest_rows: Annotated[int, Affects("tuned_recipe", "backtest")] = Field(
        default=20_000, ge=1_000, validation_alias="FORECAST_BACKTEST_TRAINING_ROWS",
        description="Rows sampled to refit one model in the backtest or in tuning",
    )  # fmt: skip
    boosting_rounds: Annotated[int, Affects("pooled_model", "model", "tuned_recipe", "backtest", "champion")] = Field(
        default=200, ge=20, validation_alias="FORECAST_BOOSTING_ROUNDS",
        description="Trees per learner; with fewer trees, each takes a larger step",
    )  # fmt: skip
    max_threads: Annotated[int, Affects()] = Field(
        default=0, ge=0, validation_alias="FORECAST_MAX_THREADS",
        description="Threads that LightGBM may use, at most cores - 1; 0: cores - 1",
    )  # fmt: skip

    @property
    def threads(self) -> int:
        """Threads LightGBM may use: at most cores - 1 (all cores under contention took 172 s for 8 s of work)."""
        free = max(1, (os.cpu_count() or 2) - 1)
        return min(self.max_threads, free) if self.max_threads else free


class PoolingSettings(SettingsGroup):
    """Learning of small markets from the rows of all markets."""

    skus: Annotated[int, Affects("pooled_rows", pooling=POOLED)] = Field(
        default=1_200, ge=0, validation_alias="FORECAST_POOLED_SKUS",
        description="SKUs over all markets that markets of under 50 SKUs also learn from; 0: each market learns alone",
    )  # fmt: skip


class AlertSettings(SettingsGroup):
    """Cards in Teams, and the limits of the KPI alarms."""

    dagster_url: Annotated[str, AfterValidator(_check_page), Affects()] = Field(
        default="", validation_alias="FORECAST_DAGSTER_URL",
        description="Address of the Dagster UI that alert cards link to; empty: cards have no links",
    )  # fmt: skip
    grouping_minutes: Annotated[float, Affects()] = Field(
        default=10, ge=0, le=1_440, validation_alias="FORECAST_ALERT_GROUPING_MINUTES",
        description="Minutes that the first alert of a card waits for other alerts of the same cycle",
    )  # fmt: skip
    after_unclear: Annotated[Literal["repeat", "hold"], Affects()] = Field(
        default="repeat", validation_alias="FORECAST_ALERT_AFTER_UNCLEAR",
        description="What to do if a post to Teams times out: `repeat` (send again, marked) or `hold`",
    )  # fmt: skip
    heartbeat_day: Annotated[int, Affects()] = Field(
        default=12, ge=1, le=28, validation_alias="FORECAST_HEARTBEAT_DAY",
        description="Day of the month on which the heartbeat card is sent",
    )  # fmt: skip
    max_wape: Annotated[float, Affects()] = Field(
        default=0.60, gt=0, le=5, validation_alias="FORECAST_MAX_WAPE",
        description="WAPE above which a market raises a KPI alarm, unless its entry sets `max_wape`",
    )  # fmt: skip
    max_bias: Annotated[float, Affects()] = Field(
        default=0.30, gt=0, le=5, validation_alias="FORECAST_MAX_BIAS",
        description="Bias in either direction above which a market raises a KPI alarm, unless its entry sets "
        "`max_bias`",
    )  # fmt: skip
    lag_months: Annotated[int, Affects()] = Field(
        default=3, ge=1, le=18, validation_alias="FORECAST_ALARM_LAG_MONTHS",
        description="Largest lag in months of the forecasts that KPI alarms measure",
    )  # fmt: skip


class CheckSettings(SettingsGroup):
    """Limits of the checks that decide if a table is stored."""

    max_unknown_sku_share: Annotated[float, Affects()] = Field(
        default=0.05, ge=0, le=1, validation_alias="FORECAST_MAX_UNKNOWN_SKU_SHARE",
        description="Largest share of a delivery's units that may belong to SKUs without a product row",
    )  # fmt: skip
    max_total_change: Annotated[float, Affects()] = Field(
        default=4.0, gt=1, validation_alias="FORECAST_MAX_TOTAL_CHANGE",
        description="Largest factor between a market's delivered total and its median, in either direction",
    )  # fmt: skip
    max_return_ratio: Annotated[float, Affects()] = Field(
        default=3.0, gt=0, validation_alias="FORECAST_MAX_RETURN_RATIO",
        description="Largest ratio of a SKU's net returns in a month to the units of its best month",
    )  # fmt: skip
    max_forecast_ratio: Annotated[float, Affects()] = Field(
        default=3.0, gt=1, validation_alias="FORECAST_MAX_FORECAST_RATIO",
        description="Largest factor between the forecast of the next 12 months and the last 12, in either direction",
    )  # fmt: skip


class AutomationSettings(SettingsGroup):
    """Schedules, sensors and automatic retuning."""

    time_zone: Annotated[str, AfterValidator(_check_time_zone), Affects()] = Field(
        default="UTC", validation_alias="FORECAST_TIME_ZONE",
        description="Time zone in which months end and the cycle starts (the 10th, 06:00), such as `Europe/Paris`",
    )  # fmt: skip
    arrival_deadline_days: Annotated[int, Affects()] = Field(
        default=5, ge=1, le=20, validation_alias="FORECAST_ARRIVAL_DEADLINE_DAYS",
        description="Days after the 10th until which a delivery may arrive before it counts as late",
    )  # fmt: skip
    sensor_seconds: Annotated[int, Affects()] = Field(
        default=60, ge=5, le=3600, validation_alias="FORECAST_SENSOR_SECONDS",
        description="Seconds between two polls of a sensor; a delivered file unchanged for that long is complete",
    )  # fmt: skip
    large_run_tags: Annotated[str, AfterValidator(_check_tags), Affects()] = Field(
        default="", validation_alias="FORECAST_LARGE_RUN_TAGS",
        description="Tags of the runs of markets with `machine: large`, as JSON: memory, a node pool; empty: none",
    )  # fmt: skip
    ready_hours: Annotated[float, Affects()] = Field(
        default=0, ge=0, le=480, validation_alias="FORECAST_READY_HOURS",
        description="Hours after the 10th, 06:00, by which markets are to be ready; 0: the deadline for deliveries",
    )  # fmt: skip
    core_hour_eur: Annotated[float, Affects()] = Field(
        default=0, ge=0, le=1_000, validation_alias="FORECAST_CORE_HOUR_EUR",
        description="Euros that a core costs an hour; 0: predicted cycles show core hours and no cost",
    )  # fmt: skip
    retune_trials: Annotated[int, Affects()] = Field(
        default=0, ge=0, le=1_000, validation_alias="FORECAST_RETUNE_TRIALS",
        description="Trials per automatic retuning; 0 disables automatic retuning",
    )  # fmt: skip
    retunes_per_month: Annotated[int, Affects()] = Field(
        default=4, ge=1, validation_alias="FORECAST_RETUNES_PER_MONTH",
        description="Largest number of markets that are retuned automatically in one month",
    )  # fmt: skip

    def tags_of_runs(self, machine: str) -> dict[str, str]:
        """Return the tags that runs on a machine get."""
        return dict(json.loads(self.large_run_tags)) if machine == "large" and self.large_run_tags else {}


class RetentionSettings(SettingsGroup):
    """Rules by which ``prune`` removes versions of tables."""

    days: Annotated[int, Affects()] = Field(
        default=0, ge=0, le=36_500, validation_alias="FORECAST_RETENTION_DAYS",
        description="Days that a replaced version is kept at least; 0: every version is kept",
    )  # fmt: skip
    versions: Annotated[int, Affects()] = Field(
        default=3, ge=1, le=1_000, validation_alias="FORECAST_RETENTION_VERSIONS",
        description="Number of latest versions of a partition that are kept at any age",
    )  # fmt: skip
    orphan_grace_days: Annotated[int, Affects()] = Field(
        default=7, ge=1, le=3_650, validation_alias="FORECAST_ORPHAN_GRACE_DAYS",
        description="Days that a version which was never published is kept",
    )  # fmt: skip


class PromotionSettings(SettingsGroup):
    """Limits within which a challenger may be worse than the incumbent and still be promoted."""

    tolerance: Annotated[float, Affects("champion")] = Field(
        default=0.01, ge=0, le=1, validation_alias="FORECAST_PROMOTION_TOLERANCE",
        description="Largest excess of the challenger's WAPE in the backtest over the incumbent's, as a fraction of it",
    )  # fmt: skip
    baseline_tolerance: Annotated[float, Affects("champion")] = Field(
        default=0.05, ge=0, le=1, validation_alias="FORECAST_PROMOTION_BASELINE_TOLERANCE",
        description="Largest excess of the challenger's WAPE in the backtest over Holt-Winters', as a fraction of it",
    )  # fmt: skip
    max_bias: Annotated[float, Affects("champion")] = Field(
        default=0.10, ge=0, le=5, validation_alias="FORECAST_PROMOTION_MAX_BIAS",
        description="Largest bias of the challenger in either direction, unless the incumbent's is larger",
    )  # fmt: skip
    class_tolerance: Annotated[float, Affects("champion")] = Field(
        default=0.10, ge=0, le=5, validation_alias="FORECAST_PROMOTION_CLASS_TOLERANCE",
        description="Largest excess of the challenger's WAPE in one ABC class over the incumbent's, as a fraction of "
        "it",
    )  # fmt: skip
    class_cells: Annotated[int, Affects("champion")] = Field(
        default=30, ge=1, validation_alias="FORECAST_PROMOTION_CLASS_CELLS",
        description="Number of scored cells below which an ABC class is not compared",
    )  # fmt: skip

    @property
    def limits(self) -> "PromotionLimits":
        """The settings as the limits of the promotion rule."""
        from forecast_assets.domain.selection.champion import PromotionLimits

        return PromotionLimits(
            champion_tolerance=self.tolerance,
            baseline_tolerance=self.baseline_tolerance,
            max_bias=self.max_bias,
            class_tolerance=self.class_tolerance,
            class_min_cells=self.class_cells,
        )


class PublicationSettings(SettingsGroup):
    """Publication without a cycle of the month, and of successors that no product list names."""

    fallback_months: Annotated[int, Affects()] = Field(
        default=3, ge=1, le=18, validation_alias="FORECAST_FALLBACK_MONTHS",
        description="Largest age in months of the forecast that a fallback may publish again",
    )  # fmt: skip
    accept_successors: Annotated[bool, Affects("forecasts", "published_forecasts")] = Field(
        default=False, validation_alias="FORECAST_SUCCESSORS_ACCEPTED",
        description="Forecast proposed successors at the level of the SKU that stopped, and that SKU as ended",
    )  # fmt: skip
