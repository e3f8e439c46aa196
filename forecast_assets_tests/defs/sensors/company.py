"""A company whose markets have published and been measured for months: tables written as a cycle would leave them."""

import dataclasses
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd

from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings, load_settings
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs

JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-{month:02d}-01") for month in (6, 7, 8))
SKUS = 40


@dataclasses.dataclass(frozen=True)
class MonitoredCompany:
    """Markets, store and Dagster's instance in one folder."""

    settings: Settings
    instance: dg.DagsterInstance

    @property
    def store(self) -> TableStore:
        return TableStore(self.settings.store.address)

    @property
    def outbox(self) -> Outbox:
        return Outbox.of(self.settings)

    def write(self, table: str, country: str, month: pd.Timestamp, frame: pd.DataFrame) -> None:
        """Store a partition and record its materialization."""
        place = PartitionKey(month, country)
        stored = Provenance(run_id=f"{table}-{country}-{month:%Y%m}", cycle_id="dev", git_sha="none", inputs={})
        self.store.write(table_specs()[table], place, frame, stored)
        self.instance.report_runless_asset_event(dg.AssetMaterialization(table, partition=place.to_dagster()))

    def measured(self, country: str, month: pd.Timestamp, wape: float = 0.2, seed: int = 0) -> None:
        """Performance of a month with about this WAPE and no bias, of lags 1 to 3."""
        generator = np.random.default_rng([seed, month.year, month.month, sum(map(ord, country))])
        actual = np.full(SKUS, 100.0)
        sign = np.tile([1.0, -1.0], SKUS // 2)
        error = 100 * wape * sign * generator.uniform(0.9, 1.1, SKUS)
        parts = [
            pd.DataFrame(
                {
                    "sku": [f"S{number:02d}" for number in range(SKUS)],
                    "origin_month": month - pd.DateOffset(months=lag),
                    "lag_months": lag,
                    "actual_units": actual,
                    "published_units": np.maximum(actual + error, 0),
                    "model_units": np.maximum(actual + error, 0),
                    "baseline_units": actual + 21.0 * sign,
                    "naive_units": actual + 30.0,
                    "status": "published",
                    "source": "model",
                    "category": "tea",
                    "abc_class": "A",
                    "xyz_class": "X",
                }
            )
            for lag in (1, 2, 3)
        ]
        self.write("performance", country, month, pd.concat(parts, ignore_index=True))

    def open_kinds(self) -> set[tuple[str, str | None, str]]:
        return {(each.kind, each.country, each.subject) for each in self.outbox.open_incidents()}

    def events(self) -> list[dict]:
        """Every opening and recovery in the outbox."""
        events = self.outbox.events
        return events.read_all(sorted(events.names()))


def published_forecast(month: pd.Timestamp, source: str = "model") -> pd.DataFrame:
    """Return the publication of a market of one SKU, its first month ahead."""
    row = {
        "sku": "a", "origin_month": month, "target_month": month + pd.DateOffset(months=1), "horizon_months": 1,
        "forecast_units": 10.0, "forecast_units_p10": 5.0, "forecast_units_p90": 15.0, "baseline_units": 9.0,
        "naive_units": 8.0, "category": "tea", "abc_class": "A", "xyz_class": "X", "model_units": np.nan,
        "inputs_missing": "", "rule": "regular", "status": "published", "source": source, "reason": "because",
    }  # fmt: skip
    return with_every_quantile(pd.DataFrame([row]))


def make_company(base: Path, codes: list[str], instance: dg.DagsterInstance, **keys: str) -> MonitoredCompany:
    """A company of markets of these codes; ``keys`` are more keys of the first market's entry."""
    more = "".join(f", {name}: {value}" for name, value in keys.items())
    lines = [
        f'  - {{code: "{code}", name: "Market {code}", iso2: "FR", iso3: "FRA", region: "World", since: 2020-01-01'
        f"{more if code == codes[0] else ''}}}"
        for code in codes
    ]
    file = base / "markets.yaml"
    file.write_text("\n".join(["markets:", *lines]) + "\n", encoding="utf-8")
    settings = load_settings(
        {
            "FORECAST_STORE": str(base / "store"),
            "FORECAST_LANDING": str(base / "landing"),
            "FORECAST_MARKETS": str(file),
        }
    )
    return MonitoredCompany(settings, instance)
