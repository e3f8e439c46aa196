"""The part of the configuration that a table depends on, as a digest that is stored with it.

Limits of checks are left out: they decide whether a table is stored, not what it says, and are widened for single runs.
Places, threads and secrets are no part of it.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence

from forecast_assets.config.markets import forecast_markets
from forecast_assets.config.settings import Settings, pools_markets

SETTINGS_WITHOUT_EFFECT = {
    "env", "store", "landing", "source", "dremio", "markets", "mlflow_tracking_uri", "azure_key_vault_url",
    "azure_account", "azure_credential", "azure_account_url", "azure_tenant_id", "azure_client_id",
    "first_month", "max_threads",
    "max_unknown_sku_share", "max_total_change", "max_return_ratio", "max_forecast_ratio", "dagster_url",
    "alert_grouping_minutes", "alert_after_unclear", "heartbeat_day", "max_wape", "max_bias", "alarm_lag_months",
    "time_zone", "arrival_deadline_days", "sensor_seconds", "lease_seconds", "lease_wait_seconds",
    "retune_trials", "retunes_per_month",
    "retention_days", "retention_versions", "orphan_grace_days",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class ConfiguredBy:
    """Names of settings and of fields of the market's entry; ``markets``: fields of every market's entry."""

    settings: Sequence[str] = ()
    market: Sequence[str] = ()
    markets: Sequence[str] = ()
    pooling: bool = False


SQL = ConfiguredBy(market=["missing_month"])
CONFIGURED_BY = {
    "sell_in": SQL,
    "sell_out": SQL,
    "products": SQL,
    "promotions": SQL,
    "overrides": SQL,
    "covid_policy": ConfiguredBy(market=["iso3"]),
    "demand_totals": ConfiguredBy(markets=["region"]),
    "demand_totals_known": ConfiguredBy(markets=["region"]),
    "history_marks": ConfiguredBy(),
    "features": ConfiguredBy(market=["region", "iso2"]),
    "baseline_forecasts": ConfiguredBy(),
    "pooled_rows": ConfiguredBy(["pooled_skus"], markets=["stage"], pooling=True),
    "pooled_model": ConfiguredBy(["training_rows", "boosting_rounds"]),
    "model": ConfiguredBy(["training_rows", "boosting_rounds"], pooling=True),
    "tuned_recipe": ConfiguredBy(["backtest_training_rows", "boosting_rounds"]),
    "refused_recipe": ConfiguredBy(),
    "forecasts": ConfiguredBy(),
    "backtest": ConfiguredBy(["backtest_training_rows", "boosting_rounds"], pooling=True),
    "champion": ConfiguredBy(
        [
            "promotion_tolerance",
            "promotion_baseline_tolerance",
            "promotion_max_bias",
            "promotion_class_tolerance",
            "promotion_class_cells",
            "training_rows",
            "boosting_rounds",
        ],
    ),
    "published_forecasts": ConfiguredBy(market=["stage"]),
    "performance": ConfiguredBy(),
    "market_report": ConfiguredBy(market=["name", "region", "stage"]),
}


def configuration_of(asset: str, settings: Settings, country: str | None) -> str:
    """Sixteen hexadecimal digits that change when something the asset's table depends on is configured otherwise.

    An asset that is not listed depends on every setting that can have an effect and on the market's whole entry.
    """
    values = configured_values(asset, settings, country)
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def configured_values(asset: str, settings: Settings, country: str | None) -> dict[str, object]:
    """What ``configuration_of`` is the digest of, by name."""
    by = CONFIGURED_BY.get(asset)
    market = dataclasses.asdict(settings.market_table[country]) if country else {}
    if by is None:
        names = sorted(set(Settings.model_fields) - SETTINGS_WITHOUT_EFFECT)
        return {name: getattr(settings, name) for name in names} | {f"market.{key}": market[key] for key in market}
    values: dict[str, object] = {name: getattr(settings, name) for name in by.settings}
    values |= {f"market.{name}": market[name] for name in by.market}
    if by.pooling:
        values["pools_markets"] = pools_markets(settings)
    if by.markets:
        table = settings.market_table
        values["markets"] = {code: [getattr(table[code], name) for name in by.markets] for code in _counted(settings)}
    return values


def _counted(settings: Settings) -> list[str]:
    return sorted(forecast_markets(settings.market_table))
